package cpsim

// The messages of OCPP 1.6 that a point sends, and the parts it reads of those
// it receives. Field names are those of OCPP 1.6 §6.

type bootRequest struct {
	Vendor   string `json:"chargePointVendor"`
	Model    string `json:"chargePointModel"`
	Serial   string `json:"chargePointSerialNumber,omitempty"`
	Firmware string `json:"firmwareVersion,omitempty"`
}

type bootResponse struct {
	Status      string `json:"status"`
	CurrentTime string `json:"currentTime"`
	Interval    int    `json:"interval"`
}

type idTagInfo struct {
	Status      string `json:"status"`
	ParentIDTag string `json:"parentIdTag"`
	ExpiryDate  string `json:"expiryDate"`
}

type authorizeRequest struct {
	IDTag string `json:"idTag"`
}

type authorizeResponse struct {
	IDTagInfo idTagInfo `json:"idTagInfo"`
}

type startRequest struct {
	ConnectorID int    `json:"connectorId"`
	IDTag       string `json:"idTag"`
	MeterStart  int64  `json:"meterStart"`
	Timestamp   string `json:"timestamp"`

	ReservationID *int `json:"reservationId,omitempty"`
}

type startResponse struct {
	TransactionID int       `json:"transactionId"`
	IDTagInfo     idTagInfo `json:"idTagInfo"`
}

type stopRequest struct {
	TransactionID   int          `json:"transactionId"`
	IDTag           string       `json:"idTag,omitempty"`
	MeterStop       int64        `json:"meterStop"`
	Timestamp       string       `json:"timestamp"`
	Reason          string       `json:"reason,omitempty"`
	TransactionData []meterValue `json:"transactionData,omitempty"`
}

type stopResponse struct {
	IDTagInfo *idTagInfo `json:"idTagInfo"`
}

type statusRequest struct {
	ConnectorID int    `json:"connectorId"`
	ErrorCode   string `json:"errorCode"`
	Status      string `json:"status"`
	Info        string `json:"info,omitempty"`
	Timestamp   string `json:"timestamp,omitempty"`
}

type meterRequest struct {
	ConnectorID   int          `json:"connectorId"`
	TransactionID *int         `json:"transactionId,omitempty"`
	MeterValue    []meterValue `json:"meterValue"`
}

type meterValue struct {
	Timestamp    string         `json:"timestamp"`
	SampledValue []sampledValue `json:"sampledValue"`
}

type sampledValue struct {
	Value     string `json:"value"`
	Context   string `json:"context,omitempty"`
	Measurand string `json:"measurand,omitempty"`
	Phase     string `json:"phase,omitempty"`
	Location  string `json:"location,omitempty"`
	Unit      string `json:"unit,omitempty"`
}

type remoteStartRequest struct {
	ConnectorID *int   `json:"connectorId"`
	IDTag       string `json:"idTag"`
}

type remoteStopRequest struct {
	TransactionID int `json:"transactionId"`
}

type resetRequest struct {
	Type string `json:"type"`
}

type triggerRequest struct {
	RequestedMessage string `json:"requestedMessage"`
	ConnectorID      *int   `json:"connectorId"`
}

type getConfigurationRequest struct {
	Key []string `json:"key"`
}

type configurationKey struct {
	Key      string  `json:"key"`
	Readonly bool    `json:"readonly"`
	Value    *string `json:"value,omitempty"`
}

type getConfigurationResponse struct {
	ConfigurationKey []configurationKey `json:"configurationKey,omitempty"`
	UnknownKey       []string           `json:"unknownKey,omitempty"`
}

type changeConfigurationRequest struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type changeAvailabilityRequest struct {
	ConnectorID int    `json:"connectorId"`
	Type        string `json:"type"`
}

type unlockRequest struct {
	ConnectorID int `json:"connectorId"`
}

type sendLocalListRequest struct {
	ListVersion            int    `json:"listVersion"`
	UpdateType             string `json:"updateType"`
	LocalAuthorizationList []struct {
		IDTag     string     `json:"idTag"`
		IDTagInfo *idTagInfo `json:"idTagInfo"`
	} `json:"localAuthorizationList"`
}

type listVersionResponse struct {
	ListVersion int `json:"listVersion"`
}

type reserveNowRequest struct {
	ConnectorID   int    `json:"connectorId"`
	ExpiryDate    string `json:"expiryDate"`
	IDTag         string `json:"idTag"`
	ParentIDTag   string `json:"parentIdTag"`
	ReservationID int    `json:"reservationId"`
}

type cancelReservationRequest struct {
	ReservationID int `json:"reservationId"`
}

type statusResponse struct {
	Status string `json:"status"`
}

type dataTransferRequest struct {
	VendorID  string `json:"vendorId"`
	MessageID string `json:"messageId,omitempty"`
	Data      string `json:"data,omitempty"`
}

type dataTransferResponse struct {
	Status string `json:"status"`
	Data   string `json:"data,omitempty"`
}

type empty struct{}
