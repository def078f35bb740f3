package asset

import (
	"context"
	"time"

	"ccms/internal/authz"
	"ccms/internal/fact"
	"ccms/internal/ident"
	"ccms/internal/operator"
)

// Tx is what this package needs of a database transaction. Every method sees only
// the rows inside the transaction's scope; what lies outside is fault.Missing.
// Methods that take a version fail with fault.Stale when the row has another one.
type Tx interface {
	fact.Tx

	SubOperatorByID(ident.SubOperator) (operator.SubOperator, error)
	// SoleOperator is the only operator of the platform, where there is just one.
	SoleOperator() (ident.Operator, bool, error)
	// OperatorByCode is the operator with these six digits, if there is one.
	OperatorByCode(code string) (ident.Operator, bool, error)

	InsertSite(Site) error
	SaveSite(s Site, version int64) error
	DeleteSite(id ident.Site, version int64) error
	SiteByID(ident.Site) (Site, error)
	ListSites(SiteFilter, operator.Page) (operator.List[Site], error)
	// CountSitePoints counts the points of a site, and the valid ones among them.
	CountSitePoints(ident.Site) (all, valid int, err error)

	// InsertPoint fails with fault.Conflict "identity_taken"; where only the code is
	// taken it answers false and the transaction goes on.
	InsertPoint(ChargePoint) (codeFree bool, err error)
	// SavePoint saves what people change, never the identity, never what the device reports.
	SavePoint(p ChargePoint, version int64) error
	DeletePoint(id ident.ChargePoint, version int64) error
	PointByID(ident.ChargePoint) (ChargePoint, error)
	// LockPoint is PointByID that makes other writers of this point wait.
	LockPoint(ident.ChargePoint) (ChargePoint, error)
	PointByIdentity(identity string) (ChargePoint, error)
	// PointByAlias is the point that connects with this identity, too.
	PointByAlias(identity string) (ChargePoint, error)
	// InsertAlias fails with fault.Conflict "identity_taken".
	InsertAlias(p ChargePoint, identity string) error
	DeleteAlias(p ident.ChargePoint, identity string) error
	AliasesOf(ident.ChargePoint) ([]string, error)
	ListPoints(PointFilter, operator.Page) (operator.List[PointView], error)
	// NextPointCode is the next free code of the operator: 1000, 1001, …
	NextPointCode(ident.Operator) (string, error)

	// OpenConnection bumps the epoch.
	OpenConnection(id ident.ChargePoint, node string, at time.Time) (ChargePoint, error)
	// CloseConnection closes the connection if epoch is still current.
	CloseConnection(id ident.ChargePoint, epoch int64, at time.Time) (p ChargePoint, closed bool, err error)
	// OpenPoints lists the points whose socket is open on the node.
	OpenPoints(node string, limit int) ([]ChargePoint, error)
	SaveSeen(p ChargePoint) error
	// SaveBoot saves what a device tells of itself; found is the serial it was found by.
	SaveBoot(p ChargePoint, found string) error
	SaveClock(ChargePoint) error
	// SaveOwn saves the condition of the device itself and the roll-up.
	SaveOwn(ChargePoint) error

	InsertConnector(Connector) error
	// SaveConnector saves what people change.
	SaveConnector(c Connector, version int64) error
	DeleteConnector(ident.Connector) error
	// SaveCondition saves what the device reports.
	SaveCondition(Connector) error
	// LearnMeter keeps what the end of a session tells of the connector's meter, unless it
	// is older than what is known.
	LearnMeter(p ident.ChargePoint, connector int, seen MeterSeen) error
	// ForgetMeters forgets what was learned of the meters of a point; what ended before at
	// is not learned any more.
	ForgetMeters(p ident.ChargePoint, at time.Time) error
	// ConnectorsOf lists the connectors of a point by number.
	ConnectorsOf(ident.ChargePoint) ([]Connector, error)

	// InsertCommand gives the command its place in the queue.
	InsertCommand(Command) (Command, error)
	SaveCommand(c Command, version int64) error
	CommandByID(ident.Command) (Command, error)
	// PendingCommands lists what is queued or sent, in the order of the queue.
	PendingCommands(ident.ChargePoint) ([]Command, error)
	// CountPendingCommands counts what PendingCommands lists.
	CountPendingCommands(ident.ChargePoint) (int, error)
	// AwaitedCommands lists commands sent since, and not refused, whose effect is open
	// still, in the order of the queue.
	AwaitedCommands(p ident.ChargePoint, since time.Time) ([]Command, error)
	ListCommands(CommandFilter, operator.Page) (operator.List[Command], error)
	// OverdueCommands lists commands past their deadline, and queued ones whose point
	// is offline at now.
	OverdueCommands(now time.Time, limit int) ([]ident.Command, error)

	// ConfigurationOf is what is known of the point's settings; empty where nothing is.
	ConfigurationOf(ident.ChargePoint) (Configuration, error)
	SaveConfiguration(Configuration) error
	ForgetConfiguration(ident.ChargePoint) error

	InsertTemplate(Template) error
	SaveTemplate(t Template, version int64) error
	DeleteTemplate(id ident.Template, version int64) error
	TemplateByID(ident.Template) (Template, error)
	ActiveTemplates(ident.Operator) ([]Template, error)
	CountTemplates(ident.Operator) (int, error)
	ListTemplates(operator.Page) (operator.List[Template], error)
	SettingsOf(ident.ChargePoint) (PointSettings, bool, error)
	// SaveSettings saves how the point stands to its template, and how many differ.
	SaveSettings(ChargePoint, PointSettings) error
	DueSettings(now time.Time, limit int) ([]PointSettings, error)
	// PlanSettings has all points of the operator looked at.
	PlanSettings(op ident.Operator, cause Cause, at time.Time) error

	// DevicesOf lists the hardware of a point by number.
	DevicesOf(ident.ChargePoint) ([]Device, error)
	// SaveDevice makes or changes the one with its number.
	SaveDevice(Device) error

	// ModelsNamed lists the records of a model, with any firmware; the names are folded.
	ModelsNamed(op ident.Operator, vendor, model string) ([]Model, error)
	// LockModel finds one record and makes other writers of it wait.
	LockModel(op ident.Operator, vendor, model, firmware string) (Model, bool, error)
	ModelByID(ident.Model) (Model, error)
	// InsertModel gives the one that is there where another was quicker.
	InsertModel(Model) (Model, error)
	// SaveModel saves what people change, SaveLearned what answers tell.
	SaveModel(m Model, version int64) error
	SaveLearned(Model) error
	DeleteModel(id ident.Model, version int64) error
	CountModels(ident.Operator) (int, error)
	ListModels(ModelFilter, operator.Page) (operator.List[Model], error)

	// OnboardingOf is the operator's; as it is by itself where nobody changed it.
	OnboardingOf(ident.Operator) (Onboarding, error)
	SaveOnboarding(Onboarding) error

	StrangerByID(ident.Stranger) (Stranger, error)
	// LockStranger finds one by its identity and makes other writers of it wait.
	LockStranger(op ident.Operator, identity string) (Stranger, bool, error)
	// SaveStranger makes one where the version is 0, and counts the version.
	SaveStranger(Stranger) (Stranger, error)
	DeleteStranger(ident.Stranger) error
	CountStrangers(ident.Operator) (int, error)
	// EvictStranger deletes the one that can be missed most.
	EvictStranger(ident.Operator) error
	ListStrangers(StrangerFilter, operator.Page) (operator.List[Stranger], error)
	HeldReports(ident.Stranger) ([]HeldReport, error)
	InsertHeldReport(Stranger, HeldReport) error
	// KeepHeld puts the reports to the frames of the point.
	KeepHeld(ChargePoint, []HeldReport) error

	// VendorRulesOf are the operator's rules for a vendor, its id in lower case.
	VendorRulesOf(op ident.Operator, vendor string) ([]VendorRule, error)
	CountVendorRules() (int, error)
	InsertVendorRule(VendorRule) error
	SaveVendorRule(r VendorRule, version int64) error
	DeleteVendorRule(id ident.VendorRule, version int64) error
	VendorRuleByID(ident.VendorRule) (VendorRule, error)
	ListVendorRules(operator.Page) (operator.List[VendorRule], error)
	// InsertVendorMessage keeps a message, and of its point no more than most: the
	// oldest go.
	InsertVendorMessage(m VendorMessage, most int) error
	ListVendorMessages(ident.ChargePoint, operator.Page) (operator.List[VendorMessage], error)

	// SecurityOfPoint is what is known of a point's security.
	SecurityOfPoint(ident.ChargePoint) (s Security, known bool, err error)
	SaveSecurity(Security) error
	// ShownCertificates lists what the operator's points showed that came by certificate,
	// by their ids, from the one after.
	ShownCertificates(op ident.Operator, after ident.ChargePoint, limit int) ([]Shown, error)
	SecuritySettings(ident.Operator) (s SecuritySettings, known bool, err error)
	SaveSecuritySettings(SecuritySettings) error
	OperatorName(ident.Operator) (string, error)

	// OpenSecurityChange is the change of a point that has not ended.
	OpenSecurityChange(ident.ChargePoint) (c SecurityChange, open bool, err error)
	InsertSecurityChange(SecurityChange) error
	SaveSecurityChange(c SecurityChange, version int64) error
	// SecurityChangesOf lists a point's changes, newest first.
	SecurityChangesOf(p ident.ChargePoint, limit int) ([]SecurityChange, error)
	DueSecurityChanges(now time.Time, limit int) ([]SecurityChange, error)

	// InsertSecurityEvent reports whether it was not there yet.
	InsertSecurityEvent(SecurityEvent) (fresh bool, err error)
	ListSecurityEvents(SecurityFilter, operator.Page) (operator.List[SecurityRow], error)

	// InsertAuthority reports whether there is none of ours that signs yet; if there is,
	// it inserts nothing.
	InsertAuthority(Authority) (fresh bool, err error)
	SaveAuthority(a Authority, version int64) error
	AuthorityByID(ident.Authority) (Authority, error)
	// AuthorityWithKey is AuthorityByID with what it signs with.
	AuthorityWithKey(ident.Authority) (Authority, error)
	// TrustedAuthorities lists those that are trusted, oldest first.
	TrustedAuthorities(ident.Operator) ([]Authority, error)
	// AuthoritiesOf lists all of the operator, newest first.
	AuthoritiesOf(op ident.Operator, limit int) ([]Authority, error)

	InsertCertificate(PointCertificate) error
	SaveCertificate(c PointCertificate, version int64) error
	CertificateByID(ident.Certificate) (PointCertificate, error)
	// CertificatesBySerial lists those with a number: each authority counts for itself.
	CertificatesBySerial(op ident.Operator, serial string, limit int) ([]PointCertificate, error)
	CertificateByRequest(p ident.ChargePoint, hash []byte) (c PointCertificate, found bool, err error)
	CertificateByCommand(p ident.ChargePoint, id ident.Command) (c PointCertificate, found bool, err error)
	// CertificatesOf lists a point's certificates, newest first.
	CertificatesOf(p ident.ChargePoint, limit int) ([]PointCertificate, error)
	CountRequests(p ident.ChargePoint, since time.Time) (int, error)
	DueCertificates(now time.Time, limit int) ([]PointCertificate, error)
	// RevokedBy lists what was revoked of an authority and has not expired.
	RevokedBy(a ident.Authority, now time.Time) ([]PointCertificate, error)
	ListCertificates(CertificateFilter, operator.Page) (operator.List[CertificateRow], error)

	// SitesOfPoints gives the site of each of the points that is inside the scope.
	SitesOfPoints([]ident.ChargePoint) (map[ident.ChargePoint]ident.Site, error)
	// BusySites gives the sites for which rows of bulks wait, with the time of the last.
	BusySites(ident.Operator) (map[ident.Site]time.Time, error)
	InsertBulk(Bulk, []BulkItem) error
	BulkByID(ident.Bulk) (Bulk, error)
	// LockBulk is BulkByID that makes other writers of this bulk wait.
	LockBulk(ident.Bulk) (Bulk, error)
	SaveBulk(Bulk) error
	// DueBulks lists bulks with rows that are due, longest due first.
	DueBulks(now time.Time, limit int) ([]Bulk, error)
	// FirstDue is when the next row of the bulk is due, and whether one waits.
	FirstDue(ident.Bulk) (at time.Time, waiting bool, err error)
	// PutOff moves the rows that wait.
	PutOff(id ident.Bulk, by time.Duration) error
	DueItems(id ident.Bulk, now time.Time, limit int) ([]BulkItem, error)
	SaveItem(BulkItem) error
	CancelItems(id ident.Bulk, at time.Time) error
	CountItems(ident.Bulk) ([]BulkCount, error)
	ListBulks(BulkFilter, operator.Page) (operator.List[BulkView], error)
	ListBulkItems(ident.Bulk, operator.Page) (operator.List[BulkRow], error)
}

