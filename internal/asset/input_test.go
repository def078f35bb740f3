package asset

import (
	"strings"
	"testing"

	"ccms/internal/fault"
)

func TestSiteInputIsCheckedFieldByField(t *testing.T) {
	t.Parallel()
	s, err := Site{Name: "  A3E_station ", Address: "C-333, Copiapó"}.checked()
	if err != nil || s.Name != "A3E_station" || s.TimeZone != "UTC" || s.Status != Valid {
		t.Fatalf("%+v, %v", s, err)
	}
	_, err = Site{Name: "", Address: "a\x00", TimeZone: "Mars/Olympus", Status: "OPEN", CustomerCare: strings.Repeat("1", 101)}.checked()
	want := []string{"/name", "/address", "/customer_care", "/time_zone", "/status"}
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != len(want) {
		t.Fatalf("%v", err)
	} else {
		for i, w := range want {
			if f.Fields[i].Pointer != w {
				t.Errorf("field %d is %s, want %s", i, f.Fields[i].Pointer, w)
			}
		}
	}
	if _, err := (Site{Name: "x", TimeZone: "Local"}).checked(); err == nil {
		t.Error("the server's own zone was taken for a site's")
	}
}

func TestIdentityNeverChanges(t *testing.T) {
	t.Parallel()
	p := ChargePoint{Identity: "IOC_CL_A3E_0", Name: "Point_0", Code: "1000", Type: AC, Status: Valid}
	other, same := "ioc_cl_a3e_0", p.Identity
	if _, err := p.apply(ChargePointChange{Identity: &other}); fault.Of(err).Code != "identity_immutable" {
		t.Errorf("another spelling: %v", err)
	}
	name := "Point 0"
	got, err := p.apply(ChargePointChange{Identity: &same, Name: &name})
	if err != nil || got.Identity != p.Identity || got.Name != name || got.Code != "1000" {
		t.Errorf("the same identity: %+v, %v", got, err)
	}
}

func TestPointAndConnectorInputIsChecked(t *testing.T) {
	t.Parallel()
	_, err := ChargePoint{Identity: "a/b", Name: "", Type: "Diesel", MaxPower: -1}.checked()
	if f := fault.Of(err); len(f.Fields) != 4 {
		t.Errorf("%v", err)
	}
	if _, err := checkConnectors([]ConnectorSpec{{Number: 1}, {Number: 1}, {Number: 0}, {Number: 2, MaxPower: maxPower + 1}}); len(fault.Of(err).Fields) != 3 {
		t.Errorf("%v", err)
	}
	if _, err := checkConnectors(make([]ConnectorSpec, maxConnectors+1)); !fault.Is(err, fault.Invalid) {
		t.Errorf("%v", err)
	}
}
