// Package dashboards draws the pages: the sites with who is present, a site's
// workstations, a workstation's hardware, and the sign-in.
//
// Every page is drawn from a struct (pages.go) that a storybook can fill
// without a database. The rooms behind stand in the small interfaces Source and
// Door. What is not known is drawn as unknown, with its reason; a figure has its
// age and its unit; a status is a shape, a word and a colour.
//
// There is no inline script or style: the Content-Security-Policy forbids both.
// The pages work without script; a small module of our own, static/live.js,
// refreshes figures in place.
package dashboards
