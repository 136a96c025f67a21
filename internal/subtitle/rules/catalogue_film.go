package rules

// filmRules compare a track with its film.
var filmRules = []Rule{
	{ID: "media-after-end", Level: Error, Lesser: Warn, When: "where only the end of the cue is past it, by over a frame", Title: "Cues lie within the film", Source: "our own",
		Why: "The cue is never shown. Mostly the subtitle belongs to another cut of the film.",
		Bad: "(a film of 60 s)\n" + srt("00:01:05,000 --> 00:01:07,000\nThis is our house."), Good: "(a film of 60 s)\n" + srt("00:00:55,000 --> 00:00:57,000\nThis is our house."),
		Mend: "Check that the subtitle belongs to this film; if so, correct the times (filmpress subs sync)."},
	{ID: "media-coverage", Level: Warn, Title: "The track covers the whole film", Source: "our own",
		Why:  "The end of the film, or a part of it, was not translated, or was lost on the way.",
		Bad:  "(a film of 60 s, with speech to its end)\n" + srt("00:00:05,000 --> 00:00:07,000\nThis is our house."),
		Good: "(a film of 60 s)\n" + srt("00:00:05,000 --> 00:00:07,000\nThis is our house.", "00:00:52,000 --> 00:00:54,000\nCome in."),
		Mend: "Look whether text is missing there.",
		Params: []Param{{Name: "end", Default: 0.8, Unit: "", Meaning: "the part of the film that the last cue has to reach, at least"},
			{Name: "silence", Default: 30, Unit: "s", Meaning: "of speech without a cue"}}},
	{ID: "sync-start", Level: Warn, Title: "A cue appears with the first word", Source: netflixTiming + " (2 frames); BBC Subtitle Guidelines 5.2 (never over 1.5 s)",
		Why: "Viewers read before or after they hear, and lose who speaks.",
		Bad: "(speech from 1 s to 3 s)\n" + srt("00:00:02,200 --> 00:00:04,000\nThis is our house."), Good: "(speech from 1 s to 3 s)\n" + srt("00:00:01,000 --> 00:00:03,500\nThis is our house."),
		Mend:   "Set the start to the first word.",
		Params: []Param{{Name: "frames", Default: 2, Unit: "frames", Meaning: "that are always right"}, {Name: "max", Default: 1500, Unit: "ms", Meaning: "from here on it is found"}}},
	{ID: "sync-end", Level: Warn, Title: "A cue goes soon after the last word", Source: netflixTiming + " (12 frames); BBC Subtitle Guidelines 5.2 (never over 1.5 s)",
		Why: "Text of a voice that is gone stays on the picture.",
		Bad: "(speech from 1 s to 3 s)\n" + srt("00:00:01,000 --> 00:00:06,000\nThis is our house."), Good: "(speech from 1 s to 3 s)\n" + srt("00:00:01,000 --> 00:00:03,500\nThis is our house."),
		Mend:   "Set the end to half a second after the last word.",
		Params: []Param{{Name: "frames", Default: 12, Unit: "frames", Meaning: "that are always right"}, {Name: "max", Default: 1500, Unit: "ms", Meaning: "from here on it is found"}}},
	{ID: "sync-drift", Level: Error, Title: "The track runs as fast as the film", Source: "our own; the ratios are those of 23.976, 24 and 25 frames a second",
		Why: "The subtitles are late or early everywhere, or more and more so towards the end.",
		Bad: "(each cue 2 s after its speech)\n" + srt("00:00:03,000 --> 00:00:05,000\nThis is our house."), Good: "(each cue with its speech)\n" + srt("00:00:01,000 --> 00:00:03,000\nThis is our house."),
		Mend:   "Let it be set right: filmpress subs sync FILE --film FILM.",
		Params: []Param{{Name: "shift", Default: 500, Unit: "ms", Meaning: "a constant shift from here on is found"}}},
	{ID: "shot-change", Level: Warn, Title: "A cue near a cut begins or ends on it", Source: netflixTiming,
		Why: "Text that stays a few frames over a cut makes the eye read it again.",
		Bad: "(a cut at 3 s)\n" + srt("00:00:01,000 --> 00:00:03,200\nThis is our house."), Good: "(a cut at 3 s)\n" + srt("00:00:01,000 --> 00:00:02,917\nThis is our house."),
		Mend:   "Begin on the cut, or end two frames before it.",
		Params: []Param{{Name: "within", Default: 500, Unit: "ms"}, {Name: "frames", Default: 2, Unit: "frames", Meaning: "that still count as on the cut"}}},
}

