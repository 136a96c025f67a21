package audit

import "filmpress/internal/report"

const (
	fails = report.Error
	warns = report.Warn
	notes = report.Info
)

// Sections of RFC 8216 are as numbered in the RFC; those of Apple's specification as in its revision of 2025-05-08.
var syntaxRules = []Rule{
	{"m3u8-header", fails, "A playlist begins with #EXTM3U", "RFC 8216, 4.3.1.1", "Players take anything else for another kind of file; often it is the error page of a server.", "look what the server really sends under this address"},
	{"m3u8-encoding", fails, "A playlist is UTF-8 without a byte order mark", "RFC 8216, 4.1", "Players must refuse it otherwise.", "save it as UTF-8 without a byte order mark"},
	{"m3u8-attribute", fails, "Attribute lists are well formed", "RFC 8216, 4.2", "Players differ in what they make of a broken attribute; some drop the whole line.", "write NAME=value with commas between, and quotation marks where the RFC wants them"},
	{"m3u8-number", fails, "Numbers are numbers", "RFC 8216, 4.2 and 4.3", "A duration or a range that cannot be read makes the segment useless.", "write a decimal number without sign or unit"},
	{"m3u8-order", fails, "Tags stand before the URI they belong to", "RFC 8216, 4.3.2 and 4.3.4.2", "A URI without its EXTINF, or a tag without its URI, is dropped or refused.", "write each EXTINF and EXT-X-STREAM-INF with its URI in the next line"},
	{"m3u8-required", fails, "Required tags and attributes are there", "RFC 8216, 4.3", "Players cannot choose or time what is not declared.", "add what is missing"},
	{"m3u8-kind", fails, "A playlist is of one kind", "RFC 8216, 4.1", "Tags of media playlists in a multivariant one make a player refuse both.", "keep the two kinds in files of their own"},
	{"m3u8-space", fails, "URIs have no white space", "RFC 8216, 4.1", "Players cut the address at the space, or send it as it stands.", "write it percent-encoded"},
	{"m3u8-define", fails, "Variables are defined above their use, each once, and stay short", "draft-pantos-hls-rfc8216bis, 4.3 and 4.4.2.3", "Players refuse the playlist as a whole.", "write EXT-X-DEFINE above the first use, with one of NAME and VALUE, IMPORT, or QUERYPARAM"},
	{"m3u8-duplicate", fails, "Tags that may stand once stand once", "RFC 8216, 4.3.1.2 and 4.3.3", "Which of the two counts is left to the player.", "keep one of them"},
}

var rfcRules = []Rule{
	{"rfc-3.5", fails, "A cue lies in the segments during which it is shown", "RFC 8216, 3.5", "Players load the segment of the moment only: a cue elsewhere is not shown.", "cut the subtitles by the segments' times, and repeat a cue in each segment it reaches into"},
	{"rfc-4.3.2.1", fails, "A media playlist has segments", "RFC 8216, 4.3.2.1", "There is nothing to play.", "write an EXTINF and a URI for each segment"},
	{"rfc-4.3.2.2", fails, "Byte ranges lie inside their files", "RFC 8216, 4.3.2.2", "The server answers with an error, and playing stops there.", "measure offset and length from the file itself"},
	{"rfc-4.3.3.1", fails, "No segment is longer than the target duration", "RFC 8216, 4.3.3.1", "Players plan their buffer by it: rounded to seconds, EXTINF must not be above.", "raise EXT-X-TARGETDURATION to the longest segment"},
	{"rfc-4.3.3.4", fails, "A film's playlist ends with EXT-X-ENDLIST", "RFC 8216, 4.3.3.4", "Without it players take the film for a live stream: they start at its end and cannot wind.", "add #EXT-X-ENDLIST as the last line"},
	{"rfc-4.3.4.1", fails, "EXT-X-MEDIA has the attributes of its type", "RFC 8216, 4.3.4.1; authoring specification, 9", "Menus and automatic choice are made from them.", "correct the line; DEFAULT=YES goes with AUTOSELECT=YES, sound with CHANNELS, subtitles with URI"},
	{"rfc-4.3.4.1.1", fails, "Groups of renditions are consistent", "RFC 8216, 4.3.4.1.1", "A viewer's choice must exist in every group: same NAMEs, each once, one default at most.", "give all groups of a type the same renditions"},
	{"rfc-4.3.4.2", fails, "Variants name groups that exist", "RFC 8216, 4.3.4.2", "The variant would play without sound or subtitles, or not at all.", "correct the group's name, or add the EXT-X-MEDIA"},
	{"rfc-7", fails, "EXT-X-VERSION is high enough for what is used", "RFC 8216, 7; draft-pantos-hls-rfc8216bis, 8", "An older player tries what it cannot know, and fails in the middle.", "write #EXT-X-VERSION:7, with variables 8, with those of the address 11"},
}

