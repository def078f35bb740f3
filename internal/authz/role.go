package authz

// Permission is "module.action"; the route table names one per route.
type Permission string

// The permissions of what exists. Open is written where a route needs none, so
// that leaving a permission out does not compile.
const (
	Open           Permission = "open"      // nobody is asked who they are
	SignedIn       Permission = "signed_in" // any staff
	OperatorRead   Permission = "operators.read"
	OperatorWrite  Permission = "operators.write"
	OperatorSwitch Permission = "operators.switch"
	HomeRead       Permission = "home.read"
	StaffRead      Permission = "staff.read"
	StaffWrite     Permission = "staff.write"
	LiveRead       Permission = "live.read"
	LiveCommand    Permission = "live.command"
	WarningWrite   Permission = "warnings.write" // acknowledge, clear, suppress for a time
	AssetRead      Permission = "assets.read"
	AssetWrite     Permission = "assets.write"
	DriverRead     Permission = "drivers.read"
	DriverWrite    Permission = "drivers.write"
	PIIView        Permission = "pii.view"
	PIIExport      Permission = "pii.export" // personal columns in files, which leave our hands
	PlanRead       Permission = "plans.read"
	PlanWrite      Permission = "plans.write"
	FinanceRead    Permission = "finance.read"
	FinanceWrite   Permission = "finance.write" // recharges
	AuditRead      Permission = "audit.read"
	SecurityWrite  Permission = "security.write" // keys, profiles, certificates and who signs them
)

// What may end a charge, open a lock or change how a device works is not for everybody
// who may send commands (product §3.2.1): these are needed beside LiveCommand.
const (
	LiveHardReset    Permission = "live.hard_reset"
	LiveUnlock       Permission = "live.unlock"
	LiveAvailability Permission = "live.availability"
	LiveConfigure    Permission = "live.configure" // settings, and what only a vendor knows
	LiveProfile      Permission = "live.profile"   // charging profiles: what may be drawn when
	LiveFiles        Permission = "live.files"     // ask for diagnostics and logs, fetch and delete them
)

// FirmwareWrite is to keep firmware images, and to bring them into charge points.
const FirmwareWrite Permission = "firmware.write"

// WarningConfigure is to say how bad warnings of a type are, for the whole operator.
const WarningConfigure Permission = "warnings.configure"

// Role is a set of permissions with a name. Built-in roles cannot be deleted;
// editable ones come as data later.
type Role string

// The built-in roles that exist so far (product §2.1). Owner is platform staff.
const (
	Owner   Role = "owner"
	OpAdmin Role = "op_admin"
	OpOps   Role = "op_ops"
	Auditor Role = "auditor"
)

// Roles lists the built-in roles, widest first.
var Roles = []Role{Owner, OpAdmin, OpOps, Auditor}

// Permissions lists every permission that a role can hold.
var Permissions = []Permission{
	OperatorRead, OperatorWrite, OperatorSwitch, HomeRead, StaffRead, StaffWrite, LiveRead, LiveCommand, AssetRead,
	AssetWrite, DriverRead, DriverWrite, PIIView, PIIExport, PlanRead, PlanWrite, FinanceRead, FinanceWrite, AuditRead,
	LiveHardReset, LiveUnlock, LiveAvailability, LiveConfigure, LiveProfile,
	WarningWrite, WarningConfigure, SecurityWrite, LiveFiles, FirmwareWrite,
}

// product §2.1: OpAdmin may do everything inside the operator; OpOps runs the
// points and reads plans, assets and users but no money records; the Auditor reads
// everything, personal data masked. The Owner keeps operators, and enters one only
// by an audited switch, inside which they act as OpAdmin.
var held = map[Role]map[Permission]bool{
	Owner: set(OperatorRead, OperatorWrite, OperatorSwitch, StaffRead, StaffWrite, AuditRead),
	OpAdmin: set(OperatorRead, HomeRead, StaffRead, StaffWrite, LiveRead, LiveCommand, AssetRead, AssetWrite, DriverRead,
		DriverWrite, PIIView, PIIExport, PlanRead, PlanWrite, FinanceRead, FinanceWrite, AuditRead,
		LiveHardReset, LiveUnlock, LiveAvailability, LiveConfigure, LiveProfile, WarningWrite, WarningConfigure, SecurityWrite, LiveFiles, FirmwareWrite),
	OpOps: set(OperatorRead, HomeRead, LiveRead, LiveCommand, AssetRead, DriverRead, PIIView, PlanRead,
		LiveHardReset, LiveUnlock, LiveAvailability, LiveConfigure, LiveProfile, WarningWrite, LiveFiles, FirmwareWrite),
	Auditor: set(OperatorRead, HomeRead, StaffRead, LiveRead, AssetRead, DriverRead, PlanRead, FinanceRead, AuditRead),
}

func set(ps ...Permission) map[Permission]bool {
	m := make(map[Permission]bool, len(ps))
	for _, p := range ps {
		m[p] = true
	}
	return m
}

// May reports whether the role holds the permission.
func (r Role) May(p Permission) bool {
	if p == Open {
		return true
	}
	m, known := held[r]
	return known && (p == SignedIn || m[p])
}

// Known reports whether r is a built-in role.
func (r Role) Known() bool { _, ok := held[r]; return ok }