// pairRules compare a track with the same film's track in another language.
var pairRules = []Rule{
	{ID: "pair-count", Level: Warn, Title: "Two tracks have about as many cues", Source: "our own",
		Why: "Where one has many less, a part of the film was not translated.",
		Bad: "(the other has 20 cues)\n" + srt("This is our house."), Good: "(the other has 1 cue)\n" + srt("This is our house."),
		Mend:   "Look for the part that is missing, at the end first.",
		Params: []Param{{Name: "percent", Default: 5, Unit: "%", Meaning: "of the larger count; one cue more or less is always fine"}}},
	{ID: "pair-time", Level: Warn, Title: "Cues that belong together begin together", Source: "our own",
		Why: "One of the two is late or early.",
		Bad: "(the other begins at 1 s)\n" + srt("00:00:02,200 --> 00:00:05,000\nThis is our house."), Good: "(the other begins at 1 s)\n" + srt("00:00:01,200 --> 00:00:05,000\nThis is our house."),
		Mend:   "Give it the time of the other.",
		Params: []Param{{Name: "max", Default: 500, Unit: "ms"}}},
	{ID: "pair-missing", Level: Warn, Title: "What is said in one track is said in the other", Source: "our own",
		Why: "Viewers of this language get nothing where others have text.",
		Bad: "(the other has a cue from 5 s to 8 s, too)\n" + srt("00:00:01,000 --> 00:00:04,000\nThis is our house."), Good: "(the other has the same times)\n" + srt("This is our house.", "Come in."),
		Mend: "Translate the missing cue, or take out the one that is too many."},
	{ID: "pair-untranslated", Level: Warn, Title: "The text is translated", Source: "our own",
		Why: "The line was left in the language it came from.",
		Bad: "(the other, in another language, has the same text)\n" + srt("My grandmother lived here."), Good: "(the other has: Здесь жила моя бабушка.)\n" + srt("My grandmother lived here."),
		Mend:   "Translate it.",
		Params: []Param{{Name: "words", Default: 4, Unit: "words", Meaning: "from this many on; shorter texts may be names"}}},
	{ID: "pair-number", Level: Warn, Title: "Numbers are the same in both tracks", Source: "our own",
		Why: "One of the two tells viewers a wrong year or sum.",
		Bad: "(the other has: Это было в 1984 году.)\n" + srt("That was in 1948."), Good: "(the other has: Это было в 1984 году.)\n" + srt("That was in 1984."),
		Mend: "Correct the number. Small ones may be written as words."},
}

// hlsRules are about what a stream makes of a track.
var hlsRules = []Rule{
	{ID: "hls-timestamp-map", Level: Warn, Title: "The file was not cut out of a stream", Source: "RFC 8216 3.5",
		Why:  "With X-TIMESTAMP-MAP the times are those of the stream's clock, so that the cues may come hours late in the film.",
		Bad:  "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:01.000 --> 00:03.000\nThis is our house.\n",
		Good: "WEBVTT\n\n00:01.000 --> 00:03.000\nThis is our house.\n",
		Mend: "Check the times against the film, and take the line out."},
	{ID: "hls-lang", Level: Warn, Title: "The track's language is written as streams write it", Source: "RFC 8216 4.3.4.1 (LANGUAGE is a tag of RFC 5646, 2.1 and 4.5: the shortest code)",
		Why: "Players do not find the viewer's language, and show the tag itself in the menu.",
		Bad: "(called film.eng.srt)\n" + srt("This is our house."), Good: "(called film.en.srt)\n" + srt("This is our house."),
		Mend: "Write the shortest tag: en for eng, pt-BR for pt_br."},
	{ID: "hls-forced", Level: Warn, Title: "A forced track has only what everyone must read", Source: "RFC 8216 4.3.4.1; HLS Authoring Specification for Apple Devices 5",
		Why: "Players show it to viewers who have switched subtitles off. A whole film's dialogue does not belong there.",
		Bad: "(called film.en.forced.srt, with a cue every few seconds)\n" + srt("This is our house.", "Come in."), Good: "(called film.en.forced.srt, with a few cues)\n" + srt("The village shop"),
		Mend:   "Keep only signs and foreign words in it, or rename it without forced.",
		Params: []Param{{Name: "rate", Default: 5, Unit: "cues a minute"}, {Name: "cues", Default: 50, Unit: "cues", Meaning: "from this many on"}}},
}

// accessRules are about what a track's name promises.
var accessRules = []Rule{
	{ID: "sdh-no-sounds", Level: Info, Title: "A track for the deaf tells of sounds and speakers", Source: "WCAG 2.2, 1.2.2",
		Why: "Who does not hear misses the knock on the door, and who speaks.",
		Bad: "(called film.en.sdh.srt)\n" + srt("This is our house.", "Come in."), Good: "(called film.en.sdh.srt)\n" + srt("[door creaks]", "ANNA: Come in."),
		Mend: "Write sounds in brackets and speakers before their words, or rename the file without sdh."},
}