var pictureRules = []Rule{
	{"hls-1.2", fails, "The picture's parameter sets can be read", "authoring specification, 1.2", "Decoders are set up from them.", "encode it again, with the parameter sets in the init section"},
	{"hls-1.3", fails, "H.264 is at most High@5.2, in some variant at most High@4.1", "authoring specification, 1.3", "Older phones and televisions decode no more than High@4.1, 8 bits, 4:2:0.", "encode with -profile:v high -pix_fmt yuv420p, and keep a rung of 1080p or less"},
	{"hls-1.6", fails, "HEVC is at most Main 10@5.1", "authoring specification, 1.6", "Chips decode 4:2:0 in 8 or 10 bits, up to 2160p.", "encode with -pix_fmt yuv420p10le, and at most 60 pictures of 2160p a second"},
	{"hls-1.10", warns, "The sample entry is avc1 or hvc1", "authoring specification, 1.10", "With avc3 or hev1 the parameter sets may lie in the stream alone, where Apple's players do not read them.", "write the parameter sets into the init section, and avc1 or hvc1 as the sample entry; ffmpeg does with -tag:v hvc1"},
	{"hls-1.11", fails, "The level fits the picture", "authoring specification, 1.11; AV1 specification, A.3", "Too low is wrong, and decoders may stop; too high keeps weaker devices from trying.", "let the encoder choose the level"},
	{"hls-1.12", warns, "There is H.264 beside HEVC", "authoring specification, 1.12", "Many browsers and older devices cannot show HEVC, and nothing plays there.", "add H.264 variants to the same playlist"},
	{"hls-1.13", warns, "There is an IDR picture, or a keyframe of AV1, every two seconds", "authoring specification, 1.13", "Players start, wind and change rungs there only.", "encode with a fixed group of pictures of 2 s and no keyframes at cuts"},
	{"hls-1.14", warns, "The picture is not interlaced", "authoring specification, 1.14", "Screens show whole pictures; fields comb.", "deinterlace before encoding"},
	{"hls-1.18", warns, "The frame rate is a usual one", "authoring specification, 1.18", "Screens refresh at multiples of 23.976, 24, 25, 29.97 or 30.", "keep the source's rate, or convert to one of these"},
	{"hls-1.19", fails, "There are at most 60 pictures a second", "authoring specification, 1.19", "Decoders are built for 60.", "take every second picture"},
	{"hls-1.24", fails, "There is a variant in SDR", "authoring specification, 1.24", "Most screens show HDR grey and dim.", "add tone-mapped rungs"},
	{"hls-1.26", fails, "The average rate is what AVERAGE-BANDWIDTH says, to a tenth", "authoring specification, 1.26", "Players choose rungs by it.", "measure the segments: all bytes over all seconds, with sound and subtitles"},
	{"hls-1.27", fails, "The peak is not more than a tenth below BANDWIDTH", "authoring specification, 1.27", "A rung that claims more than it needs is withheld from thin lines.", "measure the segments instead of declaring the encoder's cap"},
	{"hls-1.30", warns, "The peak is at most twice the average", "authoring specification, 1.30", "A busy scene would stall lines on which the rest plays well. Below 145 kb/s, the smallest rung that Apple lists, nothing is asked.", "cap the encoder with maxrate and bufsize"},
	{"hls-1.32", warns, "The first variant is for a typical line, near 2 Mb/s", "authoring specification, 1.32", "Players begin with it: too high stalls, too low is blurred.", "list the variant nearest to 2 Mb/s first"},
	{"hls-1.33", warns, "All variants have the same shape, and square pixels", "authoring specification, 1.33", "The picture would jump when the rung changes.", "scale all rungs from one shape with setsar=1"},
	{"hls-6.1", fails, "There are I-frame playlists", "authoring specification, 6.1", "Without them nobody sees where they wind to on televisions.", "add EXT-X-I-FRAME-STREAM-INF; byte ranges into the segments are enough"},
	{"hls-6.8", fails, "I-frame playlists say EXT-X-I-FRAMES-ONLY", "authoring specification, 6.8", "Players would take the ranges for whole segments.", "add the tag"},
	{"hls-6.10", fails, "An I-frame's byte range begins with its moof and holds one keyframe", "authoring specification, 6.10", "Players decode the range by itself.", "let the range run from the moof to the end of the first sample"},
}

