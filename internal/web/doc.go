// Package web is the door for people and programs: the REST API, login cookies,
// API tokens, server-sent events, health, metrics and the portal's files.
//
// Owns: the route table (path, permission, handler in one line), the mapping of
// faults to problem+json (RFC 9457), the shapes of JSON, masking of personal data,
// cookies, CSRF, Idempotency-Key and If-Match.
// Refuses: deciding. A handler decodes, calls one domain service and encodes.
// Invariants: a route without a permission does not compile; an answer never
// repeats a value that came in, and never shows a cause; what is not yours is 404;
// no line of the log holds a password, a token, a cookie or a query.
package web
