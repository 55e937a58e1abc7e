package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"muster/controller/readiness"
)

// gateCommand holds what needs no controller, check, test and diff: gates are
// files in git, and are checked before they are handed in; and what a controller
// judges by.
func gateCommand(s *session) *cobra.Command {
	return group("gate", "Gates: check, test and compare their files; list, show, explain",
		gateCheck(), gateTest(), gateDiff(), gateList(s), gateShow(s), gateExplain(s))
}

func gateCheck() *cobra.Command {
	return &cobra.Command{
		Use: "check FILE…", Short: "Check gates: words, types and costs, with file and line",
		Long: "Check reads each file as a controller would and says everything that is wrong\n" +
			"with it as FILE:LINE: what, with the words that are known there. It needs no\n" +
			"controller. Exit 1 where anything is wrong.",
		Example: "  muster gate check configs/gates/*.yaml",
		Args:    files,
		RunE: func(cmd *cobra.Command, args []string) error {
			wrong := 0
			for _, file := range args {
				g, err := readGate(file)
				if err != nil {
					wrong++
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: gate %s, version %s: %s, %s\n", file, g.Name, g.Version,
					many(len(g.Criteria), "criterion", "criteria"), many(len(g.Tests), "test", "tests"))
			}
			if wrong > 0 {
				return fmt.Errorf("cannot use %s", ofThem(wrong, len(args)))
			}
			return nil
		},
	}
}

func gateTest() *cobra.Command {
	return &cobra.Command{
		Use: "test FILE…", Short: "Run the tests that stand in gates over their fixtures",
		Long: "Test evaluates each gate over the fixtures that its tests name, files of facts\n" +
			"beside it, and compares what comes out with what the tests expect. It needs no\n" +
			"controller. Exit 1 where a test does not hold.",
		Example: "  muster gate test configs/gates/site-go-live.yaml",
		Args:    files,
		RunE: func(cmd *cobra.Command, args []string) error {
			tests, wrong := 0, 0
			for _, file := range args {
				g, err := readGate(file)
				if err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					return fmt.Errorf("cannot use %s", file)
				}
				results := g.Test(func(path string) ([]byte, error) {
					return readBounded(filepath.Join(filepath.Dir(file), path), readiness.MaxFixtureFile)
				})
				if len(results) == 0 {
					fmt.Fprintf(cmd.OutOrStdout(), "none  %s has no tests\n", file)
				}
				for _, r := range results {
					tests++
					if len(r.Wrong) > 0 {
						wrong++
					}
					drawTest(cmd.OutOrStdout(), file, r)
				}
			}
			if wrong > 0 {
				return fmt.Errorf("cannot pass %s", ofThem(wrong, tests))
			}
			return nil
		},
	}
}

func drawTest(out io.Writer, file string, r readiness.TestResult) {
	word := "ok"
	if len(r.Wrong) > 0 {
		word = "FAIL"
	}
	fmt.Fprintf(out, "%-5s %s:%d: %s\n", word, file, r.Test.Line, r.Test.Name)
	for _, wrong := range r.Wrong {
		fmt.Fprintf(out, "      %s\n", wrong)
	}
}

func gateDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what changed between two versions of a gate",
		Example: "  git show HEAD~1:configs/gates/site-go-live.yaml > old.yaml\n  muster gate diff old.yaml configs/gates/site-go-live.yaml",
		Args:    exactly("OLD", "NEW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var gates [2]*readiness.Gate
			for i, file := range args {
				g, err := readGate(file)
				if err != nil {
					fmt.Fprintln(cmd.ErrOrStderr(), err)
					return fmt.Errorf("cannot compare %s with %s", args[0], args[1])
				}
				gates[i] = g
			}
			changes := readiness.DiffGates(gates[0], gates[1])
			if len(changes) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing that is judged changed")
			}
			for _, change := range changes {
				fmt.Fprintln(cmd.OutOrStdout(), change)
			}
			return nil
		},
	}
}

// files asks for one file or more.
func files(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return Hint(usagef("cannot run %s: want FILE…, got none", cmd.CommandPath()), "see `"+cmd.CommandPath()+" --help`")
}

func readGate(file string) (*readiness.Gate, error) {
	src, err := readBounded(file, readiness.MaxGateFile)
	if err != nil {
		return nil, err
	}
	return readiness.LoadGate(file, src)
}

// readBounded reads a file, and no more of it than one byte beyond the limit:
// whoever reads it says that it is too large.
func readBounded(file string, limit int64) (content []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

func ofThem(wrong, all int) string {
	if all == 1 {
		return "it"
	}
	return fmt.Sprintf("%d of %d", wrong, all)
}
