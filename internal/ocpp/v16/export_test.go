package v16

// QuickMeterValues is for the benchmarks.
var QuickMeterValues = quickMeterValues
