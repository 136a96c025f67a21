package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"filmpress/internal/strictyaml"
	"filmpress/internal/subtitle/rules"
)

// explain tells everything about a rule.
func (a *app) explain(f checkFlags) error {
	if len(f.paths) > 0 {
		return usagef("--explain tells about a rule and checks nothing; leave the files out")
	}
	all := checkRules()
	i := slices.IndexFunc(all, func(r rules.Rule) bool { return r.ID == f.explain })
	if i < 0 {
		var ids []string
		for _, r := range all {
			ids = append(ids, r.ID)
		}
		return noSuchRule(f.explain, ids, "there are "+strings.Join(ids, ", "))
	}
	_, err := fmt.Fprint(a.out, explained(all[i]))
	return err
}

// noSuchRule names the rule that a mistyped one most likely stands for, or says where all are.
func noSuchRule(id string, known []string, all string) error {
	if near := strictyaml.Nearest(id, known); near != "" {
		return usagef("there is no rule %q; did you mean %s?", id, near)
	}
	return usagef("there is no rule %q; %s", id, all)
}

// explained is a rule as a text.
func explained(r rules.Rule) string {
	var b strings.Builder
	level := r.Level.String()
	if r.Lesser != rules.Off {
		level += ", or " + r.Lesser.String() + " " + r.When
	}
	fmt.Fprintf(&b, "%s (%s)\n%s.\n", r.ID, strings.ToLower(r.Group), r.Title)
	part := func(head, text string) {
		if text = strings.TrimSpace(text); text == "" {
			return
		}
		fmt.Fprintf(&b, "\n%s\n", head)
		for line := range strings.Lines(text) {
			fmt.Fprintf(&b, "  %s\n", strings.TrimRight(line, "\n"))
		}
	}
	part("Why:", r.Why)
	part("Level:", level)
	part("Thresholds:", thresholds(r))
	part("Source:", r.Source)
	part("Wrong:", r.Bad)
	part("Right:", r.Good)
	part("Mend:", r.Mend)
	if r.Fixable {
		part("By itself:", "filmpress subs fix FILE --only "+r.ID)
	}
	if _, known := rules.Lookup(r.ID); known {
		part("To change it:", "--rule "+r.ID+"=off, or in .filmpress-subs.yml: rules: {"+r.ID+": off}")
	}
	return b.String()
}

// thresholds are a rule's, a line each.
func thresholds(r rules.Rule) string {
	var b strings.Builder
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	for _, p := range r.Params {
		fmt.Fprintf(&b, "%s.%s = %s %s", r.ID, p.Name, number(p.Default), p.Unit)
		var langs []string
		for lang, v := range p.ByLanguage {
			langs = append(langs, lang+" "+number(v))
		}
		if slices.Sort(langs); len(langs) > 0 {
			fmt.Fprintf(&b, " (%s)", strings.Join(langs, ", "))
		}
		if p.Meaning != "" {
			b.WriteString(": " + p.Meaning)
		}
		b.WriteString("\n")
	}
	return b.String()
}
