package collect

import (
	"context"
	"fmt"
	"time"

	"github.com/yusufpapurcu/wmi"
)

// wmiPatience bounds a question to WMI, which may hang for ever when its
// repository is damaged. The library asks one question at a time, so all share a
// name: while one hangs, the others say so at once.
const wmiPatience = 20 * time.Second

// query asks WMI; S names the wanted properties. Empty namespace is root\cimv2.
func query[S any](ctx context.Context, c *Collector, namespace, wql string) ([]S, error) {
	if namespace == "" {
		namespace = `root\cimv2`
	}
	rows, err := within(ctx, &c.patience, "WMI", wmiPatience, func() ([]S, error) {
		var rows []S
		client := &wmi.Client{NonePtrZero: true, AllowMissingFields: true}
		err := client.Query(wql, &rows, nil, namespace)
		return rows, err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot ask WMI: %w", err)
	}
	return rows, nil
}
