package audit

var deliveryRules = []Rule{
	{"hls-10.1", fails, "Playlists are gzipped on their way", "authoring specification, 10.1", "A film's playlist shrinks to a tenth, which is felt on thin lines.", "store them gzipped with Content-Encoding: gzip, or let the server do it"},
	{"hls-10.4", fails, "Content types are right", "authoring specification, 10.4; RFC 8216, 4", "Some players, and browsers with nosniff, refuse what is served as another type.", "set Content-Type when uploading, or in the server's table of types"},
	{"hls-11.4", warns, "Names of segments do not tell the title", "authoring specification, 11.4", "Whoever sees a line's addresses sees what is watched.", "name segments by numbers or digests"},
	{"http-encoding", fails, "Media files are not packed on their way", "RFC 9110, 8.4 and 14", "Byte ranges then count packed bytes, and players get garbage.", "switch compression off for video, audio and .m4s"},
	{"http-range", fails, "The server gives parts of files", "RFC 9110, 14; RFC 8216, 6.2.1", "I-frame playlists, and winding in the download, ask for byte ranges.", "use a server that answers Range with 206"},
	{"http-cors", warns, "Pages of other origins may read the film", "Fetch standard, CORS", "The film cannot be embedded elsewhere, and a player that lies on another host than the film plays nothing.", "send Access-Control-Allow-Origin: *"},
	{"http-expose", warns, "Players may see lengths and ranges", "Fetch standard, CORS", "A script sees only the headers that are named.", "send Access-Control-Expose-Headers: Content-Length, Content-Range, ETag"},
	{"http-cache-immutable", warns, "What never changes may be kept", "RFC 8246; RFC 9111", "Viewers who wind back, or come again, load everything anew.", "send Cache-Control: public, max-age=31536000, immutable for what lies below o/ and r/"},
	{"http-cache-stale", fails, "What changes is asked for anew", "RFC 9111", "After a correction viewers would go on seeing the old film.", "send Cache-Control: no-cache for release.json, index.html and master.m3u8"},
}

var referenceRules = []Rule{
	{"ref-host", fails, "Playlists lead to the host that was named", "our own", "A playlist of a stranger must not make this machine call others, which may be inside of your network.", "if you trust the host, name it with --allow-host; else verify a copy that lies in one place"},
	{"ref-scheme", fails, "Playlists lead to http or https, and not from https to http", "RFC 8216, 4.1; Mixed Content", "No player follows file: or the like, and browsers block http on a page of https.", "write relative addresses"},
	{"ref-outside", fails, "Playlists lead to files in the folder or bucket", "our own", "What lies outside is not published with it.", "write relative addresses below the playlist"},
	{"ref-many", fails, "A presentation has no more parts than a film can have", "our own", "Millions of segments or thousands of renditions are a mistake or an attack.", "verify the real film"},
	{"ref-long", fails, "Addresses are no longer than 8 kB", "RFC 9110, 4.1", "Servers and players refuse longer ones; thousands of them are a mistake or an attack.", "write relative addresses, and shorter queries"},
}

