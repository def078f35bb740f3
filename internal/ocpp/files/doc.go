// Package files is the door by which charge points bring and fetch files, over HTTP at
// /files/ and over FTP: OCPP leaves both beside its socket (OCPP 1.6 §5.9, §5.19).
//
// Owns: the two protocols, their limits and deadlines, and that a file goes into the
// vault sealed as it arrives.
// Refuses: who may bring what; package upkeep knows the credentials of each transfer.
// Whatever is no part of one transfer: nothing is listed, an upload is never read, a path
// leads nowhere.
//
// Invariants:
//   - an address takes one file, once; what broke off may be tried again;
//   - no more than MaxUpload bytes are kept of a file, and no connection may dawdle;
//   - a wrong login, a wrong secret and an address that is over are one answer.
package files
