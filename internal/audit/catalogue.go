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

// Omission is what the authoring specification says of films, and nothing here checks.
type Omission struct {
	Number, What, Why string
}

// Omissions are told in docs/verify-rules.md: whoever reads that a presentation is sound shall know what that leaves out.
var Omissions = []Omission{
	{"1.15", "30i becomes 60p, not 30p", "what the film was made of is not there to compare with"},
	{"1.25", "Average rates of the ladder", "the specification calls its table one possible choice"},
	{"2.20 to 2.23", "What a sound tells of its loudness is true", "the codecs' own fields are not looked into; `--deep` holds the sounds of a film against each other (2.18)"},
	{"6.7", "Average rates of I-frame playlists", "the specification calls its tables one possible choice, for one picture a second; I-frames that lie in the segments (6.3) cost what the keyframes cost"},
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
