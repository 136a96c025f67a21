package align

import (
	"math/rand/v2"
	"testing"
	"time"
)

// sentences are what the voices say. Where a line has a bar, it is spoken in one go and shown as two cues.
var sentences = map[string][]string{
	"en": {
		"The lake lies in the mountains.", "In winter nobody comes here, | and the road is closed for weeks.", "My father was a fisherman.",
		"He went out every morning | before the sun was over the ridge.", "Now the nets hang in the shed.", "Why did you stay?",
		"Somebody has to look after the boats, | and my brother went to the city.", "It is quiet.", "The water was higher when I was a child.",
		"We measure it every spring. | Each year a stone more comes out.", "I do not know what my children will do.", "Yes.",
		"They told us that a factory would come.", "That was thirty years ago, | and we are still waiting for it.",
	},
	"ru": {
		"Озеро лежит высоко в горах.", "Зимой сюда никто не приезжает, | и дорога закрыта много недель.", "Мой отец был рыбаком.",
		"Он уходил каждое утро, | когда солнце ещё не вставало.", "Теперь сети висят в сарае.", "Почему вы остались?",
		"Кто-то должен смотреть за лодками, | а брат уехал в город.", "Здесь тихо.", "Когда я был маленьким, вода стояла выше.",
		"Мы измеряем её каждую весну. | Каждый год показывается ещё один камень.", "Не знаю, чем займутся мои дети.", "Да.",
		"Нам говорили, что здесь построят завод.", "Это было тридцать лет назад, | а мы всё ещё ждём.",
	},
	"de": {
		"Der See liegt hoch in den Bergen.", "Im Winter kommt niemand her, | und die Straße ist wochenlang gesperrt.", "Mein Vater war Fischer.",
		"Er fuhr jeden Morgen hinaus, | bevor die Sonne über dem Grat stand.", "Jetzt hängen die Netze im Schuppen.", "Warum sind Sie geblieben?",
		"Einer muss nach den Booten sehen, | und mein Bruder ging in die Stadt.", "Es ist still.", "Als ich Kind war, stand das Wasser höher.",
		"Wir messen es jedes Frühjahr. | Jedes Jahr kommt ein Stein mehr heraus.", "Ich weiß nicht, was meine Kinder machen werden.", "Ja.",
	},
	"hu": {
		"A tó magasan fekszik a hegyek között.", "Télen senki sem jön ide, | és az út hetekre le van zárva.", "Apám halász volt.",
		"Minden reggel kiment, | mielőtt a nap felkelt volna.", "A hálók most a fészerben lógnak.", "Miért maradt itt?",
		"Valakinek vigyáznia kell a csónakokra, | a bátyám pedig a városba ment.", "Csend van.", "Gyerekkoromban magasabban állt a víz.",
		"Minden tavasszal megmérjük. | Évente egy kővel több látszik ki.", "Nem tudom, mit csinálnak majd a gyerekeim.", "Igen.",
	},
	"ky": {
		"Көл бийик тоолордун арасында жатат.", "Кышында бул жерге эч ким келбейт, | жол да көп жума жабык турат.", "Атам балыкчы болчу.",
		"Ал күн сайын таң эртең | көлгө чыгып кетчү.", "Азыр торлор сарайда илинип турат.", "Эмне үчүн калдыңыз?",
		"Кимдир бирөө кайыктарды карашы керек, | агам болсо шаарга кетти.", "Бул жер тынч.", "Мен кичинекей кезде суу бийигирээк эле.",
		"Биз аны жаз сайын өлчөйбүз. | Жыл сайын дагы бир таш көрүнөт.", "Балдарым эмне кыларын билбейм.", "Ооба.",
	},
	"tr": {
		"Göl dağların arasında, yüksekte.", "Kışın buraya kimse gelmez, | yol da haftalarca kapalı kalır.", "Babam balıkçıydı.",
		"Her sabah, güneş doğmadan önce | göle açılırdı.", "Şimdi ağlar ambarda asılı duruyor.", "Neden kaldınız?",
		"Birinin kayıklara bakması gerek, | ağabeyim ise şehre gitti.", "Burası sessiz.", "Ben çocukken su daha yüksekti.",
		"Her bahar ölçüyoruz. | Her yıl bir taş daha ortaya çıkıyor.", "Çocuklarım ne yapacak, bilmiyorum.", "Evet.",
	},
}

