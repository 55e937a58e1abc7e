package simulated

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"muster/inventory"
)

// Lists are made once: for each role and each step behind the newest versions.
const (
	roles = 6
	steps = 4
)

// lists holds every list of programs that simulated machines share: 24 lists for
// any number of machines.
var lists = sync.OnceValue(func() [roles * steps][]inventory.Program {
	var all [roles * steps][]inventory.Program
	for role := range roles {
		for step := range steps {
			all[role*steps+step] = compose(role, step)
		}
	}
	return all
})

// Software is the list of installed programs. It is shared with other machines:
// do not write to it.
func (m *Machine) Software(context.Context) ([]inventory.Program, error) {
	if m.dice.chance("no software list", 150) {
		return nil, fmt.Errorf("cannot open registry key %s: access is denied", `SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall`)
	}
	list := lists()[m.dice.below("role", roles)*steps+min(m.monthsLate(), steps-1)]
	return slices.Clip(list), nil
}

// title is a program with its newest version and how its last number falls from
// step to step.
type title struct {
	name, version, maker string
	source               string
	falls                int
}

func compose(role, step int) []inventory.Program {
	var list []inventory.Program
	add := func(titles []title) {
		for _, t := range titles {
			list = append(list, inventory.Program{Name: t.name, Version: older(t.version, t.falls*step), Maker: t.maker, Source: t.source})
		}
	}
	add(everywhere)
	for _, year := range []string{"2008", "2010", "2012", "2013", "2015-2022"} {
		for _, bits := range []string{"x64", "x86"} {
			list = append(list, inventory.Program{Name: "Microsoft Visual C++ " + year + " Redistributable (" + bits + ")", Version: runtimes[year], Maker: microsoft, Source: "exe"})
		}
	}
	for _, name := range storeApps {
		list = append(list, inventory.Program{Name: name, Version: older("11.2510.9.0", step), Source: "appx"})
	}
	add(drivers[role%len(drivers)])
	for n := range role + 1 { // later roles need more
		add(desks[n])
	}
	slices.SortFunc(list, func(a, b inventory.Program) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return slices.Clip(list)
}

// older lowers the last number of a version that can bear it.
func older(version string, by int) string {
	parts := strings.Split(version, ".")
	for i := len(parts) - 1; i > 0; i-- {
		var n int
		if _, err := fmt.Sscanf(parts[i], "%d", &n); err == nil && n > by {
			parts[i] = fmt.Sprint(n - by)
			break
		}
	}
	return strings.Join(parts, ".")
}

const microsoft = "Microsoft Corporation"

var runtimes = map[string]string{
	"2008": "9.0.30729.6161", "2010": "10.0.40219", "2012": "11.0.61030.0", "2013": "12.0.40664.0", "2015-2022": "14.44.35211.0",
}

// everywhere is on every machine.
var everywhere = []title{
	{"Microsoft 365 Apps for enterprise - en-us", "16.0.19231.20246", microsoft, "exe", 38},
	{"Microsoft Edge", "142.0.3595.90", microsoft, "msi", 9},
	{"Microsoft Edge WebView2 Runtime", "142.0.3595.90", microsoft, "exe", 9},
	{"Microsoft Teams Meeting Add-in for Microsoft Office", "1.25.28902", microsoft, "msi", 200},
	{"Microsoft OneDrive", "25.209.1026.0002", microsoft, "exe", 1},
	{"Microsoft Update Health Tools", "5.72.0.0", microsoft, "msi", 0},
	{"Microsoft Intune Management Extension", "1.95.103.0", microsoft, "msi", 3},
	{"Microsoft Windows Desktop Runtime - 8.0.21 (x64)", "8.0.21.35325", microsoft, "exe", 30},
	{"Microsoft ASP.NET Core 8.0.21 - Shared Framework (x64)", "8.0.21.25475", microsoft, "exe", 30},
	{"Microsoft ODBC Driver 17 for SQL Server", "17.10.6.1", microsoft, "msi", 0},
	{"Microsoft OLE DB Driver for SQL Server", "18.7.4.0", microsoft, "msi", 0},
	{"Microsoft Silverlight", "5.1.50918.0", microsoft, "msi", 0},
	{"Local Administrator Password Solution", "6.2.0.0", microsoft, "msi", 0},
	{"Configuration Manager Client", "5.00.9132.1011", microsoft, "msi", 4},
	{"Google Chrome", "142.0.7444.176", "Google LLC", "msi", 17},
	{"Mozilla Firefox ESR (x64 en-GB)", "140.5.0", "Mozilla", "exe", 1},
	{"Adobe Acrobat (64-bit)", "25.001.20844", "Adobe", "msi", 31},
	{"7-Zip 24.09 (x64)", "24.09", "Igor Pavlov", "msi", 1},
	{"Cisco Secure Client - AnyConnect VPN", "5.1.11.388", "Cisco Systems, Inc.", "msi", 12},
	{"Citrix Workspace 2409", "24.9.10.37", "Citrix Systems, Inc.", "exe", 2},
	{"Java 8 Update 471", "8.0.4710.9", "Oracle Corporation", "msi", 1},
	{"KeePass Password Safe 2.59", "2.59", "Dominik Reichl", "exe", 1},
	{"Notepad++ (64-bit x64)", "8.8.7", "Notepad++ Team", "exe", 1},
	{"PaperCut MF Client", "24.1.2", "PaperCut Software International Pty Ltd", "msi", 1},
	{"VLC media player", "3.0.21", "VideoLAN", "exe", 1},
	{"Zoom Workplace (64-bit)", "6.6.19875", "Zoom Communications, Inc.", "msi", 310},
	{"Sysinternals BgInfo", "4.33", "Sysinternals", "exe", 1},
	{"Printix Client", "2.4.0.211", "Printix.net ApS", "msi", 2},
	{"MSXML 4.0 SP3 Parser", "4.30.2100.0", microsoft, "msi", 0},
	{"Windows PC Health Check", "4.0.2410.23001", microsoft, "msi", 3},
}

// drivers come with the make of machine.
var drivers = [][]title{
	{
		{"Dell Command | Update for Windows Universal", "5.5.0", "Dell Inc.", "msi", 1},
		{"Dell SupportAssist Remediation", "5.5.14.1", "Dell Inc.", "msi", 2},
		{"Dell Peripheral Manager", "1.7.7.7", "Dell Inc.", "exe", 1},
		{"Intel(R) Graphics Driver", "31.0.101.2137", "Intel Corporation", "exe", 3},
		{"Realtek Audio Driver", "6.0.9752.1", "Realtek", "exe", 7},
	},
	{
		{"HP Support Assistant", "9.44.21.0", "HP Inc.", "exe", 1},
		{"HP Notifications", "1.1.29.5", "HP", "msi", 1},
		{"HP Wolf Security", "4.4.16.1229", "HP Inc.", "msi", 40},
		{"Intel(R) Management Engine Components", "2433.6.3.0", "Intel Corporation", "exe", 1},
		{"Synaptics TouchPad Driver", "19.5.35.50", "Synaptics", "exe", 1},
	},
	{
		{"Lenovo System Update", "5.08.03.59", "Lenovo", "exe", 3},
		{"Lenovo Vantage Service", "4.3.35.0", "Lenovo Group Ltd.", "exe", 2},
		{"AMD Software", "24.9.1", "Advanced Micro Devices, Inc.", "exe", 1},
		{"Thunderbolt(TM) Control Center Support", "1.41.1379", "Intel Corporation", "msi", 5},
		{"Realtek USB Ethernet Controller All-In-One Windows Driver", "10.63.20", "Realtek", "exe", 1},
	},
}

// desks are what kinds of work need, each on top of the one before.
var desks = [roles][]title{
	{
		{"Jabra Direct", "6.25.27001", "GN Audio A/S", "exe", 200},
		{"Poly Lens Desktop", "2.0.2.4", "HP Inc.", "msi", 1},
		{"Logi Options+", "1.96.7812", "Logitech", "exe", 90},
		{"DisplayLink Graphics", "11.6.4139.0", "Synaptics Inc.", "msi", 40},
		{"Greenshot 1.3.301", "1.3.301", "Greenshot", "exe", 2},
		{"PDF24 Creator", "11.28.2", "geek software GmbH", "msi", 1},
		{"Snagit 2024", "24.3.2", "TechSmith Corporation", "msi", 1},
		{"Webex", "45.10.0.33234", "Cisco Systems, Inc", "msi", 90},
	},
	{
		{"Case Records Client", "12.4.188", "Corelogic Care Ltd", "msi", 6},
		{"Digital Signing Desktop", "3.2.14", "Sealwright Ltd", "msi", 1},
		{"Smartcard Middleware", "10.8.47", "Thales", "msi", 2},
		{"Dragon Professional", "16.10.200", "Nuance Communications", "msi", 20},
		{"Egress Client", "6.2.511.0", "Egress Software Technologies", "msi", 11},
		{"Winscribe Client", "4.9.33", "Nuance Communications", "msi", 1},
	},
	{
		{"SAP GUI for Windows 8.00 (Patch 12)", "8.00.12", "SAP SE", "exe", 1},
		{"Crystal Reports Runtime", "13.0.39.5202", "SAP SE", "msi", 10},
		{"Power BI Desktop (x64)", "2.148.1226.0", microsoft, "exe", 70},
		{"Microsoft Project Professional", "16.0.19231.20246", microsoft, "exe", 38},
		{"Microsoft Visio Professional", "16.0.19231.20246", microsoft, "exe", 38},
		{"Oracle Client 19c", "19.3.0.0", "Oracle Corporation", "exe", 0},
		{"Bartec Collective", "7.7.21", "Bartec Municipal Technologies", "msi", 2},
	},
	{
		{"QGIS 3.40.12 'Bratislava'", "3.40.12", "QGIS.org", "msi", 3},
		{"ArcGIS Pro", "3.5.57366", "Esri", "msi", 800},
		{"AutoCAD LT 2025", "25.0.155.0", "Autodesk", "exe", 10},
		{"Autodesk Desktop Licensing Service", "14.3.0.10214", "Autodesk", "exe", 90},
		{"Adobe Creative Cloud", "6.8.0.821", "Adobe Inc.", "exe", 21},
		{"Adobe InDesign 2025", "20.5.0.48", "Adobe Inc.", "exe", 3},
		{"Uniform Spatial", "10.6.3", "Idox Software Ltd", "msi", 1},
		{"Trimble Connect", "1.22.1.4", "Trimble Inc.", "msi", 1},
	},
	{
		{"Python 3.12.10 (64-bit)", "3.12.10150.0", "Python Software Foundation", "exe", 1000},
		{"Git", "2.51.2", "The Git Development Community", "exe", 1},
		{"Microsoft Visual Studio Code", "1.106.2", microsoft, "exe", 1},
		{"PuTTY release 0.83 (64-bit)", "0.83.0.0", "Simon Tatham", "msi", 1},
		{"WinSCP 6.5.3", "6.5.3", "Martin Prikryl", "exe", 1},
		{"Wireshark 4.6.0 x64", "4.6.0", "The Wireshark developer community", "exe", 0},
		{"Remote Desktop Manager", "2025.3.16.0", "Devolutions", "msi", 3},
		{"PowerShell 7-x64", "7.5.4.0", microsoft, "msi", 1},
		{"SQL Server Management Studio", "20.2.37.0", microsoft, "exe", 3},
		{"Oracle VM VirtualBox", "7.1.14", "Oracle Corporation", "msi", 2},
	},
	{
		{"R for Windows 4.5.2", "4.5.2", "R Core Team", "exe", 1},
		{"RStudio", "2025.09.2+418", "Posit Software", "exe", 1},
		{"IBM SPSS Statistics", "30.0.0.0", "IBM Corp", "msi", 0},
		{"Tableau Desktop 2025.2", "25.2.1050", "Tableau Software", "exe", 40},
		{"NVivo 15", "15.2.1.26", "Lumivero", "exe", 3},
		{"MapInfo Pro", "23.0.1.29", "Precisely", "msi", 2},
		{"Alteryx Designer", "2025.1.1.31", "Alteryx, Inc.", "exe", 2},
		{"Notify Bulk Sender", "2.11.4", "Hartwell Systems Ltd", "msi", 1},
	},
}

// storeApps are there on every Windows.
var storeApps = []string{
	"Microsoft.WindowsCalculator", "Microsoft.WindowsNotepad", "Microsoft.Windows.Photos", "Microsoft.Paint", "Microsoft.ScreenSketch",
	"Microsoft.WindowsAlarms", "Microsoft.WindowsCamera", "Microsoft.WindowsSoundRecorder", "Microsoft.WindowsStore", "Microsoft.StorePurchaseApp",
	"Microsoft.DesktopAppInstaller", "Microsoft.WindowsTerminal", "Microsoft.MicrosoftStickyNotes", "Microsoft.Todos", "MSTeams",
	"Microsoft.OutlookForWindows", "Microsoft.CompanyPortal", "Microsoft.HEIFImageExtension", "Microsoft.HEVCVideoExtension",
	"Microsoft.WebpImageExtension", "Microsoft.WebMediaExtensions", "Microsoft.VP9VideoExtensions", "Microsoft.RawImageExtension",
	"Microsoft.AV1VideoExtension", "Microsoft.SecHealthUI", "Microsoft.GetHelp", "Microsoft.WindowsFeedbackHub", "Microsoft.VCLibs.140.00",
	"Microsoft.UI.Xaml.2.8", "Microsoft.NET.Native.Framework.2.2", "Microsoft.NET.Native.Runtime.2.2", "Microsoft.WindowsAppRuntime.1.7",
	"MicrosoftWindows.Client.WebExperience", "Microsoft.LanguageExperiencePacken-GB", "Microsoft.Services.Store.Engagement",
}
