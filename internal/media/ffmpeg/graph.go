package ffmpeg

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
)

// formats are the containers that are accepted, by ffmpeg's demuxer names. A demuxer that opens further files by
// what it reads (hls, dash, concat, sdp, image2) is never among them: -protocol_whitelist alone lets a
// playlist named film.mp4 open any other file of the disk.
var formats = strings.Join([]string{
	"mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "mpegts", "mpeg", "avi", "asf", "flv", "ogg",
	"mxf", "gxf", "dv", "ivf", "nut", "yuv4mpegpipe", "rm",
	"wav", "w64", "mp3", "flac", "aac", "ac3", "aiff", "caf", "amr", // sound alone: to say so
}, ",")

// maxStreams keeps a file that names thousands of streams from costing memory for each.
const maxStreams = 64

// maxPixels is the largest picture that a decoder may be asked for: 8192 x 8192. One of 16,384 x 16,384 takes 400 MB, and
// a decoder holds a dozen.
const maxPixels = 8192 * 8192

// guards are the options that stand before every input.
func guards() ff.KwArgs {
	return ff.KwArgs{"format_whitelist": formats, "protocol_whitelist": "file", "max_streams": strconv.Itoa(maxStreams), "max_pixels": strconv.Itoa(maxPixels)}
}

// fileURL names a file so that nothing in its name is read as an option, a protocol or a pattern.
func fileURL(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil { // only where the working directory is gone
		abs = path
	}
	return "file:" + abs
}

// inputArgs are the guards, further input options and the file, for ffprobe, whose lists ffmpeg-go does not make.
func inputArgs(path string, options ff.KwArgs) []string {
	var args []string
	g := guards()
	maps.Copy(g, options)
	for _, k := range slices.Sorted(maps.Keys(g)) {
		args = append(args, "-"+k, g[k].(string))
	}
	return append(args, "-i", fileURL(path))
}

// reading are the options before a film of which one stream is read.
func reading(r media.Reading) ff.KwArgs {
	options := farther(r.Late)
	if r.Offset != 0 {
		options["copyts"], options["itsoffset"] = "", seconds(r.Offset)
	}
	return options
}

// farther are the options before a film in which ffmpeg has to look for streams for longer than the 5 s or 5 MB that it does by itself. It
// holds in memory what it reads meanwhile, and does so in every run: hence the bounds.
func farther(late bool) ff.KwArgs {
	if !late {
		return ff.KwArgs{}
	}
	return ff.KwArgs{"analyzeduration": "90000000", "probesize": itoa(64 << 20)}
}

// input is a film, or one of our own files, with further input options.
func input(path string, options ff.KwArgs) *ff.Stream {
	all := guards()
	all["noautorotate"] = "" // turning is the ladder's: ffmpeg copies the wish to be turned into what it writes, too
	maps.Copy(all, options)
	return ff.Input(fileURL(path), all)
}

// stream picks one stream of an input by its index in the container.
func stream(in *ff.Stream, index int) *ff.Stream { return in.Get(strconv.Itoa(index)) }

// arguments gives the argument list of the outputs. ffmpeg-go panics where a graph is not sound, and drops a
// node silently where two have the same hash; both are our own bug.
func arguments(inputs int, outputs ...*ff.Stream) []string {
	args := ff.MergeOutputs(outputs...).GetArgs()
	got := 0
	for _, a := range args {
		if a == "-i" {
			got++
		}
	}
	if got != inputs {
		panic(fmt.Sprintf("ffmpeg-go made %d inputs of %d: %q", got, inputs, args))
	}
	return args
}

// clean are the output options that keep the source's and the tool's marks out of a result, as far as ffmpeg
// can: the boxes that it writes in spite of them are rewritten by package mp4.
func clean() ff.KwArgs {
	return ff.KwArgs{"map_metadata": "-1", "map_chapters": "-1", "dn": "", "sn": "", "fflags": "+bitexact"}
}

// with adds options to a copy.
func with(base ff.KwArgs, more ff.KwArgs) ff.KwArgs {
	all := maps.Clone(base)
	maps.Copy(all, more)
	return all
}

// filters is a chain of filters under construction.
type filters struct{ *ff.Stream }

// add appends a filter whose options are given as name, value pairs. Values are escaped by ffmpeg-go; they are
// strings, because it writes 1e7 as "1e+07".
func (f *filters) add(name string, pairs ...string) {
	options := ff.KwArgs{}
	for i := 0; i < len(pairs); i += 2 {
		options[pairs[i]] = pairs[i+1]
	}
	f.Stream = f.Filter(name, nil, options)
}

func itoa[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

func ftoa(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Timescale is the number of ticks a second in which every frame of a rate lasts the same whole number of
// ticks: 24000 for 24000/1001, 25000 for 25.
func Timescale(rate media.Rational) int64 {
	if rate.Den == 1 {
		return rate.Num * 1000
	}
	scale := rate.Num
	for scale < 1000 {
		scale *= 10
	}
	return scale
}

// tryArgs decode three pictures of a stream and throw them away. After a seek they are those from the keyframe before on: there may be hundreds from
// that to the place, and none of them is wanted.
func tryArgs(path string, v media.Video, at time.Duration) []string {
	options := reading(v.Reading)
	if at > 0 {
		options["ss"], options["noaccurate_seek"] = seconds(at), ""
	}
	f := &filters{stream(input(path, options), v.Index)}
	return arguments(1, f.Output("pipe:", ff.KwArgs{"frames:v": "3", "format": "null"}))
}