// film is a spoken sound track and the subtitle that a careful person would have made for it.
type film struct {
	voice []float64 // samples
	cues  []Span
}

// human makes cues as people do: they begin a little before or after the words and stay longer than them, some speech
// has none, and some have no speech (signs).
type human bool

// speakFilm makes a film of about a length. Pauses are mostly short, sometimes of many seconds, as between people who
// speak and pictures without words.
func speakFilm(t testing.TB, lang string, length time.Duration, like human, seed uint64) film {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 1))
	uniform := func(low, high float64) time.Duration {
		return time.Duration((low + rnd.Float64()*(high-low)) * float64(time.Second))
	}
	var f film
	f.voice = make([]float64, at(length))
	spoken := spokenLines(t, lang)
	for now := uniform(1, 6); ; {
		line := spoken[rnd.IntN(len(spoken))]
		captioned := !bool(like) || rnd.Float64() > 0.06
		for _, part := range line {
			end := now + time.Duration(len(part))*time.Second/SampleRate
			if end+time.Second > length {
				return f.settled(like, rnd)
			}
			copy(f.voice[at(now):], part)
			if captioned {
				f.cues = append(f.cues, Span{now, end})
			}
			now = end
		}
		switch p := rnd.Float64(); {
		case p < 0.6:
			now += uniform(0.25, 1.2)
		case p < 0.9:
			now += uniform(1.2, 4)
		default:
			now += uniform(4, 20)
		}
		if bool(like) && rnd.Float64() < 0.02 {
			f.cues = append(f.cues, Span{now, now + 2*time.Second}) // a sign
			now += uniform(2.2, 3)
		}
	}
}

// settled rounds the cues to milliseconds, and makes them a human's.
func (f film) settled(like human, rnd *rand.Rand) film {
	for i := range f.cues {
		c := &f.cues[i]
		if like {
			c.Start += time.Duration((rnd.Float64()*0.16 - 0.12) * float64(time.Second))
			c.End += time.Duration(rnd.Float64() * 0.5 * float64(time.Second))
		}
		c.Start, c.End = max(0, c.Start.Round(time.Millisecond)), c.End.Round(time.Millisecond)
		if i > 0 && f.cues[i-1].End > c.Start {
			f.cues[i-1].End = c.Start
		}
	}
	return f
}

// change is what went wrong with a subtitle file.
type change struct {
	name   string
	shift  time.Duration
	ratio  int // of Ratios: by this the times have to be stretched to be right again
	breaks []cut
}

// cut is a break at a part of the film's length. Where more is positive, the film has that much which the subtitle's
// version had not; where it is negative, the subtitle has cues to what was cut out.
type cut struct {
	at   float64
	more time.Duration
}

// lost is the right time of a cue that is to nothing in the film.
const lost = -time.Hour

// apply gives the cues that a changed file would have, and for each its right times. Times below 0 are kept, as they
// lose nothing here.
func (c change) apply(cues []Span) (bad, good []Span) {
	end := cues[len(cues)-1].End
	r := Ratios[c.ratio].Float()
	add := func(cue, right Span, off time.Duration) {
		move := func(d time.Duration) time.Duration { return time.Duration(float64(d-off) / r).Round(time.Millisecond) }
		bad, good = append(bad, Span{move(cue.Start), move(cue.End)}), append(good, right)
	}
	off, k, until := c.shift, 0, time.Duration(0)
	for _, cue := range cues {
		for k < len(c.breaks) && cue.Start >= time.Duration(c.breaks[k].at*float64(end)) {
			b := c.breaks[k]
			for t := time.Duration(0); t < -b.more-2*time.Second; t += 2700 * time.Millisecond {
				add(Span{cue.Start + t, cue.Start + t + 2*time.Second}, Span{lost, lost}, off)
			}
			until = cue.Start + b.more
			off += b.more
			k++
		}
		if cue.Start >= until {
			add(cue, cue, off)
		}
	}
	return bad, good
}
