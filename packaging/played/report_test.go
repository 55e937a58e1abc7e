package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAPackageIsALineAndWhatFailedIsTold(t *testing.T) {
	said := `{"Action":"start","Package":"muster/mesh"}
{"Action":"output","Package":"muster/mesh","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"muster/mesh","Test":"TestA","Output":"    a_test.go:7: it goes well\n"}
{"Action":"pass","Package":"muster/mesh","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"muster/mesh","Output":"PASS\n"}
{"Action":"output","Package":"muster/mesh","Output":"ok  \tmuster/mesh\t0.1s\n"}
{"Action":"pass","Package":"muster/mesh","Elapsed":0.1}
go: downloading something
{"ImportPath":"muster/agent","Action":"build-output","Output":"agent/x.go:3:1: syntax error\n"}
{"ImportPath":"muster/agent","Action":"build-fail"}
{"Action":"output","Package":"muster/agent","Output":"FAIL\tmuster/agent [build failed]\n"}
{"Action":"fail","Package":"muster/agent","FailedBuild":"muster/agent"}
{"Action":"output","Package":"muster/sla","Test":"TestB","Output":"    b_test.go:9: 3, want 4\n"}
{"Action":"output","Package":"muster/sla","Test":"TestB","Output":"--- FAIL: TestB (0.00s)\n"}
{"Action":"fail","Package":"muster/sla","Test":"TestB"}
{"Action":"output","Package":"muster/sla","Test":"TestSlow","Output":"=== RUN   TestSlow\n"}
{"Action":"output","Package":"muster/sla","Test":"TestSlow","Output":"panic: test timed out after 20m0s\n"}
{"Action":"output","Package":"muster/sla","Output":"FAIL\tmuster/sla\t9.1s\n"}
{"Action":"fail","Package":"muster/sla","Elapsed":9.1}
{"Action":"output","Package":"muster/words","Output":"?   \tmuster/words\t[no test files]\n"}
{"Action":"skip","Package":"muster/words"}
`
	want := `ok  	muster/mesh	0.1s
go: downloading something
agent/x.go:3:1: syntax error
FAIL	muster/agent [build failed]
    b_test.go:9: 3, want 4
--- FAIL: TestB (0.00s)
panic: test timed out after 20m0s
FAIL	muster/sla	9.1s
?   	muster/words	[no test files]
NOT PLAYED: nothing; every test that there is was played.
`
	var out strings.Builder
	failed, err := report(strings.NewReader(said), &out)
	if err != nil || !failed {
		t.Errorf("failed %t, %v; want a failure", failed, err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatWasSkippedIsListedWithItsReason(t *testing.T) {
	said := `{"Action":"output","Package":"muster/b","Test":"TestLink","Output":"=== RUN   TestLink\n"}
{"Action":"output","Package":"muster/b","Test":"TestLink","Output":"    lab.go:88: this system allows no network namespaces: ip: exit status 1\n"}
{"Action":"output","Package":"muster/b","Test":"TestLink","Output":"--- SKIP: TestLink (0.00s)\n"}
{"Action":"skip","Package":"muster/b","Test":"TestLink"}
{"Action":"output","Package":"muster/a","Test":"TestMute","Output":"--- SKIP: TestMute (0.00s)\n"}
{"Action":"skip","Package":"muster/a","Test":"TestMute"}
{"Action":"output","Package":"muster/b","Output":"ok  \tmuster/b\t0.1s\n"}
{"Action":"pass","Package":"muster/b"}
`
	want := `ok  	muster/b	0.1s
NOT PLAYED: 2, which says nothing about them:
  muster/a TestMute: it does not say why
  muster/b TestLink: this system allows no network namespaces: ip: exit status 1
`
	var out strings.Builder
	failed, err := report(strings.NewReader(said), &out)
	if err != nil || failed {
		t.Errorf("failed %t, %v; want neither", failed, err)
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func FuzzReportReadsWhateverGoTestSays(f *testing.F) {
	f.Add(`{"Action":"skip","Test":"T"}`)
	f.Add("not an event\n{\"Action\":\"fail\"}\n")
	f.Fuzz(func(t *testing.T, said string) {
		var out strings.Builder
		_, err := report(strings.NewReader(said), &out)
		if err == nil && !strings.Contains(out.String(), "NOT PLAYED") {
			t.Errorf("no closing list in %q", out.String())
		}
	})
}
