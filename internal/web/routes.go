package web

import "ccms/internal/authz"

// routes is the table: every path of the API, who may, and what it does. The
// OpenAPI document, the roles screen and the test of every role come from it.
func (h *handlers) routes() []Route {
	return []Route{
		route("POST /api/v1/login", authz.Open, h.login, "Log in", fleeting),
		route("POST /api/v1/logout", authz.SignedIn, h.logout, "Log out", fleeting),
		route("GET /api/v1/me", authz.SignedIn, h.getMe, "Who is logged in"),
		route("POST /api/v1/me/operator", authz.OperatorSwitch, h.enterOperator, "Enter an operator as its administrator", fleeting),
		route("DELETE /api/v1/me/operator", authz.OperatorSwitch, h.leaveOperator, "Leave the operator", unversioned),
		route("GET /api/v1/api-tokens", authz.SignedIn, h.listAPITokens, "List the caller's API tokens"),
		route("POST /api/v1/api-tokens", authz.SignedIn, h.createAPIToken, "Make an API token"),
		route("DELETE /api/v1/api-tokens/{id}", authz.SignedIn, h.revokeAPIToken, "Revoke an API token", unversioned),

		route("GET /api/v1/views", authz.SignedIn, h.listViews, "List the caller's saved views"),
		route("POST /api/v1/views", authz.SignedIn, h.createView, "Keep a view of a list"),
		route("PATCH /api/v1/views/{id}", authz.SignedIn, h.updateView, "Change a saved view", unversioned),
		route("DELETE /api/v1/views/{id}", authz.SignedIn, h.deleteView, "Forget a saved view", unversioned),
		route("GET /api/v1/columns", authz.SignedIn, h.listColumns, "List the columns that the caller chose"),
		route("PUT /api/v1/columns", authz.SignedIn, h.saveColumns, "Choose the columns of a list", unversioned),
		route("GET /api/v1/exports", authz.SignedIn, h.listExports, "List the caller's exports"),
		route("GET /api/v1/exports/{id}", authz.SignedIn, h.getExport, "One export: is its file ready"),
		route("GET /api/v1/exports/{id}/file", authz.SignedIn, h.exportFile, "The file of an export"),

		route("GET /api/v1/operators", authz.OperatorRead, h.listOperators, "List operators"),
		route("POST /api/v1/operators", authz.OperatorWrite, h.createOperator, "Make an operator"),
		route("GET /api/v1/operators/{id}", authz.OperatorRead, h.getOperator, "One operator"),
		route("PATCH /api/v1/operators/{id}", authz.OperatorWrite, h.updateOperator, "Change an operator"),
		route("GET /api/v1/sub-operators", authz.OperatorRead, h.listSubOperators, "List sub-operators"),
		route("POST /api/v1/sub-operators", authz.StaffWrite, h.createSubOperator, "Make a sub-operator"),
		route("GET /api/v1/sub-operators/{id}", authz.OperatorRead, h.getSubOperator, "One sub-operator"),
		route("PATCH /api/v1/sub-operators/{id}", authz.StaffWrite, h.updateSubOperator, "Change a sub-operator"),
		route("GET /api/v1/staff", authz.StaffRead, h.listStaff, "List staff"),
		route("POST /api/v1/staff", authz.StaffWrite, h.createStaff, "Make an account"),
		route("GET /api/v1/staff/{id}", authz.StaffRead, h.getStaff, "One account"),
		route("PATCH /api/v1/staff/{id}", authz.StaffWrite, h.updateStaff, "Change an account"),
		route("POST /api/v1/staff/{id}/password", authz.StaffWrite, h.resetPassword, "Set a new password and end every login of the account"),
		route("GET /api/v1/audit", authz.AuditRead, h.listAudit, "List who did what"),

		route("GET /api/v1/sites", authz.AssetRead, h.listSites, "List sites"),
		route("POST /api/v1/sites", authz.AssetWrite, h.createSite, "Make a site"),
		route("GET /api/v1/sites/{id}", authz.AssetRead, h.getSite, "One site"),
		route("PATCH /api/v1/sites/{id}", authz.AssetWrite, h.updateSite, "Change a site"),
		route("DELETE /api/v1/sites/{id}", authz.AssetWrite, h.deleteSite, "Remove a site, or take it out of use"),
		route("GET /api/v1/charge-points", authz.AssetRead, h.listPoints, "List charge points"),
		route("POST /api/v1/charge-points", authz.AssetWrite, h.createPoint, "Make a charge point; the answer has its key"),
		route("GET /api/v1/charge-points/{id}", authz.AssetRead, h.getPoint, "One charge point"),
		route("PATCH /api/v1/charge-points/{id}", authz.AssetWrite, h.updatePoint, "Change a charge point"),
		route("DELETE /api/v1/charge-points/{id}", authz.AssetWrite, h.deletePoint, "Remove a charge point, or take it out of use"),
		route("POST /api/v1/charge-points/{id}/key", authz.AssetWrite, h.newPointKey, "Give a charge point a new key"),

		route("GET /api/v1/drivers", authz.DriverRead, h.listDrivers, "List drivers"),
		route("POST /api/v1/drivers", authz.DriverWrite, h.createDriver, "Make a driver with a charging account"),
		route("GET /api/v1/drivers/{id}", authz.DriverRead, h.getDriver, "One driver"),
		route("PATCH /api/v1/drivers/{id}", authz.DriverWrite, h.updateDriver, "Change a driver"),
		route("POST /api/v1/drivers/{id}/recharges", authz.FinanceWrite, h.createRecharge, "Put money on a charging account", keyed),
		route("GET /api/v1/recharges", authz.FinanceRead, h.listRecharges, "List recharges"),
		route("GET /api/v1/tokens", authz.DriverRead, h.listTokens, "List cards"),
		route("POST /api/v1/tokens", authz.DriverWrite, h.createToken, "Give a driver a card"),
		route("GET /api/v1/tokens/{id}", authz.DriverRead, h.getToken, "One card"),
		route("PATCH /api/v1/tokens/{id}", authz.DriverWrite, h.updateToken, "Change a card"),

		route("GET /api/v1/plans", authz.PlanRead, h.listPlans, "List billing plans"),
		route("POST /api/v1/plans", authz.PlanWrite, h.createPlan, "Make a billing plan"),
		route("GET /api/v1/plans/{id}", authz.PlanRead, h.getPlan, "One billing plan"),
		route("PUT /api/v1/plans/{id}", authz.PlanWrite, h.savePlan, "Write a new version of a billing plan"),

		route("GET /api/v1/sessions", authz.LiveRead, h.listSessions, "List sessions"),
		route("GET /api/v1/sessions/{id}", authz.LiveRead, h.getSession, "One session with its bill"),
		route("GET /api/v1/sessions/{id}/frames", authz.LiveRead, h.sessionFrames, "The OCPP frames of a session"),
		route("GET /api/v1/sessions/{id}/samples", authz.LiveRead, h.sessionSamples, "The meter chart of a session"),
		route("POST /api/v1/sessions/{id}/stop", authz.LiveCommand, h.stopSession, "Ask the charge point to end a session", keyed),
		route("POST /api/v1/sessions/{id}/refresh", authz.LiveCommand, h.refreshSession, "Ask the charge point for fresh values", keyed),
		route("POST /api/v1/charge-points/{id}/commands", authz.LiveCommand, h.sendCommand, "Send a command", keyed),
		route("GET /api/v1/commands", authz.LiveRead, h.listCommands, "List commands"),
		route("GET /api/v1/commands/{id}", authz.LiveRead, h.getCommand, "One command: its state and effect"),
		route("GET /api/v1/attempts", authz.LiveRead, h.listAttempts, "List tries to start"),
		route(livePattern, authz.LiveRead, h.live, "What changes, as server-sent events", streams),
	}
}
