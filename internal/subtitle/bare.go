package subtitle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// Bare is the track as it is given to strangers, in one of WebVTT and SRT: what viewers read and how it looks, written anew from what a player makes of
// the file. Everything else that a file can hold says more than its author knows: comments, the words behind WEBVTT, names of cues, of regions and of
// classes, tags that no player knows, and what stands in those that it does.
func (t Track) Bare(f Format) Track {
	out := Track{Name: t.Name, Format: f, Language: t.Language, Charset: t.Charset, BOM: t.BOM && f == SRT && t.Format == SRT}
	if t.Format == f && f == SRT {
		out.layout.eol = t.layout.eol
	}
	b := barer{track: t, regions: map[string]*Region{}, classes: map[string]string{}}
	for _, block := range t.Blocks {
		if block.Kind == Style && f == WebVTT {
			b.styled(block.Text)
		}
	}
	for i := range t.Cues {
		out.Cues = append(out.Cues, b.cue(t.Cues[i], f))
	}
	if f == WebVTT {
		out.Blocks = append(b.blocks(), b.style()...)
	}
	return out
}

// barer names anew what has a name in a track.
type barer struct {
	track   Track
	regions map[string]*Region // those that cues are shown in, by their first name
	order   []*Region
	rules   []cueRule
	classes map[string]string // by their first name; "" are those that no rule speaks of
}

func (b *barer) cue(c Cue, f Format) Cue {
	out := Cue{Start: c.Start, End: c.End, Markup: f}
	tree := c.Tree()
	var text strings.Builder
	settings := c.Settings()
	if f == SRT {
		an := settings.alignment()
		if c.Markup == SRT {
			an = alignment(c.Raw)
		}
		if an != 0 && (an != 2 || c.Markup == SRT) {
			fmt.Fprintf(&text, `{\an%d}`, an)
		}
		tree.writeSRT(&text)
		out.Raw = breakArrows(keepLines(oneEnd.Replace(text.String()), func(line string) bool { return !blank(line) }))
		out.SetSettings(settings)
		return out
	}
	b.bareTree(tree)
	tree.writeVTT(&text)
	written := keepLines(oneEnd.Replace(text.String()), func(line string) bool { return line != "" })
	out.Raw = strings.ReplaceAll(written, "-->", "--&gt;")
	if r := settings.Region; r != nil {
		settings.Region = b.region(r)
	}
	out.SetSettings(settings)
	return out
}

// oneEnd makes one of the line endings that a reference may stand for.
var oneEnd = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// region is a region under a name that says nothing.
func (b *barer) region(r *Region) *Region {
	named, known := b.regions[r.ID]
	if !known {
		copied := *r
		copied.ID = fmt.Sprintf("r%d", len(b.order)+1)
		named = &copied
		b.regions[r.ID], b.order = named, append(b.order, named)
	}
	return named
}

// blocks are the regions that cues are shown in.
func (b *barer) blocks() (out []Block) {
	for _, r := range b.order {
		out = append(out, Block{Kind: Regions, Text: r.text(), Region: r})
	}
	return out
}

// text is the region's block.
func (r Region) text() string {
	lines := []string{"REGION", "id:" + r.ID, "width:" + formatNumber(r.Width) + "%", "lines:" + formatNumber(r.Lines),
		"regionanchor:" + formatNumber(r.RegionAnchorX) + "%," + formatNumber(r.RegionAnchorY) + "%",
		"viewportanchor:" + formatNumber(r.ViewportAnchorX) + "%," + formatNumber(r.ViewportAnchorY) + "%"}
	if r.Scroll != "" {
		lines = append(lines, "scroll:"+r.Scroll)
	}
	return strings.Join(lines, "\n")
}

// usualClass are the classes that every player knows (WebVTT 5.1): the colours, and those of the background.
func usualClass(name string) bool {
	name = strings.TrimPrefix(name, "bg_")
	for _, color := range colorNames {
		if color == name {
			return true
		}
	}
	return false
}

// class is the name under which a class is published, "" where it says nothing to a player.
func (b *barer) class(name string) string {
	if usualClass(name) {
		return name
	}
	return b.classes[name]
}

// bareTree names classes anew, and takes out languages that are none.
func (b *barer) bareTree(n *Node) {
	n.Walk(func(n *Node) {
		n.Classes = slices.DeleteFunc(slices.Clone(n.Classes), func(name string) bool { return b.class(name) == "" })
		for i, name := range n.Classes {
			n.Classes[i] = b.class(name)
		}
		if n.Kind == Lang && !isLanguage(n.Value) {
			n.Kind, n.Value = Class, ""
		}
	})
}

// isLanguage says whether a span's language is one, without a part of somebody's own.
func isLanguage(name string) bool {
	tag, err := language.Parse(name)
	if err != nil {
		return false
	}
	_, private := tag.Extension('x')
	return !private
}

