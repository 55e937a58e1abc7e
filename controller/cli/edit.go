package cli

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// setCommand changes fields of one noun, or makes it with --new.
func setCommand(s *session, noun, arg, path, example string) *cobra.Command {
	var fresh bool
	cmd := &cobra.Command{
		Use: "set " + arg + " FIELD=VALUE…", Short: "Change fields of one " + noun + ", or make it with --new", Example: example,
		Long: "Change fields of one " + noun + ", or make it with --new.\n\n" +
			"An empty value clears the field; lists are written with commas. The edit\n" +
			"is an import of one row: it has a number and can be undone.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return Hint(usagef("cannot set %s: want %s and at least one FIELD=VALUE", noun, arg), "see `"+cmd.CommandPath()+" --help`")
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&fresh, "new", false, "make it where it is not there")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		fields, err := readFields(args[1:])
		if err != nil {
			return err
		}
		method := http.MethodPatch
		if fresh {
			method = http.MethodPut
			nameKey(fields, noun, args[0])
			for name, value := range fields {
				if value == nil {
					delete(fields, name)
				}
			}
		}
		return s.edit(cmd, "change "+noun+" "+args[0], method, path+"/"+url.PathEscape(args[0]), fields)
	}
	return cmd
}

// nameKey puts the key into what is made anew. Training has two: who and what.
func nameKey(fields map[string]any, noun, key string) {
	if at := strings.LastIndex(key, "/"); noun == "training" && at >= 0 {
		fields["staff"], fields["course"] = key[:at], key[at+1:]
		return
	}
	fields[keyField(noun)] = key
}

// Fields that are numbers, and those that are lists.
func numbers() []string {
	return []string{
		"latitude", "longitude", "down_kbps", "up_kbps", "vlan", "crews", "count", "valid_months", "expected", "moved", "rejected",
	}
}

func lists() []string {
	return []string{"aliases", "macs", "sites", "freezes", "holidays", "people", "assets", "roles", "after"}
}

// keyField is the field that names a noun.
func keyField(noun string) string {
	switch noun {
	case "asset":
		return "tag"
	case "link":
		return "circuit"
	case "staff":
		return "number"
	default:
		return "code"
	}
}

// readFields reads FIELD=VALUE. Which fields are numbers and lists is known
// here, so that a serial of digits stays a text.
func readFields(args []string) (map[string]any, error) {
	fields := map[string]any{}
	for _, arg := range args {
		name, text, ok := strings.Cut(arg, "=")
		if !ok || name == "" {
			return nil, usagef("cannot read %q: want FIELD=VALUE", arg)
		}
		switch {
		case text == "":
			fields[name] = nil
		case slices.Contains(numbers(), name) && !dated(name, text):
			number, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return nil, usagef("cannot read %q: %q is not a number", arg, text)
			}
			fields[name] = number
		case slices.Contains(lists(), name):
			list := strings.Split(text, ",")
			for i := range list {
				list[i] = strings.TrimSpace(list[i])
			}
			fields[name] = list
		default:
			fields[name] = text
		}
	}
	return fields, nil
}

// dated tells the day on which a consignment is expected from the number of records
// that are.
func dated(name, text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return name == "expected" && err == nil
}

func removeCommand(s *session, noun, arg, path, example string) *cobra.Command {
	return &cobra.Command{
		Use: "remove " + arg, Short: "Remove one " + noun + " from the register", Example: example, Args: exactly(arg),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.edit(cmd, "remove "+noun+" "+args[0], http.MethodDelete, path+"/"+url.PathEscape(args[0]), nil)
		},
	}
}

func (s *session) edit(cmd *cobra.Command, what, method, path string, body map[string]any) error {
	c, err := s.client()
	if err != nil {
		return err
	}
	var given any
	if body != nil {
		given = body
	}
	done, _, err := send[struct {
		Batch int64 `json:"batch"`
	}](cmd.Context(), c, what, method, path, given)
	if err != nil {
		return err
	}
	said := fmt.Sprintf("done as import %d (`muster import undo %d` takes it back)", done.Batch, done.Batch)
	if done.Batch == 0 {
		said = "nothing to change: the register already says so"
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), said)
	return err
}
