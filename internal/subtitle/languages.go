package subtitle

import (
	"strings"
	"sync"
	"unicode"
)

// tongue is what tells a language's text from wrongly decoded bytes: its letters outside ASCII and the words that
// make up most of its dialogue. The lists are of function words, which any five cues hold some of.
type tongue struct {
	tag      string
	charsets []string // the legacy encodings that its files are found in, the likeliest first
	letters  string   // lower case, outside ASCII; in Cyrillic the commonest first
	words    string
}

var (
	russianSets  = []string{"windows-1251", "koi8-r", "ibm866", "iso-8859-5", "x-mac-cyrillic"}
	cyrillicSets = []string{"windows-1251", "koi8-u", "ibm866", "iso-8859-5", "x-mac-cyrillic"}
	westernSets  = []string{"windows-1252", "iso-8859-15", "macintosh"}
	centralSets  = []string{"windows-1250", "iso-8859-2"}
)

var tongues = []tongue{
	{"ru", russianSets, "оеаинтсрвлпдкмуязьыйбчгжцфюхшщэёъ", `и в не на я что он с как это по но они мы ты вы к у из за от то так же бы было был была быть
		все всё его её ее мне меня тебя тебе вас вам нас нам их ему да нет если или когда там тут здесь еще ещё уже только для до о об
		очень чтобы ни где кто чем без под при этот эта эти этого этом сказал есть будет может надо нужно можно где ничего теперь тоже
		потом сейчас почему просто себя свой раз два время день люди человек жизнь год лет со во ли же ну вот а`},
	{"uk", cyrillicSets, "оаниевтріскдлпумзябйчьгжєцфхюшїщґ", `і в не на я що він з як це по але вони ми ти ви до у із за від то так же би було був була бути
		все його її мені мене тебе тобі вас вам нас нам їх йому та ні якщо або коли там тут ще вже тільки для о про дуже щоб де хто чим
		без під при цей ця ці цього цьому є буде може треба можна нічого тепер теж також потім зараз чому просто себе свій раз два час
		день люди людина життя рік років зі й а`},
	{"be", cyrillicSets, "аныркелідтвспяцмозуьўэчгбйшфюжхё", `і ў у не на я што ён з як гэта па але яны мы ты вы да за ад то так жа бы было быў была быць усе
		яго яе мне мяне цябе табе вас вам нас нам іх яму ды калі або там тут яшчэ ужо толькі для пра вельмі каб дзе хто без пад гэты гэтая
		ёсць будзе можа трэба нічога цяпер таксама потым чаму проста сябе час дзень людзі жыццё год`},
	{"bg", cyrillicSets, "аениотрвсдпзклмъябучжгйфцщшхюь", `и в не на аз че той с как това по но те ние ти вие към у от за така беше са съм си сте е да се ще го
		му я им ни ви ме ми те ако или когато там тук още вече само до много за да къде кой без под при този тази тези има няма може трябва
		нищо сега също после защо просто себе време ден хора човек живот година какво`},
	{"sr", cyrillicSets, "аеоинртсукдпвмзјлбгњшчљцћжхђфџ", `и у не на ја што он са како то по али они ми ти ви к из за од тако би било био била бити све његов
		мене тебе вас вам нас нам их му да ако или када тамо овде још већ само до о врло где ко без под при овај ова је су сам си смо сте
		ће може треба ништа сада такође зашто себе време дан људи човек живот година који шта се`},

	{"fr", westernSets, "àâæçéèêëîïôœùûüÿ", `le la les de des du un une et est en que qui dans pour pas ne je tu il elle nous vous ils elles on ce cette ces se sa
		son ses mon ma mes ton ta au aux avec sur par plus mais ou où si tout tous comme bien fait être avoir était suis as ai a avez sont ont
		quand même rien jamais très aussi peut faire dit non oui là ça été moi toi lui leur y sans encore`},
	{"de", westernSets, "äöüß", `der die das und ist nicht ich du er sie es wir ihr ein eine einen einem einer zu den dem des in im mit auf für von an als auch
		sich aber was wie so hat habe haben war sind bin bist wird werden kann noch nur nach bei aus wenn dann doch mal mein meine dein
		sein ja nein hier da über schon mehr man um oder vor uns mich mir dich dir ihn ihm wo warum sehr alles nichts`},
	{"es", westernSets, "áéíñóúü", `el la los las de del un una unos y que en no es por con para su se lo le me te mi tu yo él ella ellos nos como más pero muy
		qué cuando donde está están este esta esto ese eso si sí ya también todo todos hay ser era fue al o porque sin sobre bien aquí
		así ahora nada nunca algo quien hace años vida`},
	{"it", westernSets, "àèéìíòóùú", `il lo la i gli le di del della dei un una e è che in non per con su si mi ti ci vi ma come più anche se sono sei ho hai ha
		abbiamo questo questa quello cosa quando dove chi perché io tu lui lei noi voi loro mio tuo suo tutto tutti molto bene qui così ora
		niente mai era stato essere fare sì no al alla nel da`},
	{"pt", westernSets, "ãáàâçéêíõóôúü", `o a os as de do da dos das um uma e que em no na não é por com para seu sua se lhe me te eu tu ele ela eles nós você como
		mais mas muito quando onde está estão este esta isto isso sim já também tudo todos há ser era foi ao ou porque sem sobre bem aqui
		assim agora nada nunca quem anos vida meu minha`},
	{"nl", westernSets, "áäçèéêëïóöü", `de het een en van ik je hij zij ze we wij is niet dat die in op te met voor aan er zijn was als maar om dan ook naar bij nog
		wat hoe waar wie heb heeft hebben kan wil moet zal geen mijn jouw hem haar ons hun dit deze over uit door zo nu wel al meer`},
	{"sv", westernSets, "åäöé", `och att det är en ett som på i av för med den till inte jag du han hon vi ni de har hade var om så men vad hur när där här
		kan ska vill min din mig dig sig oss från nu bara eller då alla mycket`},
	{"da", westernSets, "æøåé", `og at det er en et som på i af for med den til ikke jeg du han hun vi de har havde var om så men hvad hvordan når der her kan
		skal vil min din mig dig sig os fra nu kun eller da alle meget være`},
	{"fi", westernSets, "äöå", `ja on ei se että hän minä sinä me te he oli ovat olen olet mutta kun niin kuin mitä missä kuka jos vain nyt sitten tämä tuo
		joka myös mikä ole minun sinun meidän siellä täällä kyllä vielä aina`},
	{"en", westernSets, "éèàïêçöñ", `the a an of to and in is it you i that he she we they was for on are with as his her my your this have from or had by not but
		what all were when there can do if so no yes will would out about who get which me him them then now just know here be`},

	{"hu", centralSets, "áéíóöőúüű", `a az és hogy nem egy is de meg csak már ha van volt ez ezt azt mint mert még el ki be fel le nagyon itt ott mi ti ő ők én te
		vagy vagyok vagyunk lesz lett volna majd kell lehet minden semmi most akkor aki ami amit mit hol miért hogyan neked nekem engem téged
		igen jó sem se úgy így után alatt szerint között két ember élet év`},
	{"pl", centralSets, "ąćęłńóśźż", `i w na z nie się do to że jest o jak ale co po tak za od ja ty on ona my wy oni był była było są być już tylko czy
		przez przed dla przy bez ze jego jej ich mnie mi ciebie ci go mu nas nam was jeśli kiedy gdzie kto tu tam jeszcze bardzo może
		ma mam masz teraz też dlaczego wszystko nic ten ta te tego`},
	{"cs", centralSets, "áčďéěíňóřšťúůýž", `a v na se že je to s z do o i jak ale co po tak za od já ty on ona my vy oni byl byla bylo jsou být už jen pro při bez
		jeho její jejich mě mi tebe ti ho mu nás nám vás vám jestli když kde kdo tady tam ještě velmi může má mám máš teď také proč
		všechno nic ten ta jsem jsi jsme není ne ano si by`},
	{"sk", centralSets, "áäčďéíĺľňóôŕšťúýž", `a v na sa že je to s z do o i ako ale čo po tak za od ja ty on ona my vy oni bol bola bolo sú byť už len pre pri bez
		jeho jej ich ma mi teba ti ho mu nás nám vás vám ak keď kde kto tu tam ešte veľmi môže má mám máš teraz tiež prečo všetko nič
		ten tá som si sme nie áno by`},
	{"hr", centralSets, "čćđšž", `i u na se da je to s z do o kao ali što po tako za od ja ti on ona mi vi oni bio bila bilo su biti već samo bez njegov
		me te ga mu nas nam vas vam ako kad kada gdje gde tko ko ovdje ovde tamo još vrlo može sam si smo ste nije ne sve ništa sada
		zašto ovo ovaj taj nisam`},
	{"ro", centralSets, "ăâîșțşţ", `și şi a în de la cu că nu o un pe să este e ce mai din pentru care eu tu el ea noi voi ei am ai are au fost era sunt dar
		sau dacă când unde cine aici acolo foarte poate trebuie acum tot toate nimic meu mea tău lui îi îl mă te se`},
	{"tr", []string{"windows-1254"}, "çğıöşüâîû", `bir ve bu ne için de da ben sen o biz siz onlar değil var yok mi mı ile gibi daha çok ama her şey kadar sonra beni
		seni onu bana sana ona bizim nasıl neden nerede kim evet hayır şimdi burada olarak olan olduğu en iyi ki`},
	{"el", []string{"windows-1253", "iso-8859-7"}, "αοετνιρσημπκυςίλδγήέόάχωθύφώβξζψϊΐϋΰ", `και το να του η της με που την από για είναι στο οι δεν θα τα τον σε ένα μου μας
		σου αυτό τι αν ο τους μια στην κι μη όχι ναι πως όπως πολύ εδώ εκεί τώρα μόνο ήταν έχει έχω`},
}

// lexicon is a tongue's word and letter lists as sets.
type lexicon struct {
	tongue
	isWord   map[string]bool
	isLetter map[rune]bool
	isCommon map[rune]bool // the commoner half of the letters; nil where it is not measured: Greek so took in Arabic and Estonian
}

// lexicons gives the sets. They are made once, and only when a file is not UTF-8.
var lexicons = sync.OnceValue(func() []lexicon {
	out := make([]lexicon, len(tongues))
	for i, t := range tongues {
		l := lexicon{tongue: t, isWord: map[string]bool{}, isLetter: map[rune]bool{}}
		for _, w := range strings.Fields(t.words) {
			l.isWord[w] = true
		}
		for _, r := range t.letters + strings.ToUpper(t.letters) {
			l.isLetter[r] = true
		}
		if t.tag == "tr" {
			l.isLetter['İ'] = true
		}
		if letters := []rune(t.letters); unicode.Is(unicode.Cyrillic, letters[0]) {
			common := string(letters[:len(letters)/2])
			l.isCommon = map[rune]bool{}
			for _, r := range common + strings.ToUpper(common) {
				l.isCommon[r] = true
			}
		}
		out[i] = l
	}
	return out
})
