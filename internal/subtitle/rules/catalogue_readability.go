package rules

// Sources of the readability rules.
const (
	netflixGeneral = "Netflix Timed Text Style Guide, general requirements"
	netflixTiming  = "Netflix Timed Text Style Guide, subtitle timing"
	subtitleEdit   = "Subtitle Edit"
)

// readability are the rules of reading speed and of lines.
var readability = []Rule{
	{ID: "cue-min-duration", Level: Warn, Title: "A cue is shown long enough to be seen", Source: netflixGeneral + "; " + subtitleEdit,
		Why: "It flashes up and is gone before the eye has found it.",
		Bad: srt("00:00:01,000 --> 00:00:01,400\nYes."), Good: srt("00:00:01,000 --> 00:00:02,000\nCome in."),
		Mend:   "End it later, or put it together with its neighbour.",
		Params: []Param{{Name: "min", Default: 833, Unit: "ms"}}},
	{ID: "cue-max-duration", Level: Warn, Title: "A cue is not shown too long", Source: netflixGeneral,
		Why: "Viewers read it again and again, and miss the picture.",
		Bad: srt("00:00:01,000 --> 00:00:12,000\nThis is our house."), Good: srt("00:00:01,000 --> 00:00:04,000\nThis is our house."),
		Mend:   "End it earlier, or divide it.",
		Params: []Param{{Name: "max", Default: 7000, Unit: "ms"}}},
	{ID: "cue-min-gap", Level: Warn, Title: "Between two cues there is no gap, or one that can be seen", Source: netflixGeneral + "; " + netflixTiming, Fixable: true,
		Why:    "A gap of one frame flickers. Without any, the eye may not notice that the text has changed, but nothing flickers.",
		Bad:    srt("00:00:01,000 --> 00:00:03,960\nThis is our house.", "00:00:04,000 --> 00:00:06,000\nCome in."),
		Good:   srt("00:00:01,000 --> 00:00:03,900\nThis is our house.", "00:00:04,000 --> 00:00:06,000\nCome in."),
		Mend:   "End the first cue a little earlier.",
		Params: []Param{{Name: "frames", Default: 2, Unit: "frames", Meaning: "of the film's rate, 24 a second where it is not known; a gap is rounded to whole frames"}}},
	{ID: "cue-gap-bridge", Level: Info, Title: "A gap of a few frames is closed", Source: netflixTiming, Fixable: true,
		Why:    "The text blinks off and on again.",
		Bad:    srt("00:00:01,000 --> 00:00:03,700\nThis is our house.", "00:00:04,000 --> 00:00:06,000\nCome in."),
		Good:   srt("00:00:01,000 --> 00:00:03,917\nThis is our house.", "00:00:04,000 --> 00:00:06,000\nCome in."),
		Mend:   "End the first cue two frames before the next one.",
		Params: []Param{{Name: "min", Default: 3, Unit: "frames", Meaning: "from here on"}, {Name: "max", Default: 500, Unit: "ms", Meaning: "shorter than this"}}},
	{ID: "cue-cps", Level: Warn, Title: "A cue can be read in its time", Source: "Netflix Timed Text Style Guide, the language's reading speed, as " + subtitleEdit + " has it",
		Why:  "Viewers do not get to the end of the text, and see nothing of the picture. Characters are counted as people see them, spaces included, without tags and line breaks.",
		Bad:  srt("00:00:01,000 --> 00:00:02,500\nThe snow stayed until the end of May,\nand the road was closed all the time."),
		Good: srt("00:00:01,000 --> 00:00:05,500\nThe snow stayed until the end of May,\nand the road was closed all the time."),
		Mend: "Show it longer, shorten the text, or divide it.",
		Params: []Param{
			{Name: "max", Default: 17, Unit: "characters a second", ByLanguage: map[string]float64{"en": 20, "ar": 20, "hi": 22, "ko": 12, "zh": 9, "ja": 4}, Meaning: "for adults"},
			{Name: "max-sdh", Default: 20, Unit: "characters a second", ByLanguage: map[string]float64{"ar": 23, "hi": 25, "ko": 14, "zh": 11, "ja": 7}, Meaning: "in tracks for the deaf"},
			{Name: "max-child", Default: 13, Unit: "characters a second", ByLanguage: map[string]float64{"en": 17, "ar": 17, "hi": 18, "ko": 9, "zh": 7, "ja": 4}, Meaning: "for children"},
			narrow}},
	{ID: "cue-wpm", Level: Off, Title: "A cue can be read in its time, by its words", Source: "BBC Subtitle Guidelines, 4.1 (160 to 180 words a minute); DCMP Captioning Key (to 160)",
		Why:    "Viewers do not get to the end of the text. It is off unless the profile asks for it, since cue-cps measures the same. Cues of under four words are left alone.",
		Bad:    srt("00:00:01,000 --> 00:00:02,500\nThe snow stayed until the end of May,\nand the road was closed all the time."),
		Good:   srt("00:00:01,000 --> 00:00:06,500\nThe snow stayed until the end of May,\nand the road was closed all the time."),
		Mend:   "Show it longer, shorten the text, or divide it.",
		Params: []Param{{Name: "max", Default: 180, Unit: "words a minute"}}},
	{ID: "line-length", Level: Warn, Title: "A line fits the picture", Source: netflixGeneral + ", and the language's own part; BBC Subtitle Guidelines (37); DCMP Captioning Key (32)",
		Why:  "Players break it anew, where it suits them, into three lines and more.",
		Bad:  srt("The snow stayed until the end of May and the road was closed."),
		Good: srt("The snow stayed until the end of May,\nand the road was closed."),
		Mend: "Break it into two lines, or shorten it.",
		Params: []Param{
			{Name: "max", Default: 42, Unit: "characters", ByLanguage: map[string]float64{"zh": 16, "ko": 16, "ja": 23, "th": 35}},
			narrow}},
	{ID: "cue-lines", Level: Warn, Title: "A cue has two lines at most", Source: netflixGeneral,
		Why:    "The text covers the picture.",
		Bad:    srt("The snow stayed\nuntil the end of May,\nand the road was closed."),
		Good:   srt("The snow stayed until the end of May,\nand the road was closed."),
		Mend:   "Join lines, or divide the cue.",
		Params: []Param{{Name: "max", Default: 2, Unit: "lines"}}},
	{ID: "line-balance", Level: Info, Title: "Two lines are about as long as each other", Source: "our own",
		Why: "The eye has a longer way. A break at the end of a phrase is better than an even one, so lines that end in punctuation are left alone.",
		Bad: srt("The\nsnow stayed until the last days of May."), Good: srt("The snow stayed\nuntil the last days of May."),
		Mend:   "Break the line elsewhere, at the end of a phrase.",
		Params: []Param{{Name: "min", Default: 0.3, Unit: "", Meaning: "the shorter line's part of the longer one"}}},
	{ID: "line-fits-one", Level: Info, Title: "What fits on one line is on one line", Source: netflixGeneral,
		Why: "Two lines cover more of the picture than they need. Dialogue, songs, sounds and lines that end in punctuation are left alone.",
		Bad: srt("The snow stayed\nuntil May."), Good: srt("The snow stayed until May."),
		Mend: "Join the lines."},
	{ID: "dialog-hyphen", Level: Info, Title: "Speakers in one cue are marked in one way", Source: "Netflix Timed Text Style Guide, dual speakers, per language; the sources conflict for Russian",
		Why:    "A mixture of - , – and —, with a space and without, looks like two films. The way that most cues have is taken as meant.",
		Bad:    srt("- Do you remember?\n- Of course.", "- Come in.\n- Thank you.", "-Is it cold?\n-Very."),
		Good:   srt("- Do you remember?\n- Of course.", "- Come in.\n- Thank you.", "- Is it cold?\n- Very."),
		Mend:   "Write the same mark as in the other cues.",
		Params: []Param{{Name: "space", Default: -1, Unit: "", Meaning: "1 asks for a space behind the mark, 0 for none; -1 for what most cues have"}}},
}

// narrow is how letters of half the width count, where a language counts by the width of its own.
var narrow = Param{Name: "narrow", Default: 1, Unit: "", ByLanguage: map[string]float64{"zh": 0.5, "ja": 0.5, "ko": 0.5},
	Meaning: "what a letter of half the width counts, such as Latin among Chinese"}
