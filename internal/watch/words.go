package watch

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// words is the interface in one language. To add a language, add an entry to dictionary; a test finds what is
// missing.
type words struct {
	Play, Pause, Position, Volume, Mute, Unmute  string
	Subtitles, Off, Speed, Quality, Auto, Sound  string
	Fullscreen, LeaveFullscreen, PictureInWindow string
	Keys, KeyPlay, KeySeek, KeyVolume, KeyMute   string
	KeyCaptions, KeyFullscreen, KeySpeed, Close  string
	ForDeaf, Transcript, Chapters, Downloads     string
	Credits, Links, Subtitle                     string
	LocalFile, Lost, Retry, Broken, Private      string
	Units                                        [3]string // kB, MB, GB
	Comma                                        bool      // decimal comma
	Months                                       string    // twelve, as they stand in Day
	Day, Month                                   string    // {y} {m} {d}
}

var dictionary = map[string]words{
	"en": {
		Play: "Play", Pause: "Pause", Position: "Position", Volume: "Volume", Mute: "Mute", Unmute: "Unmute",
		Subtitles: "Subtitles", Off: "Off", Speed: "Speed", Quality: "Quality", Auto: "Auto", Sound: "Sound",
		Fullscreen: "Full screen", LeaveFullscreen: "Leave full screen", PictureInWindow: "Picture in picture",
		Keys: "Keys", KeyPlay: "play, pause", KeySeek: "5 seconds back, forward", KeyVolume: "louder, quieter", KeyMute: "mute",
		KeyCaptions: "subtitles on, off", KeyFullscreen: "full screen", KeySpeed: "slower, faster", Close: "Close",
		ForDeaf: "for the deaf and hard of hearing", Transcript: "Transcript", Chapters: "Chapters", Downloads: "Downloads",
		Credits: "Credits", Links: "Links", Subtitle: "Subtitles",
		LocalFile: "This page was opened as a file, so the browser’s own player is shown. To see the full player, run",
		Lost:      "The connection was lost.", Retry: "Try again", Broken: "The film cannot be played here.",
		Private: "This page sets no cookies and asks no other site for anything.",
		Units:   [3]string{"kB", "MB", "GB"},
		Months:  "January February March April May June July August September October November December",
		Day:     "{d} {m} {y}", Month: "{m} {y}",
	},
	"ru": {
		Play: "Смотреть", Pause: "Пауза", Position: "Место в фильме", Volume: "Громкость", Mute: "Выключить звук", Unmute: "Включить звук",
		Subtitles: "Субтитры", Off: "Выключены", Speed: "Скорость", Quality: "Качество", Auto: "Авто", Sound: "Звук",
		Fullscreen: "На весь экран", LeaveFullscreen: "Выйти из полного экрана", PictureInWindow: "Картинка в картинке",
		Keys: "Клавиши", KeyPlay: "смотреть, пауза", KeySeek: "на 5 секунд назад, вперёд", KeyVolume: "громче, тише", KeyMute: "без звука",
		KeyCaptions: "субтитры", KeyFullscreen: "на весь экран", KeySpeed: "медленнее, быстрее", Close: "Закрыть",
		ForDeaf: "для глухих и слабослышащих", Transcript: "Текст фильма", Chapters: "Главы", Downloads: "Скачать",
		Credits: "Над фильмом работали", Links: "Ссылки", Subtitle: "Субтитры",
		LocalFile: "Страница открыта как файл, поэтому здесь простой плеер браузера. Чтобы увидеть весь плеер, запустите",
		Lost:      "Связь прервалась.", Retry: "Ещё раз", Broken: "Фильм здесь не воспроизводится.",
		Private: "Эта страница не хранит cookie и не обращается к другим сайтам.",
		Units:   [3]string{"КБ", "МБ", "ГБ"}, Comma: true,
		Months: "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
		Day:    "{d} {m} {y}", Month: "{n}.{y}",
	},
	"ky": {
		Play: "Көрүү", Pause: "Тындыруу", Position: "Тасмадагы орун", Volume: "Үндүн күчү", Mute: "Үндү өчүрүү", Unmute: "Үндү күйгүзүү",
		Subtitles: "Субтитрлер", Off: "Өчүк", Speed: "Ылдамдык", Quality: "Сапаты", Auto: "Авто", Sound: "Үн",
		Fullscreen: "Толук экран", LeaveFullscreen: "Толук экрандан чыгуу", PictureInWindow: "Сүрөт ичиндеги сүрөт",
		Keys: "Баскычтар", KeyPlay: "көрүү, тындыруу", KeySeek: "5 секунд артка, алдыга", KeyVolume: "катуураак, акырыныраак", KeyMute: "үнсүз",
		KeyCaptions: "субтитрлер", KeyFullscreen: "толук экран", KeySpeed: "жайыраак, ылдамыраак", Close: "Жабуу",
		ForDeaf: "угуусу начар адамдар үчүн", Transcript: "Тасманын тексти", Chapters: "Бөлүмдөр", Downloads: "Жүктөп алуу",
		Credits: "Тасманын үстүндө иштегендер", Links: "Шилтемелер", Subtitle: "Субтитрлер",
		LocalFile: "Барак файл катары ачылды, ошондуктан браузердин жөнөкөй плеери көрүнөт. Толук плеерди көрүү үчүн иштетиңиз:",
		Lost:      "Байланыш үзүлдү.", Retry: "Кайра аракет кылуу", Broken: "Тасма бул жерде ойнотулбайт.",
		Private: "Бул барак cookie сактабайт жана башка сайттарга кайрылбайт.",
		Units:   [3]string{"КБ", "МБ", "ГБ"}, Comma: true,
		Months: "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
		Day:    "{y}-жыл, {d}-{m}", Month: "{y}-жыл, {m}",
	},
	"hu": {
		Play: "Lejátszás", Pause: "Szünet", Position: "Pozíció", Volume: "Hangerő", Mute: "Némítás", Unmute: "Hang bekapcsolása",
		Subtitles: "Feliratok", Off: "Kikapcsolva", Speed: "Sebesség", Quality: "Minőség", Auto: "Automatikus", Sound: "Hang",
		Fullscreen: "Teljes képernyő", LeaveFullscreen: "Kilépés a teljes képernyőből", PictureInWindow: "Kép a képben",
		Keys: "Billentyűk", KeyPlay: "lejátszás, szünet", KeySeek: "5 másodperc vissza, előre", KeyVolume: "hangosabb, halkabb", KeyMute: "némítás",
		KeyCaptions: "felirat be, ki", KeyFullscreen: "teljes képernyő", KeySpeed: "lassabb, gyorsabb", Close: "Bezárás",
		ForDeaf: "siketeknek és nagyothallóknak", Transcript: "A film szövege", Chapters: "Fejezetek", Downloads: "Letöltés",
		Credits: "Stáblista", Links: "Hivatkozások", Subtitle: "Felirat",
		LocalFile: "Az oldal fájlként nyílt meg, ezért a böngésző saját lejátszója látszik. A teljes lejátszóhoz futtassa:",
		Lost:      "Megszakadt a kapcsolat.", Retry: "Újra", Broken: "A film itt nem játszható le.",
		Private: "Ez az oldal nem használ sütiket, és más oldalhoz nem fordul.",
		Units:   [3]string{"kB", "MB", "GB"}, Comma: true,
		Months: "január február március április május június július augusztus szeptember október november december",
		Day:    "{y}. {m} {d}.", Month: "{y}. {m}",
	},
}

