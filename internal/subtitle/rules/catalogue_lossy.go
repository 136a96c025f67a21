package rules

// lossy is a rule on what a conversion loses.
func lossy(what, title, why, bad, mend string) Rule {
	return Rule{ID: "lossy-" + what, Level: Warn, Title: title, Why: why, Source: "the specification of the format that is written", Bad: bad, Good: "This is our house.", Mend: mend}
}

const (
	keepBoth  = "Keep the file that you have, or convert into a format that has it."
	byHand    = "Look at the cue, and write it so that it says the same without."
	lostStyle = "The text is kept; it looks plainer."
)

// lossyRules are about what the format that is written does not have.
var lossyRules = []Rule{
	lossy("note", "The format has notes", "What the translator noted is left out.", "NOTE the name is not certain", keepBoth),
	lossy("style", "The format has style sheets, or styles such as these", lostStyle, "STYLE\n::cue { color: yellow }", keepBoth),
	lossy("region", "The format has regions", "Text meant for a corner of the picture stands at its usual place.", "REGION\nid:left", keepBoth),
	lossy("header", "The format has a header", "What stands in the header is left out.", "WEBVTT - Winter", keepBoth),
	lossy("id", "The format has names for cues", "The names are left out; cues are counted.", "intro\n00:01.000 --> 00:03.000\nThis is our house.", keepBoth),
	lossy("position", "The format knows the place on the picture", "The text stands near the place that it was meant for, not on it.", "00:01.000 --> 00:03.000 position:33%\nThis is our house.", byHand),
	lossy("voice", "The format has voices", "Viewers are not told who speaks.", "<v Anna>This is our house.", "Write the name into the text: ANNA: This is our house."),
	lossy("timestamp", "The format has times inside a cue", "The words of the cue appear together.", "This is <00:02.000>our house.", keepBoth),
	lossy("ruby", "The format has ruby", "The reading follows the word.", "<ruby>漢<rt>かん</rt></ruby>", byHand),
	lossy("lang", "The format has language spans", "The text is kept; a screen reader reads it in the wrong voice.", "<lang fr>Bonjour</lang>", keepBoth),
	lossy("class", "The format has classes", lostStyle, "<c.loud>This is our house.</c>", keepBoth),
	lossy("strike", "The format has struck-out text", lostStyle, "<s>This is our house.</s>", byHand),
	lossy("bold", "The format has bold text", lostStyle, "<b>This is our house.</b>", byHand),
	lossy("color", "The format has the colour", lostStyle, "<font color=\"#123456\">This is our house.</font>", byHand),
	lossy("background", "The format has the colour behind the text", lostStyle, "<c.bg_blue>This is our house.</c>", byHand),
	lossy("font", "The format has fonts and sizes", lostStyle, "{\\fnArial\\fs30}This is our house.", keepBoth),
	lossy("karaoke", "The format has karaoke", "The words are kept; they appear together.", "{\\k40}This {\\k30}is our house.", keepBoth),
	lossy("effect", "The format has movement, fades, outlines and turned text", "The words are kept; they stand still.", "{\\move(0,0,100,100)}This is our house.", keepBoth),
	lossy("drawing", "The format has drawings", "What was drawn is left out.", "{\\p1}m 0 0 l 100 0 100 100{\\p0}", keepBoth),
	lossy("cumulative", "The format adds subtitles to those on the picture", "Each part is a cue of its own.", "(EBU STL, cumulative status 1, 2, 3)", byHand),
	lossy("time", "The format has the time", "The cue is cut, or left out.", "25:00:00,000 --> 25:00:03,000\nThis is our house.", "Correct the times, or shift the track (--shift)."),
	lossy("char", "The format has the character", "The letter is left out, or another stands for it.", "Бул биздин үй.", "Convert into a format that has it: WebVTT, SRT and TTML have all."),
}

// reading is a rule that the reader of a format has, which is judged where a file is converted.
func reading(id string, l Level, title, why, source, bad, good, mend string) Rule {
	return Rule{ID: id, Level: l, Title: title, Why: why, Source: source, Bad: bad, Good: good, Mend: mend}
}

const (
	lostText = "The text is lost."
	again    = "Export it again from the program that it was made in."
	anew     = "Copy or export the file again."

	assSource  = "Advanced SubStation Alpha, as its readers have it"
	stlSource  = "EBU Tech 3264"
	ttmlSource = "TTML2"
	sccSource  = "CEA-608; Scenarist SCC, as its readers have it"

	assGood  = "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,This is our house."
	stlGood  = "(a whole EBU STL file)"
	ttmlGood = "<p begin=\"1s\" end=\"3s\">This is our house.</p>"
	sccGood  = "00:00:01:00\t9420 9470 c8ef f5f3 e5ae 942f"
)

