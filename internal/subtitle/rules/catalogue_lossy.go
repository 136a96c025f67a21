package rules

// lossy is a rule on what a conversion loses. All weigh the same: the text itself is kept, or the loss is an error.
func lossy(id, title, why, bad, mend string) Rule {
	return Rule{ID: id, Level: Warn, Title: title, Why: why, Source: "the target format's own specification", Bad: bad, Good: "This is our house.", Mend: mend}
}

const (
	keepBoth  = "Keep the file that you have; write it into a format that has it (filmpress subs convert --to vtt)."
	byHand    = "Look at the cue, and write it so that it says the same without."
	lostStyle = "The text is kept; it looks plainer."
)

// lossyRules are about what the format that is written does not have.
var lossyRules = []Rule{
	lossy("lossy-note", "SRT has no notes", "What the translator noted is left out.", "NOTE the name is not certain", keepBoth),
	lossy("lossy-style", "The format has no style sheets", lostStyle, "STYLE\n::cue { color: yellow }", keepBoth),
	lossy("lossy-region", "The format has no regions", "Text meant for a corner of the picture stands at its usual place.", "REGION\nid:left", keepBoth),
	lossy("lossy-header", "The format has no header", "What stands in the header is left out.", "WEBVTT - Winter", keepBoth),
	lossy("lossy-id", "The format counts its cues", "Names of cues are left out.", "intro\n00:01.000 --> 00:03.000\nThis is our house.", keepBoth),
	lossy("lossy-position", "The format knows fewer places on the picture", "The text stands near the place it was meant for, not on it.", "00:01.000 --> 00:03.000 position:33%\nThis is our house.", byHand),
	lossy("lossy-voice", "The format has no voices", "Viewers are not told who speaks.", "<v Anna>This is our house.", "Write the name into the text: ANNA: This is our house."),
	lossy("lossy-timestamp", "The format has no times inside a cue", "The words of the cue appear together.", "This is <00:02.000>our house.", keepBoth),
	lossy("lossy-ruby", "The format has no ruby", "The reading follows the word.", "<ruby>漢<rt>かん</rt></ruby>", byHand),
	lossy("lossy-lang", "The format has no language spans", "The text is kept; a screen reader reads it in the wrong voice.", "<lang fr>Bonjour</lang>", keepBoth),
	lossy("lossy-class", "The format has no classes", lostStyle, "<c.loud>This is our house.</c>", keepBoth),
	lossy("lossy-strike", "The format has no struck-out text", lostStyle, "<s>This is our house.</s>", byHand),
	lossy("lossy-color", "The format does not have the colour", lostStyle, "<font color=\"#123456\">This is our house.</font>", byHand),
	lossy("lossy-font", "The format has no fonts and sizes", lostStyle, "{\\fnArial\\fs30}This is our house.", keepBoth),
	lossy("lossy-markup", "The format has no italics, bold or underline", lostStyle, "<i>This is our house.</i>", keepBoth),
	lossy("lossy-time", "The format counts time in frames", "Times are rounded to the nearest frame.", "00:00:01,010 --> 00:00:03,000\nThis is our house.", "Nothing is to be done; name the film's rate with --fps."),
	{ID: "lossy-character", Level: Error, Title: "The format has the character", Source: "EBU Tech 3264, ISO 6937; CEA-608", Why: "The letter is left out, or another stands for it.",
		Bad: "Бул биздин үй.", Good: "This is our house.", Mend: "Convert into a format that has it: WebVTT, SRT and TTML have all."},
	{ID: "lossy-line", Level: Warn, Title: "The format has room for the line", Source: "EBU Tech 3264; CEA-608", Why: "The line is broken anew, or its end is missing.",
		Bad: "The snow stayed until the end of May and the road was closed.", Good: "The snow stayed until the end of May,\nand the road was closed.", Mend: "Break the line before the file is converted."},
	{ID: "lossy-cue", Level: Error, Title: "Every cue of the source is in the target", Source: "our own", Why: "Text would be lost in silence.",
		Bad: "(a cue that the library which reads the format drops)", Good: "This is our house.", Mend: "Look at the place, and mend the source there."},
	lossy("ass-override", "ASS codes have something like them in the target", "Karaoke, movement, fading and turned text are gone; the words are kept.", "{\\k40}This {\\k30}is our house.", keepBoth),
	lossy("ass-drawing", "ASS drawings have something like them in the target", "What was drawn is left out.", "{\\p1}m 0 0 l 100 0 100 100{\\p0}", keepBoth),
	lossy("ass-effect", "ASS effects, layers and margins have something like them in the target", "Scrolling text stands still.", "Dialogue: 1,0:00:01.00,0:00:03.00,Default,,0,0,0,Banner;50,This is our house.", keepBoth),
	lossy("ass-style", "ASS styles have something like them in the target", lostStyle, "Style: Shout,Impact,48", keepBoth),
	lossy("stl-header", "The header of an STL file has something like it in the target", "Titles, translator and revision are left out.", "(GSI block: original programme title)", keepBoth),
	lossy("stl-teletext", "Teletext codes have something like them in the target", lostStyle, "(double height, boxing)", keepBoth),
	lossy("stl-cumulative", "Cumulative subtitles have something like them in the target", "Each part is a cue of its own.", "(cumulative status 1, 2, 3)", byHand),
	lossy("ttml-style", "TTML styles and layouts have something like them in the target", lostStyle, "<p tts:fontSize=\"150%\">This is our house.</p>", keepBoth),
	lossy("ttml-metadata", "TTML metadata have something like them in the target", "Titles, agents and copyright are left out.", "<ttm:agent xml:id=\"anna\" type=\"person\"/>", keepBoth),
	{ID: "ttml-image", Level: Error, Title: "A TTML file has text, not pictures of it", Source: "TTML Profiles for Internet Media Subtitles and Captions (IMSC 1.1) 8: image profile", Why: "Pictures have no text that could be carried over.",
		Bad: "<smpte:image>", Good: "<p>This is our house.</p>", Mend: "Ask for the text profile, or type the text."},
	{ID: "ttml-time", Level: Error, Lesser: Warn, When: "where the time could be worked out", Title: "TTML times can be read", Source: "TTML2 12.3", Why: "The text has no time, so it is never shown.",
		Bad: "<p begin=\"soon\" dur=\"2s\">This is our house.</p>", Good: "<p begin=\"1s\" dur=\"2s\">This is our house.</p>", Mend: "Write begin and end as 00:00:01.000."},
}
