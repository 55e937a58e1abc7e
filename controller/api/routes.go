package api

import (
	"net/http"
	"slices"

	"muster/inventory"
)

const (
	prefix      = "/api/v1"
	importsPath = prefix + "/imports"
)

// route is one row: method, path, who may read, who may write, handler.
type route struct {
	method  string
	path    string
	read    who
	write   who
	handler *handler
}

// routes is the whole surface and who may use it. A GET is held against read,
// everything else against write. Each list has its .json and .csv beside it.
func (a *API) routes() []route {
	const (
		get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
		it, network, programme     = inventory.RoleIT, inventory.RoleNetwork, inventory.RoleProgramme
	)
	none := nobody()
	return slices.Concat([]route{
		{get, "/healthz", everyone(), none, plain(a.health)},
		{get, "/readyz", everyone(), none, plain(a.ready)},
		{get, "/metrics", everyone(), none, plain(a.metricsPage())},
		{get, SeriesPrefix + "/*", desks(), none, a.seriesQuery()},
		{post, SeriesPrefix + "/*", desks(), none, a.seriesQuery()},
		{get, "/api/openapi.json", everyone(), none, plain(a.openapiPage)},

		{get, prefix + "/me", anyone(), none, typed(a, "Who this token is", a.me)},

		{get, prefix + "/sites", anyone(), none, list(a, "List sites with how they stand", siteColumns(), a.listSites)},
		{get, prefix + "/sites/{code}", anyone(), none, typed(a, "Show a site", a.showSite)},
		{put, prefix + "/sites/{code}", none, only(it, network), typed(a, "Make or replace a site", a.putSite)},
		{patch, prefix + "/sites/{code}", none, only(it, network), typed(a, "Change fields of a site", a.patchSite)},
		{del, prefix + "/sites/{code}", none, only(it, network), typed(a, "Remove a site", a.deleteSite)},

		{get, prefix + "/workstations", anyone(), none, list(a, "List workstations with their presence", workstationColumns(), a.listWorkstations)},
		{get, prefix + "/workstations/{id}", anyone(), none, typed(a, "Show a workstation and what its agent read", a.showWorkstation)},
		{post, prefix + "/workstations/{id}/revoke", none, only(it), typed(a, "Revoke a workstation's certificates", a.revokeWorkstation)},
		{post, prefix + "/workstations/{id}/review", none, only(it), typed(a, "Resolve a review", a.resolveReview)},
		{post, prefix + "/workstations/{id}/probe", none, only(it, network), typed(a, "Probe something from a workstation; waits up to 30 s", a.probeWorkstation)},

		{get, prefix + "/assets", desks(), none, list(a, "List assets", assetColumns(), a.listAssets)},
		{get, prefix + "/assets/{tag}", desks(), none, typed(a, "Show an asset", a.showAsset)},
		{put, prefix + "/assets/{tag}", none, only(it), typed(a, "Make or replace an asset", a.putAsset)},
		{patch, prefix + "/assets/{tag}", none, only(it), typed(a, "Change fields of an asset", a.patchAsset)},
		{del, prefix + "/assets/{tag}", none, only(it), typed(a, "Remove an asset", a.deleteAsset)},

		{get, prefix + "/links", desks(), none, list(a, "List links", linkColumns(), a.listLinks)},
		{get, prefix + "/links/{circuit}", desks(), none, typed(a, "Show a link", a.showLink)},
		{put, prefix + "/links/{circuit}", none, only(network), typed(a, "Make or replace a link", a.putLink)},
		{patch, prefix + "/links/{circuit}", none, only(network), typed(a, "Change fields of a link", a.patchLink)},
		{del, prefix + "/links/{circuit}", none, only(network), typed(a, "Remove a link", a.deleteLink)},

		{get, prefix + "/subnets", desks(), none, list(a, "List subnets", subnetColumns(), a.listSubnets)},
		{get, prefix + "/subnets/{addr}/{bits}", desks(), none, typed(a, "Show a subnet", a.showSubnet)},
		{put, prefix + "/subnets/{addr}/{bits}", none, only(network), typed(a, "Make or replace a subnet", a.putSubnet)},
		{patch, prefix + "/subnets/{addr}/{bits}", none, only(network), typed(a, "Change fields of a subnet", a.patchSubnet)},
		{del, prefix + "/subnets/{addr}/{bits}", none, only(network), typed(a, "Remove a subnet", a.deleteSubnet)},

		{get, prefix + "/tokens", only(it), none, list(a, "List join tokens", tokenColumns(), a.listTokens)},
		{post, prefix + "/tokens", none, only(it), typed(a, "Make a join token; its secret is shown once", a.createToken)},
		{del, prefix + "/tokens/{id}", none, only(it), typed(a, "Revoke a join token", a.revokeToken)},

		{get, prefix + "/api-tokens", only(), none, list(a, "List API tokens", apiTokenColumns(), a.listAPITokens)},
		{post, prefix + "/api-tokens", none, only(), typed(a, "Make an API token; its secret is shown once", a.createAPIToken)},
		{del, prefix + "/api-tokens/{id}", none, only(), typed(a, "Revoke an API token", a.revokeAPIToken)},

		{get, prefix + "/mesh", desks(), none, list(a, "List pools with members, keys and sweep", poolColumns(), a.listPools)},
		{get, prefix + "/mesh/{site}", desks(), none, typed(a, "Show a site's pool", a.showPool)},
		{post, prefix + "/mesh/{site}/rotate", none, only(network), typed(a, "Rotate a site's pool key", a.rotateKey)},

		{get, prefix + "/incidents", desks(), none, list(a, "List incidents, newest first", incidentColumns(), a.listIncidents)},
		{get, prefix + "/incidents/{id}", desks(), none, typed(a, "Show an incident with its verdicts and evidence", a.showIncident)},
		{get, prefix + "/incidents/{id}/export", desks(), none, incidentExport(a)},
		{post, prefix + "/incidents/{id}/acknowledge", none, only(it, network), typed(a, "Say that you see to an incident", a.acknowledgeIncident)},
		{post, prefix + "/incidents/{id}/note", none, only(it, network), typed(a, "Add a note to an incident", a.noteIncident)},
		{post, prefix + "/incidents/{id}/ticket", none, only(it, network), typed(a, "Set an incident's ticket reference", a.ticketIncident)},

		{get, prefix + "/maintenance", desks(), none, list(a, "List maintenance windows, the first to begin first", windowColumns(), a.listWindows)},
		{post, prefix + "/maintenance", none, only(it, network), typed(a, "Add a maintenance window: nothing opens inside it", a.addWindow)},
		{del, prefix + "/maintenance/{id}", none, only(it, network), typed(a, "End a maintenance window now", a.endWindow)},

		{post, prefix + "/incidents/{id}/corrections", none, only(network), typed(a, "Correct an outage in the accounts; the original stays beside it", a.correctOutage)},
		{get, prefix + "/link-reports", desks(), none, list(a, "Account for the time of links against their contracts", accountColumns(), a.listAccounts)},
		{get, prefix + "/carrier-reports", desks(), none, list(a, "Account for the time of links, summed up by carrier", sumColumns(), a.listCarrierReports)},
		{get, prefix + "/outages", desks(), none, list(a, "List outages of links with their cause and the carrier's ticket", outageColumns(), a.listOutages)},

		{get, prefix + "/notifications", desks(), none, list(a, "List notifications, newest first", deliveryColumns(), a.listDeliveries)},
		{get, prefix + "/sinks", desks(), none, list(a, "Show how each way out to people does", sinkColumns(), a.listSinks)},
		{post, prefix + "/sinks/{name}/test", none, only(it, network), typed(a, "Send a test message over a sink", a.trySink)},

		{get, prefix + "/events", desks(), none, list(a, "List events, newest first", eventColumns(), a.listEvents)},

		{get, importsPath, desks(), none, list(a, "List imports, newest first", batchColumns(), a.listBatches)},
		{get, importsPath + "/{number}", desks(), none, typed(a, "Show an import and its changes", a.showBatch)},
		{post, importsPath, none, only(it, network, programme), typed(a, "Import a file; dry_run only says what it would change", a.importFile)},
		{del, importsPath + "/{number}", none, only(it, network, programme), typed(a, "Undo an import", a.undoBatch)},
		{get, prefix + "/exports/{kind}", desks(), none, exportHandler(a)},
	}, a.refreshRoutes(), a.programmeRoutes())
}

// expand adds to each list its .json and .csv, for the same readers.
func expand(rows []route) []route {
	var all []route
	for _, row := range rows {
		all = append(all, row)
		if row.handler.csv == nil {
			continue
		}
		asJSON, asCSV := row, row
		asJSON.path += ".json"
		asCSV.path += ".csv"
		asCSV.handler = row.handler.csv()
		all = append(all, asJSON, asCSV)
	}
	return all
}