var av1Rules = []Rule{
	{"av1-config", fails, "av1C says what the pictures are", "AV1 Codec ISO Media File Format Binding, 2.3", "Players choose and set up their decoder by it, before they see a picture.", "write av1C from the sequence header of the first sample; the encoder's own may be another"},
	{"av1-sample", fails, "Samples of AV1 are whole, and hold nothing but what a picture needs", "AV1 Codec ISO Media File Format Binding, 2.4", "A decoder stops at bytes that are no OBU. Delimiters and padding cost bits and do nothing.", "strip temporal delimiters, padding and tile lists"},
	{"av1-profile", warns, "AV1 is of the Main profile", "AV1 specification, A.2", "Chips and browsers decode 4:2:0 in 8 or 10 bits.", "encode with -pix_fmt yuv420p"},
	{"av1-alone", warns, "There is H.264 beside AV1", "filmpress", "Many phones, televisions and computers of today cannot show AV1, and nothing plays there.", "add H.264 variants to the same playlist"},
}

var soundRules = []Rule{
	{"hls-2.3", fails, "There is AAC in stereo", "authoring specification, 2.3", "Every device plays that, and not every device more.", "add a downmix"},
	{"hls-2.9", warns, "Stereo AAC has at most 160 kb/s, AAC in 5.1 320, AC-3 384", "authoring specification, 2.9", "More is heard by nobody and keeps thin lines from the film.", "encode stereo at 96 to 160 kb/s, 5.1 at 320, AC-3 at 384"},
	{"hls-2.13", fails, "Described video may be chosen by the system", "authoring specification, 2.13", "Who asked the system for descriptions gets them only with AUTOSELECT=YES.", "add AUTOSELECT=YES"},
	{"hls-2.15", fails, "Sound lasts as long as the picture", "authoring specification, 2.15", "An alternative that ends early leaves silence; one that goes on keeps players from ending.", "pad or trim the sound to the picture"},
	{"hls-2.18", warns, "With --deep: all sounds of a film are equally loud, or say how loud they are", "authoring specification, 2.18", "Whoever changes the language is shouted at, or hears nothing.", "bring all sounds to one loudness, such as -16 LUFS, or add loudness boxes"},
	{"hls-4.6", warns, "Subtitles for the deaf have both characteristics", "authoring specification, 4.5 and 4.6", "Systems find them by the two together.", "add public.accessibility.transcribes-spoken-dialog and public.accessibility.describes-music-and-sound"},
	{"hls-4.7", fails, "Subtitles for the deaf may be chosen by the system", "authoring specification, 4.7", "Who asked the system for them gets them only with AUTOSELECT=YES.", "add AUTOSELECT=YES"},
	{"hls-5.3", fails, "Subtitles are WebVTT, tied to the picture's clock by X-TIMESTAMP-MAP", "authoring specification, 5.3; RFC 8216, 3.5", "A map that names another clock shows every cue too late or too early: 900000 is ten seconds.", "begin every segment with X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000 where the film's clock begins at 0"},
	{"hls-5.5", fails, "Subtitles last as long as the picture", "authoring specification, 5.5", "Players stall where a rendition ends before the film.", "let the playlist run to the end of the film, with empty segments where nobody speaks"},
	{"hls-5.8", warns, "The regular subtitles hold the forced cues too", "authoring specification, 5.8", "A viewer sees one track at a time.", "copy the forced cues into the regular track"},
	{"hls-5.11", warns, "Forced subtitles may be chosen by the system", "authoring specification, 5.11", "They are shown by themselves only with AUTOSELECT=YES.", "add AUTOSELECT=YES"},
}