var releaseRules = []Rule{
	{"release-manifest", fails, "release.json and the manifest can be read, and fit together", "docs/design.md", "They say what the release consists of: damaged, nothing can be proved.", "publish the film again"},
	{"release-missing", fails, "Everything that the manifest lists is there", "docs/design.md", "A part of the page, or a download, leads to nothing.", "publish the film again: what is missing is sent"},
	{"release-unlisted", fails, "Everything that is used is listed in the manifest", "docs/design.md", "Copies and clean-ups go by the manifest, and would leave the file behind.", "publish the film again"},
	{"release-size", fails, "Files have the sizes that the manifest says", "docs/design.md", "They were cut, or replaced.", "delete the object and publish the film again"},
	{"release-hash", fails, "Files are the bytes that were published", "docs/design.md", "They were changed on the way or afterwards.", "delete the object and publish the film again; if it comes back, mistrust the place"},
	{"release-entrance", fails, "index.html, master.m3u8 and release.json point at one release", "docs/design.md", "Some viewers would see the old film and some the new one, or a mixture.", "publish the film again"},
	{"release-previous", warns, "The release before is still there", "docs/design.md", "It is what a rollback goes back to.", "nothing, if it was deleted on purpose"},
	{"page-reference", fails, "Everything that the page names is there", "docs/design.md", "The viewer meets a hole: no poster, no subtitles, no download.", "publish the film again"},
	{"page-integrity", fails, "The player's files fit the hashes in the page", "W3C Subresource Integrity", "Browsers refuse to run the player.", "publish the film again"},
	{"page-storyboard", fails, "The storyboard's cues are in order", "WebVTT", "The preview under the pointer would be of another place.", "publish the film again"},
	{"subs-source", fails, "The segments hold the cues of the whole track, each where it is shown", "RFC 8216, 3.5", "The player would show other words than the download has.", "publish the film again"},
}

var libraryRules = []Rule{
	{"library-broken", fails, "films.json can be read", "docs/admin.md", "It is what the library's page, feed and sitemap are made of, and no publish writes over it.", "filmpress library TARGET tells what a new list would hold, and --yes writes it"},
	{"library-missing", notes, "A place of several films has a list of them", "docs/admin.md", "Without it there is no page over all films, no feed and no sitemap.", "publish a film, or filmpress library TARGET --yes"},
	{"library-stale", warns, "films.json is as the films are, and index.html, feed.xml and sitemap.xml are what it makes", "docs/admin.md", "Viewers are led to an old release, or do not find a film; or somebody changed a page that is not theirs.", "filmpress library TARGET tells what a new list would change, and --yes writes it"},
	{"library-foreign", warns, "index.html, feed.xml and sitemap.xml of the library are filmpress's", "docs/admin.md", "What others made is left alone, so the library goes without its own.", "move it to another name and run filmpress library TARGET --yes, or leave it so on purpose"},
	{"library-theme", warns, "The library's look can be read", "docs/admin.md", "Its page then has filmpress's own look.", "give the theme again: --theme DIR, or --theme none"},
}

