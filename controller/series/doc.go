// Package series keeps samples: an embedded Prometheus TSDB, PromQL, and
// Prometheus' own query API, so that a stock Grafana or promtool reads Muster as
// it reads a Prometheus. It is the only room that imports prometheus/prometheus.
//
// Evidence that comes late is taken for as long as incidents may be revised. The
// TSDB's own log is not synced at each append, so samples come from the intake
// log, which is: what a power cut takes here is read there again.
package series