// wordsFor gives the interface for a language tag, and the language it really is in: English where we have none.
func wordsFor(tag string) (w words, lang string) {
	base, _ := language.Make(tag).Base()
	if w, ok := dictionary[base.String()]; ok {
		return w, base.String()
	}
	return dictionary["en"], "en"
}

// rightToLeft are the scripts that need dir="rtl" (ISO 15924).
var rightToLeft = map[string]bool{"Arab": true, "Hebr": true, "Syrc": true, "Thaa": true, "Nkoo": true, "Adlm": true, "Rohg": true}

// direction is the value of dir= for text in a language.
func direction(tag string) string {
	if script, _ := language.Make(tag).Script(); rightToLeft[script.String()] {
		return "rtl"
	}
	return "ltr"
}

// date writes 2026-11-23, 2026-11 or 2026 the way the language does; anything else stays as it is.
func (w words) date(iso string) string {
	parts := strings.Split(iso, "-")
	if len(parts) < 2 || len(parts) > 3 {
		return iso
	}
	pattern, day := w.Month, ""
	month, err := strconv.Atoi(parts[1])
	if err != nil || month < 1 || month > 12 {
		return iso
	}
	if len(parts) == 3 {
		pattern, day = w.Day, strings.TrimPrefix(parts[2], "0")
	}
	return strings.NewReplacer("{y}", parts[0], "{m}", strings.Fields(w.Months)[month-1], "{n}", parts[1], "{d}", day).Replace(pattern)
}

// size writes a number of bytes in decimal units, two digits or more.
func (w words) size(bytes int64) string {
	n, unit := float64(bytes)/1e3, 0
	for n >= 999.5 && unit < len(w.Units)-1 {
		n, unit = n/1e3, unit+1
	}
	digits := 0
	if n < 10 {
		digits = 1
	}
	s := strconv.FormatFloat(n, 'f', digits, 64)
	if w.Comma {
		s = strings.Replace(s, ".", ",", 1)
	}
	return fmt.Sprintf("%s\u00a0%s", s, w.Units[unit])
}
