// Package pac finds out which proxy a PAC file names for a target, as if asked
// from an address at a site. A PAC file is somebody's JavaScript, so it runs here,
// on the controller, under bounds of size, time and memory, and never on a
// workstation; agents are told a proxy's name and port.
//
// Script is one file, compiled; Files fetches files, asks them anew every quarter
// of an hour and answers from memory. What a file says of the hour of the day is
// therefore up to a quarter of an hour late.
package pac
