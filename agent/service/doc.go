// Package service makes the agent a service of the operating system: systemd,
// the Windows service manager or launchd. It also tells, when the agent is asked
// to stop, whether the machine is going down or the agent alone.
package service
