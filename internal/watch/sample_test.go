package watch

import (
	"html/template"
	"time"
)

func samplePage() Page {
	sec := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	return Page{
		Film: Film{
			Title: "The Long Road to Osh", Slug: "the-long-road", Language: "en", Date: "2026-11-23",
			Description: "Three sisters drive a bakery van across the Tien Shan, and a country tells its story along the way.",
			Credits:     []Credit{{"Director", "Aizada Bekova"}, {"Camera", "Nurlan Ismailov"}, {"Translation", "Szabó Réka"}},
			Links:       []Link{{"The film’s own site", "https://example.org/road"}},
			Licence:     "CC BY-SA 4.0", Notice: "A dog is hurt in the third minute.",
			ArticleHTML: template.HTML(sampleArticle),
		},
		Master: "master.m3u8", MP4: "../../o/mp4/film.mp4", Poster: "../../o/pictures/poster.jpg", Storyboard: "../../o/pictures/storyboard.vtt",
		Opening:     []string{"./../../o/v180/index.m3u8", "../../o/v180/init.mp4", "../../o/v180/index0.m4s", "../../o/audio/index.m3u8", "../../o/audio/init.mp4", "../../o/audio/index0.m4s"},
		PosterWidth: 480, PosterHeight: 270, Width: 640, Height: 360, Duration: filmLength,
		Tracks: []Track{
			{Language: "en", Name: "English", Kind: "subtitles", VTT: "../../o/en/track.vtt", TXT: "../../o/en/track.txt", Lines: []Line{
				{sec(1), sec(4), "", "We left before sunrise."}, {sec(5), sec(8.5), "Aizada", "The road was still frozen,\nand nobody spoke."},
				{sec(10), sec(15), "", "Bread & salt, three loaves < four."}, {sec(16.25), sec(20), "", "Then the pass opened."}}},
			{Language: "ru", Name: "русский", Kind: "subtitles", VTT: "../../o/ru/track.vtt", Lines: []Line{
				{sec(1), sec(4), "", "Мы выехали до рассвета."}, {sec(5), sec(8.5), "Айзада", "Дорога ещё была мёрзлой,\nи все молчали."},
				{sec(10), sec(15), "", "Хлеб и соль, три буханки."}, {sec(16.25), sec(20), "", "И тут открылся перевал."}}},
		},
		Audio:     []AudioTrack{{Language: "ru", Name: "русский"}},
		Chapters:  []Chapter{{0, "Departure"}, {sec(10), "The pass"}},
		Downloads: []Download{{"MP4, 360p", "../../o/mp4/film.mp4", 1_234_567}},
	}
}

const sampleArticle = `<p>The van has no heating and the road has no name. When the film begins, both facts have been accepted, and the three sisters argue about flour.</p>
<h2 id="a-road-without-a-name">A road without a name</h2>
<p>For two winters the crew followed them over the pass, in a second van that <em>did</em> have heating and was envied for it. What came out is neither a road film nor a portrait, but something in between: <a href="https://example.org/notes" rel="noopener noreferrer">notes on a country</a> that is being remembered as it is driven through.</p>
<blockquote>
<p>You cannot bake in a hurry. You can only drive in a hurry.</p>
</blockquote>
<p>The subtitles were made by the people who are heard in the film.</p>
`
