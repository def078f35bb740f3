package asset

import (
	"encoding/json"
	"strconv"
	"time"

	"ccms/internal/fault"
	"ccms/internal/ident"
)

// Args are the arguments of a command.
type Args interface {
	commandType() CommandType
	check() error
}

// RemoteStart asks to start charging.
type RemoteStart struct {
	Connector int           `json:"connector"` // always sent: some boxes need it (behaviour 68)
	Token     string        `json:"token"`     // the raw uid, as the device shall report it
	Session   ident.Session `json:"session"`
}

// RemoteStop asks to stop the charging that the device knows by this number.
type RemoteStop struct {
	OCPPID int32 `json:"ocpp_id"`
}

// Trigger asks the device to send a message.
type Trigger struct {
	Message   string `json:"message"`
	Connector int    `json:"connector,omitempty"` // 0: the whole device
}

// Reset asks the device to restart.
type Reset struct {
	Hard bool `json:"hard"`
}

// Unlock asks the device to open the lock of a connector. A running charge ends by it
// (OCPP 1.6 §5.17).
type Unlock struct {
	Connector int `json:"connector"`
}

// Availability takes the device or a connector out of service, or back into it.
type Availability struct {
	Connector int  `json:"connector,omitempty"` // 0: the whole device
	Operative bool `json:"operative"`
}

// GetConfig reads the device's configuration.
type GetConfig struct {
	Keys []string `json:"keys,omitempty"` // none: all
}

// ChangeConfig sets a key of the device's configuration.
type ChangeConfig struct {
	Key    string     `json:"key"`
	Value  string     `json:"value"`
	Before *string    `json:"before,omitempty"` // as last known; nil where it was never read
	ReadAt *time.Time `json:"read_at,omitempty"`
}

// ClearCache has the device forget the cards that it remembers.
type ClearCache struct{}

func (RemoteStart) commandType() CommandType  { return CommandRemoteStart }
func (RemoteStop) commandType() CommandType   { return CommandRemoteStop }
func (Trigger) commandType() CommandType      { return CommandTrigger }
func (Reset) commandType() CommandType        { return CommandReset }
func (Unlock) commandType() CommandType       { return CommandUnlock }
func (Availability) commandType() CommandType { return CommandAvailability }
func (GetConfig) commandType() CommandType    { return CommandGetConfig }
func (ChangeConfig) commandType() CommandType { return CommandChangeConfig }
func (ClearCache) commandType() CommandType   { return CommandClearCache }

func (a RemoteStart) check() error {
	var bad flaws
	if a.Connector < 1 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector")
	}
	bad.text("/token_uid", a.Token, 1, 255)
	return bad.err()
}

func (a RemoteStop) check() error {
	if a.OCPPID <= 0 {
		return fault.BadInput("/session_id", "has no running transaction at the charge point")
	}
	return nil
}

func (a Trigger) check() error {
	var bad flaws
	// OCPP 1.6 §7.27 MessageTrigger.
	switch a.Message {
	case "BootNotification", "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Heartbeat", "MeterValues", "StatusNotification":
	default:
		bad.add("/requested_message", "is no message that a charge point can be asked for")
	}
	if a.Connector < 0 || a.Connector > maxConnectors {
		bad.add("/connector", "must be the number of a connector")
	}
	return bad.err()
}

func (Reset) check() error { return nil }

func (a Unlock) check() error {
	if a.Connector < 1 || a.Connector > maxConnectors {
		return fault.BadInput("/connector", "must be the number of a connector")
	}
	return nil
}

func (a Availability) check() error {
	if a.Connector < 0 || a.Connector > maxConnectors {
		return fault.BadInput("/connector", "must be the number of a connector, or 0 for the whole charge point")
	}
	return nil
}

// OCPP 1.6 §7.29 KeyValue and §6.7: a key has at most 50 characters, a value 500.
const (
	maxKeyName  = 50
	maxKeyValue = 500
	maxKeysRead = 100
)

func (a GetConfig) check() error {
	var bad flaws
	if len(a.Keys) > maxKeysRead {
		bad.add("/keys", "are too many; at most 100, or none for all")
	}
	for i, k := range a.Keys {
		bad.text("/keys/"+strconv.Itoa(i), k, 1, maxKeyName)
	}
	return bad.err()
}

func (a ChangeConfig) check() error {
	var bad flaws
	bad.text("/key", a.Key, 1, maxKeyName)
	bad.text("/value", a.Value, 0, maxKeyValue)
	return bad.err()
}

func (ClearCache) check() error { return nil }

// Serious reports whether a command may end a charge or change how a device works: who
// asks for it says why.
func Serious(a Args) bool {
	switch a.(type) {
	case RemoteStart, RemoteStop, Trigger, ExtendedTrigger, GetConfig, GetSchedule, GetListVersion, GetCertificates, GetDiagnostics, GetLog,
		Reserve, CancelReserve:
		return false
	}
	return true
}

// CommandOf is a command with its arguments; the caller adds Session, Actor and
// Reason and gives it to Enqueue.
func CommandOf(a Args) Command {
	raw, err := json.Marshal(a)
	if err != nil {
		panic(err) // the argument types hold nothing that cannot be written
	}
	return Command{Type: a.commandType(), Args: raw}
}

// argsOf reads the arguments of each type.
var argsOf = map[CommandType]func(json.RawMessage) (Args, error){
	CommandRemoteStart:     argsAs[RemoteStart],
	CommandRemoteStop:      argsAs[RemoteStop],
	CommandTrigger:         argsAs[Trigger],
	CommandReset:           argsAs[Reset],
	CommandUnlock:          argsAs[Unlock],
	CommandAvailability:    argsAs[Availability],
	CommandGetConfig:       argsAs[GetConfig],
	CommandChangeConfig:    argsAs[ChangeConfig],
	CommandClearCache:      argsAs[ClearCache],
	CommandSetProfile:      argsAs[SetProfile],
	CommandClearProfile:    argsAs[ClearProfile],
	CommandGetSchedule:     argsAs[GetSchedule],
	CommandSendList:        argsAs[SendList],
	CommandGetListVersion:  argsAs[GetListVersion],
	CommandReserve:         argsAs[Reserve],
	CommandCancelReserve:   argsAs[CancelReserve],
	CommandUpdateFirmware:  argsAs[UpdateFirmware],
	CommandSignedUpdate:    argsAs[SignedUpdate],
	CommandGetDiagnostics:  argsAs[GetDiagnostics],
	CommandGetLog:          argsAs[GetLog],
	CommandDataTransfer:    argsAs[DataTransfer],
	CommandInstallCert:     argsAs[InstallCertificate],
	CommandDeleteCert:      argsAs[DeleteCertificate],
	CommandGetCerts:        argsAs[GetCertificates],
	CommandCertSigned:      argsAs[CertificateSigned],
	CommandExtendedTrigger: argsAs[ExtendedTrigger],
}

// Arguments reads Args as the type of the command.
func (c Command) Arguments() (Args, error) {
	if read := argsOf[c.Type]; read != nil {
		return read(c.Args)
	}
	return nil, fault.New(fault.Internal, "command_type", "unknown command type %q", c.Type)
}

func argsAs[A Args](raw json.RawMessage) (Args, error) {
	var a A
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fault.New(fault.Internal, "command_args", "arguments of a command cannot be read").Because(err)
	}
	return a, nil
}
