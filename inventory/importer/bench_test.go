package importer_test

import (
	"bytes"
	"fmt"
	"testing"

	"muster/inventory"
	"muster/inventory/importer"
)

// estateOf10000 is a register of 200 sites and 10,000 assets and a file of it.
func estateOf10000(b *testing.B, format importer.Format) (inventory.Register, []byte) {
	b.Helper()
	var r inventory.Register
	for i := range 200 {
		r.Sites = append(r.Sites, inventory.Site{Code: fmt.Sprintf("S%03d", i), Name: fmt.Sprintf("Library %d", i)})
	}
	for i := range 10_000 {
		r.Assets = append(r.Assets, inventory.Asset{
			Tag: fmt.Sprintf("A%05d", i), Kind: inventory.AssetLaptop, Serial: fmt.Sprintf("5CG%07d", i), Site: fmt.Sprintf("S%03d", i%200),
			Maker: "Dell", Model: "Latitude 5420", Name: fmt.Sprintf("PC-%05d", i), Purchased: "2022-03-01", WarrantyUntil: "2027-03-01",
		})
	}
	return r, export(b, r, importer.Assets, format)
}

func BenchmarkImport10000Rows(b *testing.B) {
	for _, format := range []importer.Format{importer.CSV, importer.XLSX} {
		register, content := estateOf10000(b, format)
		for name, known := range map[string]inventory.Register{"new": {Sites: register.Sites}, "unchanged": register} {
			b.Run(fmt.Sprintf("%s/%s", format, name), func(b *testing.B) {
				b.SetBytes(int64(len(content)))
				b.ReportAllocs()
				for b.Loop() {
					plan := importer.NewPlan([]*importer.Table{read(b, "x", string(content), importer.ReadOptions{Kind: importer.Assets})}, known, importer.PlanOptions{})
					if len(plan.Problems) > 0 || len(plan.Changes)+plan.Unchanged != 10_000 {
						b.Fatal(plan.Problems)
					}
				}
			})
		}
	}
}

func BenchmarkExport10000Rows(b *testing.B) {
	for _, format := range []importer.Format{importer.CSV, importer.XLSX} {
		register, _ := estateOf10000(b, format)
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out bytes.Buffer
				if err := importer.Export(&out, register, importer.ExportOptions{Kind: importer.Assets, Format: format}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