// foreignRules are about files in the formats that are read to be converted.
var foreignRules = []Rule{
	reading("ass-comment", Info, "Comments are shown by no player", "They are left out.", assSource, "Comment: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,ask Anna", assGood, "Nothing is to be done."),
	reading("ass-count", Error, "Every line of dialogue is read", lostText, "our own", "(a line of dialogue that was passed over)", assGood, "Look at the lines, and report the file to us."),
	reading("ass-dialogue", Error, "A line of dialogue has all its fields", lostText, assSource, "Dialogue: 0,0:00:01.00", assGood, "Write the fields that the Format line names."),
	reading("ass-time", Error, "Times are written 0:01:02.34", lostText, assSource, "Dialogue: 0,soon,0:00:03.00,Default,,0,0,0,,This is our house.", assGood, "Correct the time."),

	reading("stl-charset", Error, "The table of characters is known", "Letters outside ASCII may be wrong.", stlSource+", character code table", "(code table 09)", stlGood, "Export the file again with the Latin or the Cyrillic table."),
	reading("stl-comment", Info, "Comments are shown by no player", "They are left out.", stlSource+", comment flag", "(a block with the comment flag)", stlGood, "Nothing is to be done."),
	{ID: "stl-count", Level: Error, Lesser: Warn, When: "where the file has more than it says", Title: "The file has as many blocks as it says", Why: "Its end is missing, or was added later.", Source: stlSource + ", total number of TTI blocks",
		Bad: "(a file that was cut)", Good: stlGood, Mend: anew},
	reading("stl-rate", Warn, "The file says how many frames a second has", "Times may be wrong by a part of a second.", stlSource+", disk format code", "(no disk format code)", stlGood, "Name the rate: --fps 25."),
	reading("stl-start", Info, "Times are counted from the begin of the programme", "A file that begins at ten hours would have no cue within the film.", stlSource+", time code: start-of-programme", "(start of programme 10:00:00:00)", stlGood, "Nothing is to be done."),
	reading("stl-time", Error, "Times lie behind the begin of the programme", lostText, stlSource+", time code in", "(time code in before the start of the programme)", stlGood, "Correct the times."),
	reading("stl-truncated", Error, "The file ends behind a block", lostText, stlSource, "(a file that was cut)", stlGood, anew),

	reading("ttml-count", Error, "Every paragraph is read", lostText, "our own", "(a paragraph that was passed over)", ttmlGood, "Look at the paragraphs, and report the file to us."),
	reading("ttml-end", Warn, "A paragraph has an end", "It is shown until the next one begins, or for five seconds.", ttmlSource+" 12.2", "<p begin=\"1s\">This is our house.</p>", ttmlGood, "Give it an end or a dur."),
	reading("ttml-hidden", Warn, "A paragraph can be seen", "No player shows it; it is left out.", ttmlSource+" 10.2", "<p tts:display=\"none\">This is our house.</p>", ttmlGood, "Take the style away, or the text."),
	reading("ttml-nesting", Error, "Elements do not stand too deep in one another", lostText, "our own", "(hundreds of <span>)", ttmlGood, again),
	reading("ttml-picture", Error, "The file has text, not pictures of it", "Pictures have no text that could be carried over.", "IMSC 1.1, image profile", "<div smpte:backgroundImage=\"#a\"/>", ttmlGood, "Ask for a file with text, or read it with an OCR program."),
	reading("ttml-stray", Warn, "Text stands in a paragraph", "No player shows it.", ttmlSource+" 8.1", "<div>This is our house.</div>", ttmlGood, "Put it into a <p> with times."),
	reading("ttml-syntax", Error, "The XML is whole", "What follows cannot be read.", "XML 1.0", "<p begin=\"1s\">This is our house.", ttmlGood, anew),
	reading("ttml-time", Error, "Times can be read", lostText, ttmlSource+" 12.3", "<p begin=\"soon\" end=\"3s\">This is our house.</p>", ttmlGood, "Write them as 00:01:02.345."),

	reading("scc-channel", Warn, "The file has one channel of captions", "Only the first, CC1, is read.", sccSource, "(CC1 and CC3)", sccGood, "Ask for a file of each channel."),
	reading("scc-count", Error, "Every caption is read", lostText, "our own", "(a caption that was passed over)", sccGood, again),
	reading("scc-end", Warn, "A caption is taken away again", "It ends after five seconds.", sccSource, "(no erase command)", sccGood, "Nothing is to be done, where the next text is far away."),
	reading("scc-line", Error, "A line is a time code, a tab, and groups of four hexadecimal digits", lostText, sccSource, "00:00:01:00 942", sccGood, anew),
	reading("scc-unshown", Warn, "A caption that is sent is shown", "No viewer sees it.", sccSource, "(no end-of-caption command)", sccGood, again),
}