var dashRules = []Rule{
	{"dash-xml", fails, "The DASH manifest can be read", "ISO/IEC 23009-1, 5.3", "Players refuse it as a whole.", "write well-formed XML with MPD as its root, one Period and its sets"},
	{"dash-static", fails, "The manifest is of a whole film", "ISO/IEC 23009-1, 5.3.1", "Of type dynamic, players take it for a live stream: they wait for more and cannot wind.", `write type="static"`},
	{"dash-profile", fails, "The manifest names its profile", "ISO/IEC 23009-1, 8.1", "Some players refuse what they are not told that they can play.", "write the profile that it conforms to"},
	{"dash-duration", fails, "The manifest and every representation last as long as the film", "ISO/IEC 23009-1, 5.3.1", "Players end too early, or wait at the end.", "write the picture's duration into mediaPresentationDuration, and let every track run to its end"},
	{"dash-buffer", fails, "The manifest says how much a player must hold before it begins", "ISO/IEC 23009-1, 5.3.1", "Bandwidths mean nothing without it.", "write minBufferTime, the longest segment"},
	{"dash-representation", fails, "Each representation has an id of its own, a type and its files", "ISO/IEC 23009-1, 5.3.3 and 5.3.5", "Players cannot choose, or load, what is not named.", "add what is missing"},
	{"dash-bandwidth", fails, "bandwidth is the measured peak of a representation", "ISO/IEC 23009-1, 5.3.5", "A line that is just wide enough would stall; too high a number keeps thin lines from it.", "measure the segments"},
	{"dash-timeline", fails, "Segments lie where the timeline says, to one frame, without gap or overlap", "ISO/IEC 23009-1, 5.3.9.6", "Winding leads to another place, and errors that add up stall.", "write the durations that the segments have, in their timescale"},
	{"dash-alignment", fails, "Representations of an aligned set have the same segment boundaries", "ISO/IEC 23009-1, 5.3.3", "Players change rungs at boundaries.", "encode all rungs with keyframes at the same pictures"},
	{"dash-codecs", fails, "codecs is what the files are", "ISO/IEC 23009-1, 5.3.7; RFC 6381", "Players decide by it whether they can play a representation, before they load it.", "take it from the init section's own configuration"},
	{"dash-picture", fails, "width, height and frameRate are the picture's", "ISO/IEC 23009-1, 5.3.7", "Players fit representations to the screen by them.", "write the coded size and the pictures' true rate"},
	{"dash-sound", fails, "Channels and sample rate are the sound's", "ISO/IEC 23009-1, 5.3.7", "Players choose by them, and set up their output.", "take them from the init section's own configuration"},
	{"dash-language", fails, "Sound and subtitles name their language, and viewers can tell them apart", "ISO/IEC 23009-1, 5.3.3", "Menus and automatic choice are made from it.", `name the language by its BCP 47 tag, "und" where it is not known, and give tracks of one language labels or roles of their own`},
	{"dash-text", fails, "Subtitles are WebVTT, with cues that are shown during the film", "ISO/IEC 23009-1, 5.3.7", "Players show nothing, or the wrong track.", "send the track again, and cut cues after the end"},
	{"dash-segment", fails, "What the manifest names are init sections and media segments", "ISO/IEC 23009-1, 6.3", "A player stops at the first that it cannot read.", "send the file again"},
	{"dash-missing", fails, "Everything that the manifest names is there", "ISO/IEC 23009-1, 5.6", "Playing stops where a file is missing.", "publish the film again"},
	{"dash-hls", fails, "DASH and HLS offer the same segments and the same languages", "docs/design.md", "Some viewers would see another film, or miss a track, and nothing is shared.", "write both from the same list of segments"},
}

var privacyRules = []Rule{
	{"privacy-type", fails, "Only known kinds of files are published", "docs/design.md", "What is in an unknown kind of file cannot be vouched for.", "take the file out of the release"},
	{"privacy-box", fails, "MP4 files hold only boxes that playing needs", "ISO/IEC 14496-12", "User data and metadata boxes name places, devices and programs.", "encode with -map_metadata -1, and remove moov/udta"},
	{"privacy-name", fails, "Boxes tell no time and no name", "ISO/IEC 14496-12", "Creation times, handler names and compressor names tell when and with what it was made.", "set them to zero"},
	{"privacy-mark", fails, "Encoders do not sign", "docs/design.md", "Marks and paths tell of programs and machines.", "encode with -fflags +bitexact -flags:v +bitexact -flags:a +bitexact"},
	{"privacy-nal", fails, "The picture's stream holds no messages (SEI)", "ITU-T H.264, 7.4.1", "They may hold any text, as x264 writes all its settings there.", "encode with -bsf:v filter_units=remove_types=6"},
	{"privacy-text", fails, "Texts that are made by program hold no notes and no authors", "docs/design.md", "Comments name people and tools.", "take them out"},
	{"privacy-jpeg", fails, "Pictures hold nothing but the picture", "ITU-T T.81", "Exif holds places, times and devices.", "strip all application segments"},
	{"privacy-unreadable", fails, "Every file can be checked for metadata", "docs/design.md", "What cannot be read cannot be vouched for.", "publish the film again"},
}

var deepRules = []Rule{
	{"deep-decode", fails, "Every rendition decodes to its end without an error", "our own", "Viewers would see blocks, hear gaps, or stop.", "encode it again, and send the files again"},
	{"deep-frames", fails, "As many pictures come out of the decoder as the segments declare", "our own", "Pictures that a decoder drops put sound and picture out of step.", "encode it again"},
}
