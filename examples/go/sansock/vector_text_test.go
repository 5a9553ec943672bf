package sansock_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The format is described in core/vectors/README.md.

type step struct {
	line     int
	call     string
	rest     string
	expected string
}

type vectorCase struct {
	file, name string
	settings   [][2]string
	steps      []step
}

// The values of a setting.
func (c *vectorCase) all(name string) (values []string) {
	for _, setting := range c.settings {
		if setting[0] == name {
			values = append(values, setting[1])
		}
	}
	return values
}

func (c *vectorCase) has(name, value string) bool {
	for _, found := range c.all(name) {
		if found == value {
			return true
		}
	}
	return false
}

func readCases(t *testing.T) (cases []*vectorCase) {
	files, err := filepath.Glob("../../../core/vectors/*.vec")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases = append(cases, casesOf(filepath.Base(file), string(text))...)
	}
	return cases
}

func casesOf(file, text string) (cases []*vectorCase) {
	var c *vectorCase
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		word, rest := cutWord(line)
		switch {
		case word == "case":
			c = &vectorCase{file: file, name: rest}
			cases = append(cases, c)
		case word == ">":
			call, arguments := cutWord(rest)
			c.steps = append(c.steps, step{line: i + 1, call: call, rest: arguments})
		case len(c.steps) == 0:
			c.settings = append(c.settings, [2]string{word, rest})
		default:
			c.steps[len(c.steps)-1].expected += line + "\n"
		}
	}
	return cases
}

func cutWord(line string) (word, rest string) {
	word, rest, _ = strings.Cut(line, " ")
	return word, strings.TrimSpace(rest)
}

var (
	atomPattern   = regexp.MustCompile(`^(?:"((?:[^"\\]|\\.)*)"|([0-9a-fA-F]+))(?:\*(\d+))?(?:\s+|$)`)
	escapePattern = regexp.MustCompile(`\\(?:x[0-9a-fA-F]{2}|.)`)
	unescaped     = map[string]string{`\r`: "\r", `\n`: "\n", `\t`: "\t", `\"`: `"`, `\\`: `\`}
)

// The first atom of a text, and what follows it.
func cutAtom(text string) (atom, rest string) {
	match := atomPattern.FindStringSubmatch(text)
	if match == nil {
		panic("not an atom: " + text)
	}
	atom = escapePattern.ReplaceAllStringFunc(match[1], func(escape string) string {
		if escape[1] == 'x' {
			return string([]byte{byte(number(escape[2:], 16))})
		}
		return unescaped[escape]
	})
	for digits := match[2]; digits != ""; digits = digits[2:] {
		atom += string([]byte{byte(number(digits[:2], 16))})
	}
	if match[3] != "" {
		atom = strings.Repeat(atom, int(number(match[3], 10)))
	}
	return atom, text[len(match[0]):]
}

func atoms(text string) (found []string) {
	for text != "" {
		var atom string
		atom, text = cutAtom(text)
		found = append(found, atom)
	}
	return found
}

func bytesOf(text string) string { return strings.Join(atoms(text), "") }

func number(digits string, base int) uint64 {
	value, err := strconv.ParseUint(digits, base, 64)
	if err != nil {
		panic(err)
	}
	return value
}

// Bytes as a transcript shows them.
func show(data []byte) string {
	if len(data) > 512 {
		hash := fnv.New32a()
		hash.Write(data)
		return fmt.Sprintf("bytes %d fnv1a=%08x", len(data), hash.Sum32())
	}
	var text strings.Builder
	for _, b := range data {
		switch {
		case b == '"' || b == '\\':
			text.WriteString("\\" + string(rune(b)))
		case b == '\r':
			text.WriteString(`\r`)
		case b == '\n':
			text.WriteString(`\n`)
		case b == '\t':
			text.WriteString(`\t`)
		case b >= 0x20 && b <= 0x7e:
			text.WriteByte(b)
		default:
			fmt.Fprintf(&text, `\x%02x`, b)
		}
	}
	return `"` + text.String() + `"`
}
