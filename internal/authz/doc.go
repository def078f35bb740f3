// Package authz says who acts and how far they see.
//
// Owns: Actor, Scope, Permission and the built-in roles.
// Refuses: tenant ids as free parameters: a scope is made by a constructor that
// names its source.
// Invariant: the zero Scope sees nothing. A scope is either everything (System
// with a reason), one operator, or one sub-operator of one operator.
package authz