var segmentRules = []Rule{
	{"hls-7.1", fails, "Segments are whole, of one kind, without a break", "authoring specification, 7.1", "A player stops at the first that it cannot read. A discontinuity, or another init section, is allowed, and told: some players stumble there.", "encode the rendition in one run, and send the file again"},
	{"hls-7.3", fails, "Each fragment begins where the one before ended", "authoring specification, 7.3", "Gaps stall, overlaps double pictures.", "write each fragment's decode time as the sum of all durations before it"},
	{"hls-7.4", fails, "Segments begin with an IDR picture, or a keyframe of AV1, and the flags tell the truth", "authoring specification, 7.4", "A change of rung shows garbage until the next IDR.", "close the groups of pictures, and cut at IDR pictures alone"},
	{"hls-7.5", warns, "The target duration is 6 s", "authoring specification, 7.5", "Apple's advice: shorter costs requests, longer makes changes of rung late.", "cut segments of 6 s (6.006 s at NTSC rates)"},
	{"hls-7.7", fails, "No segment lasts more than the target and half a second", "authoring specification, 7.7", "Players plan their buffer by it.", "cut at every third group of 2 s"},
	{"hls-8.1", fails, "EXTINF are true, in any run to one frame", "authoring specification, 8.1", "Errors that add up put winding and subtitles out of step.", "write the differences of exact times, not rounded durations"},
	{"hls-8.2", fails, "All variants and all sound have the same target duration", "authoring specification, 8.2; RFC 8216, 6.2.4", "Players reload and buffer all of them by one clock.", "write the same EXT-X-TARGETDURATION"},
	{"hls-8.3", fails, "All variants cover the same range", "authoring specification, 8.3", "A change of rung would jump, or show the picture earlier or later than the sound.", "encode all rungs from one decode, with the same start"},
	{"hls-8.6", fails, "A film's playlists are EXT-X-PLAYLIST-TYPE:VOD", "authoring specification, 8.6", "Players may then keep what they have read.", "add the tag"},
	{"hls-8.7", fails, "Sound and picture begin and end within a frame of each other", "authoring specification, 8.7", "People notice lips that are 45 ms off.", "give both the same first time, edit lists counted, and cut the sound where the picture ends"},
	{"hls-8.10", fails, "EXT-X-MEDIA names the language", "authoring specification, 8.10", "Players choose by it, and screen readers speak by it.", `write the BCP 47 tag, "und" where it is not known`},
	{"hls-8.20", fails, "Fragmented MP4 has EXT-X-MAP and an init section", "authoring specification, 8.20", "Nothing can be decoded without it.", "write the init section's address before the first segment"},
	{"hls-8.22", warns, "Variants have the same segment boundaries", "authoring specification, 8.22", "Players change rungs at boundaries; where they differ, something is loaded twice or left out.", "encode all rungs with keyframes at the same pictures"},
	{"hls-gap", warns, "No segment is said to be missing", "draft-pantos-hls-rfc8216bis, 4.4.4.7", "At EXT-X-GAP players show another rendition, or nothing.", "encode and upload what is missing, and take the tag out"},
	{"hls-encrypted", notes, "Encrypted segments are not looked into", "our own", "Without the key nothing in them can be checked.", "verify the presentation before it is encrypted"},
	{"not-checked", notes, "What was not looked at is said", "our own", "A check that passes over things in silence calls sound what nobody looked at.", "check it with another tool, or decode it with --deep"},
}

var masterRules = []Rule{
	{"hls-9.1", fails, "CODECS is what the files are", "authoring specification, 9.1", "Players decide by it whether they can play a variant, before they load it.", "write it from the parameter sets and the AudioSpecificConfig"},
	{"hls-9.2", fails, "RESOLUTION is the picture's size", "authoring specification, 9.2; RFC 8216, 4.3.4.2", "Players fit variants to the screen by it.", "write the size after cropping, in square pixels"},
	{"hls-9.3", fails, "CODECS of an I-frame playlist is what the files are", "authoring specification, 9.3", "As for variants.", "write it from the parameter sets"},
	{"hls-9.4", fails, "RESOLUTION of an I-frame playlist is the picture's size", "authoring specification, 9.4", "As for variants.", "write the size after cropping, in square pixels"},
	{"hls-9.11", warns, "EXT-X-INDEPENDENT-SEGMENTS says that segments stand alone", "authoring specification, 9.11", "Else players load an earlier segment to start in a later one.", "add the tag"},
	{"hls-9.13", fails, "BANDWIDTH is no less than the measured peak", "authoring specification, 9.13; RFC 8216, 4.3.4.2", "A line that is just wide enough would stall.", "measure: the largest sum over all playable combinations of renditions"},
	{"hls-9.14", fails, "AVERAGE-BANDWIDTH is there", "authoring specification, 9.14", "Films of changing rate are chosen by their average.", "measure it"},
	{"hls-9.15", fails, "FRAME-RATE is the picture's highest", "authoring specification, 9.15; RFC 8216, 4.3.4.2", "Players leave out what a device cannot show.", "write pictures a second with three places"},
	{"hls-9.16", fails, "VIDEO-RANGE is the picture's, unless all is SDR", "authoring specification, 9.16", "An HDR picture on an SDR screen is grey.", "write VIDEO-RANGE=PQ or HLG"},
	{"hls-9.20", fails, "No variant is sound alone", "authoring specification, 9.20", "tvOS refuses it.", "offer sound alone outside of the multivariant playlist"},
	{"hls-score", warns, "SCORE stands in all variants, or in none", "draft-pantos-hls-rfc8216bis, 4.4.6.2", "A player that ranks by it cannot place what has none.", "rank all variants, the better looking the higher"},
	{"hls-captions-none", warns, "CLOSED-CAPTIONS=NONE where there are none", "authoring specification, 4", "Else players offer captions that do not exist.", "add CLOSED-CAPTIONS=NONE to every EXT-X-STREAM-INF"},
	{"hls-master", warns, "There is a multivariant playlist", "authoring specification, 9; RFC 8216, 4.3.4", "One rendition serves one kind of line, and nothing tells which.", "write a multivariant playlist that names this one, and verify that"},
	{"hls-missing", fails, "Everything that a playlist names is there", "RFC 8216, 6.3", "Playing stops where a file is missing.", "upload the file, or correct the address"},
}