// Run opens the one transaction of a call; it may run fn twice.
type Run func(context.Context, authz.Scope, func(Tx) error) error

// SiteFilter narrows a list of sites; zero fields do not narrow.
type SiteFilter struct {
	Name   string // a word of the name starts so
	Q      string // a word of name, address or customer care starts so
	Status Status
	Sub    ident.SubOperator
}

// PointFilter narrows a list of charge points; zero fields do not narrow.
type PointFilter struct {
	Site     ident.Site
	SiteName string // a word of the site's name starts so
	Name     string // a word of the name starts so
	Q        string // a word of name, code, identity or hardware serial starts so
	Status   Status
	Online   *bool
	Point    PointStatus // the roll-up
	// Connector keeps the points that are online and have a connector in this state.
	Connector ConnectorStatus
	// Differ keeps the points whose settings are not as their template wants them.
	Differ bool
	Now    time.Time // what "online" means; the service sets it
}

// CommandFilter narrows a list of commands, newest first; zero fields do not narrow.
type CommandFilter struct {
	Point   ident.ChargePoint
	Session ident.Session
	Bulk    ident.Bulk
	Type    CommandType
	State   CommandState
}

// PointView is a charge point as a list shows it.
type PointView struct {
	ChargePoint
	SiteName    string
	SiteZone    string // IANA name
	Connectors  []Connector
	Online      bool
	PointStatus PointStatus // the roll-up now
}
