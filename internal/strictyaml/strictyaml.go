// Package strictyaml decodes the YAML that people write by hand: a key that is not known, given twice, or of
// the wrong kind is a finding with its line and column, never a value that is dropped in silence.
package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"filmpress/internal/report"
)

// maxBytes bounds what is parsed; no hand-written settings file or front matter comes near it.
const maxBytes = 1 << 20

// Decode reads one YAML document into the struct that into points to. Fields are named by their yaml tags;
// what the document leaves out keeps its value, so defaults are set before the call. firstLine is the line of
// name on which data begins (1 for a whole file). Every finding is an error.
func Decode(name string, data []byte, firstLine int, into any) []report.Finding {
	d := &decoder{name: name, shift: firstLine - 1, lines: strings.Split(string(data), "\n")}
	if len(data) > maxBytes {
		d.add(0, 0, "yaml-size", fmt.Sprintf("more than %d kB of settings", maxBytes>>10), "this does not look like a settings file")
		return d.findings
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		d.syntax(err)
		return d.findings
	}
	if len(doc.Content) > 0 {
		d.value(doc.Content[0], reflect.ValueOf(into).Elem(), "")
	}
	report.Sort(d.findings)
	return d.findings
}

// Place is where something begins in a document, both counted from 1.
type Place struct{ Line, Col int }

// Places tells where the items of the list begin that stands under a key of the document; none where there is no such list.
func Places(data []byte, key string) (places []Place) {
	var doc yaml.Node
	if len(data) > maxBytes || yaml.Unmarshal(data, &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	top := doc.Content[0]
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == key && top.Content[i+1].Kind == yaml.SequenceNode {
			for _, item := range top.Content[i+1].Content {
				places = append(places, Place{item.Line, item.Column})
			}
		}
	}
	return places
}

type decoder struct {
	name     string
	shift    int
	lines    []string
	findings []report.Finding
}

func (d *decoder) add(line, col int, rule, text, hint string) {
	f := report.Finding{Pos: report.Pos{File: d.name}, Severity: report.Error, Rule: rule, Text: text, Hint: hint}
	if line > 0 {
		f.Pos.Line, f.Pos.Col = line+d.shift, col
		if line <= len(d.lines) {
			f.Source = strings.TrimRight(d.lines[line-1], "\r")
		}
	}
	d.findings = append(d.findings, f)
}

func (d *decoder) at(n *yaml.Node, rule, text, hint string) {
	d.add(n.Line, n.Column, rule, text, hint)
}

var yamlError = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)

// syntax turns the parser's "yaml: line 3: text" into a finding.
func (d *decoder) syntax(err error) {
	line, text := len(d.lines), err.Error() // the parser names no line when it ran off the end
	if m := yamlError.FindStringSubmatch(text); m != nil {
		text = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	d.add(line, 0, "yaml-syntax", plainly(text), "check the indentation, the colons and the quotes on this line and the one before it")
}

// plain are the parser's words for what people get wrong most often, in ours.
var plain = []struct{ parser, ours string }{
	{"mapping values are not allowed", "a colon stands where none can be: a text with a colon in it needs quotes, or the line above is not finished"},
	{"did not find expected key", "this line is indented otherwise than those around it"},
	{"did not find expected '-' indicator", "an item of a list must begin with a hyphen, in the column of the others"},
	{"found character that cannot start any token", "a line begins with a tab, or with a sign that needs quotes"},
	{"tab character that violates indentation", "a line is indented with a tab; use spaces"},
	{"could not find expected ':'", "a key has no colon behind it"},
	{"did not find expected ',' or", "a bracket is not closed, or a comma is missing"},
	{"unexpected end of stream", "a quote is not closed"},
	{"block sequence entries are not allowed", "a hyphen stands where no list can begin"},
}

func plainly(text string) string {
	for _, p := range plain {
		if strings.Contains(text, p.parser) {
			return p.ours
		}
	}
	return "this is no YAML: " + text
}

var textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()

// Mapping is a field whose keys are no struct's: their owner judges them. Decode calls Key and then Put for each line of
// the mapping, in the file's order; an error of Key is told at the key, one of Put at the value. Key's error tells of the
// nearest known one.
type Mapping interface {
	Key(key string) error
	Put(key, value string) error
}

// value decodes one node into v; path is the key's dotted path for messages.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		d.at(n, "yaml-alias", "anchors and aliases (& and *) are not read here", "write the value out")
		return
	}
	t := v.Type()
	switch {
	case n.Tag == "!!null" && n.Kind == yaml.ScalarNode: // "key:" with nothing behind it keeps the default
	case reflect.PointerTo(t).Implements(textUnmarshaler):
		d.text(n, v, path)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[Mapping]()):
		d.open(n, v.Addr().Interface().(Mapping), path)
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		d.value(n, v.Elem(), path)
	case t.Kind() == reflect.Struct:
		d.mapping(n, v, path)
	case t.Kind() == reflect.Slice:
		d.sequence(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.at(n, "yaml-type", quoted(path)+" must be a list of keys and values", "write `key: value` lines, indented below it")
		return
	}
	fields := fieldsOf(v.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		index, ok := fields[key.Value]
		switch {
		case !ok:
			d.unknown(key, fields)
		case seen[key.Value]:
			d.at(key, "yaml-twice", fmt.Sprintf("key %q stands here a second time", key.Value), "keep one of the two")
		default:
			d.value(val, v.Field(index), strings.TrimPrefix(path+"."+key.Value, "."))
		}
		seen[key.Value] = true
	}
}

