// Package intake is the controller's door for agents: enrolment, renewal and
// reports over HTTPS on the mesh port.
//
// It promises that
//
//   - an acknowledged report is on disk: posts are gathered for at most a few
//     milliseconds, committed in one transaction with a full sync, and only then
//     answered;
//   - a refusal is one RFC 9457 problem that names what and where, and changes
//     nothing;
//   - a report is counted once however often it is sent, comes from the machine
//     that its certificate names, and two machines on one certificate are refused
//     and shown, never merged;
//   - whatever agents send, memory is bounded: sizes, depth, counts and rates are
//     checked before parsing, and what cannot be taken now is told to come back.
//
// It leaves presence to the roster, what is kept to the store and who may enrol
// as what to identity.
package intake
