package repair

import "filmpress/internal/subtitle"

// fix mends one rule.
type fix struct {
	rule    string
	does    string // what happens to each place: "numbered anew"
	format  subtitle.Format
	also    string // another rule by which its places are found
	unasked bool   // where no rule finds it: what it mends is not seen any more in the decoded text
	asked   bool   // only where Options.Only names it
	drops   bool   // takes out cues whose words stand in another cue, or that have none
	gains   bool   // text that no player showed before is shown after it, or comes out in other letters; see guard
	apply   func(*work) int
}

// fixes are in the order in which they are applied: first what decides how the file is read, then what makes cues of
// lines, then their text, then which cues there are and when, and last their numbers.
var fixes = []fix{
	{rule: "enc-not-utf8", does: "written as UTF-8", unasked: true, apply: toUTF8},
	{rule: "enc-bom", does: "byte order mark taken away", unasked: true, apply: dropBOM},

	{rule: "vtt-signature", does: "first line made WEBVTT", format: subtitle.WebVTT, gains: true, apply: signature},
	{rule: "vtt-header-blank", does: "blank line put under the header", format: subtitle.WebVTT, apply: headerBlank},
	{rule: "srt-timestamp", does: "timing line written in SRT's form", format: subtitle.SRT, apply: srtTimestamp},
	{rule: "vtt-timestamp", also: "vtt-text-outside", does: "timing line written in WebVTT's form", format: subtitle.WebVTT, gains: true, apply: vttTimestamp},
	{rule: "vtt-arrow-in-text", does: "cue set apart from the one above, or its --> written as text", format: subtitle.WebVTT, gains: true, apply: arrowInText},
	{rule: "vtt-id-blank", does: "number put above its timing line", format: subtitle.WebVTT, apply: idBlank},
	{rule: "vtt-setting-value", does: "align:middle written align:center", format: subtitle.WebVTT, apply: settingValues},
	{rule: "vtt-setting-dup", does: "setting taken out that a later one replaces", format: subtitle.WebVTT, apply: settingTwice},
	{rule: "srt-blank-missing", does: "blank line put above the cue", format: subtitle.SRT, apply: blankMissing},
	{rule: "srt-blank-in-cue", does: "blank lines taken out of the cue", format: subtitle.SRT, apply: blankInCue},

	{rule: "srt-escape", does: "escape written as the line break or space that it stands for", format: subtitle.SRT, apply: escapes},
	{rule: "chr-mojibake", does: "letters decoded again", gains: true, apply: mojibake},
	{rule: "chr-control", does: "control characters taken out", apply: controls},
	{rule: "chr-zero-width", does: "invisible characters taken out", apply: zeroWidths},
	{rule: "chr-homoglyph", does: "letters of another script replaced in a word", apply: homoglyphs},
	{rule: "chr-ellipsis", does: "three dots made one character", apply: ellipses},
	{rule: "vtt-entity", does: "& or < written as text", format: subtitle.WebVTT, gains: true, apply: entities},
	{rule: "vtt-tag-nesting", does: "closing tag put right", format: subtitle.WebVTT, apply: vttNesting},
	{rule: "vtt-tag-unclosed", does: "tag closed", format: subtitle.WebVTT, apply: vttUnclosed},
	{rule: "srt-tag", does: "tag closed, or a closing one without beginning taken out", format: subtitle.SRT, apply: srtTags},

	{rule: "cue-empty", does: "cue without text taken out", drops: true, apply: emptyCues},
	{rule: "cue-duplicate", does: "repeated cue taken out", drops: true, apply: duplicates},
	{rule: "vtt-order", does: "cue moved to its time", format: subtitle.WebVTT, apply: order},
	{rule: "srt-order", does: "cue moved to its time", format: subtitle.SRT, apply: order},
	{rule: "cue-overlap", does: "earlier cue ended where the next begins", apply: overlaps},
	{rule: "cue-min-gap", does: "gap made two frames", apply: smallGaps},
	{rule: "cue-gap-bridge", does: "gap closed to two frames", asked: true, apply: bridges},
	{rule: "srt-index", does: "numbered anew", format: subtitle.SRT, apply: indexes},
}
