// Package pgtest gives tests a private PostgreSQL.
//
// Owns: a temporary data folder, the PostgreSQL server that runs on it, the
// databases made in it, and the end of all three. [URL] gives a fresh database
// of one server shared by the whole test process; [Start] gives a server of the
// test's own, durable by default, that can be killed and restarted on the same
// data.
//
// Refuses: to touch a server it did not start, and to listen on the network:
// there is only a unix socket inside the temporary folder. Where PostgreSQL is
// not installed tests are skipped with a line that says so.
//
// Invariants:
//   - the role of every URL owns its database and is no superuser, so that
//     row-level security means in a test what it means in production;
//   - the role ccms_app exists once a server is up, made before any test could
//     race for it, and the URL's role may grant it and switch to it;
//   - when the test process ends, however it ends, the server stops and the
//     folder goes: a watcher process waits for the end of a pipe that only the
//     test process holds open.
package pgtest