// open decodes a mapping whose keys its owner judges.
func (d *decoder) open(n *yaml.Node, m Mapping, path string) {
	if n.Kind != yaml.MappingNode {
		d.at(n, "yaml-type", quoted(path)+" must be a list of keys and values", "write `key: value` lines, indented below it")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			d.at(key, "yaml-twice", fmt.Sprintf("key %q stands here a second time", key.Value), "keep one of the two")
			continue
		}
		seen[key.Value] = true
		if err := m.Key(key.Value); err != nil {
			d.at(key, "yaml-key", err.Error(), "")
			d.findings[len(d.findings)-1].Width = len([]rune(key.Value))
		} else if val.Kind != yaml.ScalarNode {
			d.at(val, "yaml-type", quoted(path+"."+key.Value)+" must be a single value", "")
		} else if err := m.Put(key.Value, val.Value); err != nil {
			d.at(val, "yaml-value", err.Error(), "")
		}
	}
}

func (d *decoder) unknown(key *yaml.Node, fields map[string]int) {
	known := make([]string, 0, len(fields))
	for k := range fields {
		known = append(known, k)
	}
	slices.Sort(known)
	hint := "known here: " + strings.Join(known, ", ")
	if near := Nearest(key.Value, known); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	d.at(key, "yaml-key", fmt.Sprintf("unknown key %q", key.Value), hint)
	d.findings[len(d.findings)-1].Width = len([]rune(key.Value))
}

func (d *decoder) sequence(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.at(n, "yaml-type", quoted(path)+" must be a list", "write each item on a line of its own, after a dash")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		d.value(item, list.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
	v.Set(list)
}

func (d *decoder) text(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		d.at(n, "yaml-type", quoted(path)+" must be a single value", "")
		return
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.Value)); err != nil {
		d.at(n, "yaml-value", quoted(path)+": "+err.Error(), "")
	}
}

// kindWords says in words what a scalar of a kind looks like.
var kindWords = map[reflect.Kind]string{
	reflect.String: "a text", reflect.Bool: "true or false", reflect.Float64: "a number",
	reflect.Int: "a whole number", reflect.Int64: "a whole number",
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.ScalarNode {
		if v.Kind() == reflect.String { // a date or a number is a text to whoever asks for one
			v.SetString(n.Value)
			return
		}
		if n.Decode(v.Addr().Interface()) == nil {
			return
		}
	}
	d.at(n, "yaml-type", fmt.Sprintf("%s must be %s", quoted(path), kindWords[v.Kind()]), "")
}

func quoted(path string) string {
	if path == "" {
		return "the document"
	}
	return strconv.Quote(path)
}

// fieldsOf gives the index of each field by its yaml name; a field without a tag is not read.
func fieldsOf(t reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = i
		}
	}
	return fields
}

// Nearest is the known word that a mistyped one most likely stands for, or "" when none is close.
func Nearest(word string, known []string) string {
	best, at := "", max(2, len(word)/3)+1
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k)); n < at {
			best, at = k, n
		}
	}
	return best
}

// distance counts the single-letter edits between two words (Levenshtein).
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 { // no key is that long, and the table grows with the product
		return 64
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := diagonal
			if x[i] != y[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(y)]
}