// cueRule is a rule of a style block, as far as it is published.
type cueRule struct {
	tag, classes, rest string // of what stands in ::cue(...): "c", ".first.names", ":past"; all "" is all cues
	body               string // declarations
}

var (
	cssComment   = regexp.MustCompile(`(?s)/\*.*?(?:\*/|$)`)
	cssRule      = regexp.MustCompile(`([^{}]*)\{([^{}]*)\}`)
	cueSelector  = regexp.MustCompile(`^(?:video)?::cue(?:\(\s*([^()]*(?:\([^()]*\))?[^()]*?)\s*\))?$`)
	cueTarget    = regexp.MustCompile(`^(c|i|b|u|ruby|rt|v|lang)?((?:\.[A-Za-z_][\w-]*)*)(\[voice="([^"\\<>\n]*)"\]|:past|:future|:lang\([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,4}){0,2}\))?$`)
	cssValue     = regexp.MustCompile(`^(?:(?:[+-]?[\d.]+(?:px|em|rem|%|vh|vw|pt|deg)?|#[0-9a-f]{3,8}|` + cssWords + `|!important)(?:[\s,()]+|$))+$`)
	cueProperty  = regexp.MustCompile(`^(?:color|opacity|visibility|text-decoration(?:-[a-z]+)?|text-shadow|background(?:-color)?|outline(?:-[a-z]+)?|font(?:-(?:size|style|weight|stretch|variant|family))?|line-height|white-space|text-combine-upright|ruby-position)$`)
	classInStyle = regexp.MustCompile(`\.([A-Za-z_][\w-]*)`)
)

// cssWords are the words that values of the properties may have. Others are a name, or a colour that few use.
const cssWords = `rgba?|hsla?|transparent|currentcolor|aqua|black|blue|brown|cyan|fuchsia|gold|gray|grey|green|lime|magenta|maroon|navy|olive|orange|pink|purple|red|silver|teal|violet|white|yellow|` +
	`none|normal|inherit|initial|unset|bold|bolder|lighter|italic|oblique|underline|overline|line-through|solid|dotted|dashed|double|wavy|visible|hidden|` +
	`pre|pre-wrap|pre-line|nowrap|small-caps|xx-small|x-small|small|medium|large|x-large|xx-large|smaller|larger|thin|thick|all|over|under|` +
	`serif|sans-serif|monospace|cursive|fantasy|system-ui`

// styled reads a style block: rules for cues, with declarations that change nothing but how they look.
func (b *barer) styled(block string) {
	_, sheet, _ := strings.Cut(block, "\n")
	sheet = cssComment.ReplaceAllString(sheet, " ")
	for _, rule := range cssRule.FindAllStringSubmatch(sheet, -1) {
		body := declarations(rule[2])
		if body == "" {
			continue
		}
		for selector := range strings.SplitSeq(rule[1], ",") {
			inside := cueSelector.FindStringSubmatch(strings.TrimSpace(selector))
			if inside == nil {
				continue
			}
			target := cueTarget.FindStringSubmatch(inside[1])
			if target == nil || target[4] != "" && !b.speaks(target[4]) {
				continue
			}
			for _, class := range classInStyle.FindAllStringSubmatch(target[2], -1) {
				if _, known := b.classes[class[1]]; !known && !usualClass(class[1]) {
					b.classes[class[1]] = fmt.Sprintf("s%d", len(b.classes)+1)
				}
			}
			b.rules = append(b.rules, cueRule{target[1], target[2], target[3], body})
		}
	}
}

// declarations are those of a rule that are known.
func declarations(body string) string {
	var out []string
	for one := range strings.SplitSeq(body, ";") {
		name, value, ok := strings.Cut(one, ":")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.Join(strings.Fields(value), " ")
		if ok && cueProperty.MatchString(name) && cssValue.MatchString(strings.ToLower(value)) {
			out = append(out, name+": "+strings.ToLower(value))
		}
	}
	return strings.Join(out, "; ")
}

// speaks says whether a voice has a line: then its name is published anyway.
func (b *barer) speaks(voice string) (yes bool) {
	for _, c := range b.track.Cues {
		c.Tree().Walk(func(n *Node) { yes = yes || n.Kind == Voice && n.Value == voice })
	}
	return yes
}

// style is the block of all rules.
func (b *barer) style() []Block {
	if len(b.rules) == 0 {
		return nil
	}
	text := "STYLE"
	for _, r := range b.rules {
		selector := r.tag + classInStyle.ReplaceAllStringFunc(r.classes, func(class string) string { return "." + b.class(class[1:]) }) + r.rest
		if selector != "" {
			selector = "(" + selector + ")"
		}
		text += "\n::cue" + selector + " { " + r.body + " }"
	}
	return []Block{{Kind: Style, Text: text}}
}
