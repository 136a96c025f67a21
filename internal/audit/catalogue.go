package audit

import (
	"slices"

	"filmpress/internal/report"
)

// Rule is one thing that is checked.
type Rule struct {
	ID     string
	Level  report.Severity // the highest with which it is told
	Title  string          // what is right, in one sentence without full stop
	Source string          // where it stands
	Why    string
	Mend   string
}

// Catalogue is all rules, in the order of docs/verify-rules.md.
func Catalogue() []Rule {
	var all []Rule
	for _, g := range Groups() {
		all = append(all, g.Rules...)
	}
	return all
}

// Group is rules of one kind.
type Group struct {
	Title string
	Rules []Rule
}

// Groups is the catalogue by kind.
func Groups() []Group {
	return []Group{
		{"The playlists as text", syntaxRules}, {"RFC 8216", rfcRules}, {"Pictures", pictureRules}, {"AV1", av1Rules}, {"Sound and subtitles", soundRules},
		{"Segments and playlists", segmentRules}, {"The multivariant playlist", masterRules}, {"Delivery", deliveryRules},
		{"Where references lead", referenceRules}, {"Releases of filmpress", releaseRules}, {"The library", libraryRules}, {"DASH", dashRules}, {"Metadata", privacyRules}, {"Decoding, with --deep", deepRules},
	}
}

// Lookup gives a rule by its ID.
func Lookup(id string) (Rule, bool) {
	all := Catalogue()
	i := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return all[i], true
}

// mends are the catalogue's, by ID.
var mends = func() map[string]string {
	out := map[string]string{}
	for _, r := range Catalogue() {
		out[r.ID] = r.Mend
	}
	return out
}()

func mend(rule string) string { return mends[rule] }
