// Package api answers people and programs over HTTP: lists and single nouns as
// JSON and CSV under /api/v1, the OpenAPI document, metrics and health, and the
// pages that it is given.
//
// routes.go is one table: method, path, who may read, who may write, handler.
// It is the authorization table too; a test walks it with every role and with
// none. Handlers decode, call one method of a small interface declared here,
// and encode.
//
// Every write is an event with its author. Every refusal is a problem
// (RFC 9457) with a sentence that says what could not be done and why.
package api
