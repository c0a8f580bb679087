"""How a message is said, apart from what it asks: a correction before it, several questions in one, an age. Pure.

Guarantees that every returned part is made of the person's own words, in their order.
"""

import re

from indexer.matching import FEW_WORDS

_CORRECTION = re.compile(
    r"^\s*(?:(?:nei+|neida|nope|no|ikke det|ikkje det|feil)[\s,.!:–-]*(?:forresten|vent|heller|altså|sorry|beklager)?)?[\s,.!:–-]*"
    r"(?:(?:jeg|eg|æ|vi|i)\s+(?:mente|meinte|meinar|mener|tenkte på|tenkjer på|snakket om|snakka om|spurte om|spurde om|meant)|"
    r"det var ikke det jeg (?:mente|spurte om)|not that)[\s,.:–-]+(?:om\s+)?"
    r"|^\s*(?:nei+|neida|no)[\s,.!:–-]*(?:forresten|vent|heller)?[\s,.!:–-]*(?:den|det|dei|the one) (?:om|med|about)\s+"
    r"|^\s*(?:(?:ja|jo|ok|og|men|and|but)[\s,.!:–-]+)?(?:(?:hva|kva|ka) med |what about )?(?:den|det|the one) (?:om|about)\s+",
    re.I,
)
_QUESTION_WORD = (
    r"hva|hvem|hvor|hvordan|hvorfor|hvilke[nt]?|når|kan|har|får|må|skal|er|kva|kven|kor|korleis|kvifor|ka|kem|kæm|korsn|koss|"
    r"what|who|how|when|where|can|do|does|is|are"
)
_NEXT_QUESTION = re.compile(rf"(?<=\?)\s+|\s*[,;]?\s+(?:og|and)\s+(?=(?:{_QUESTION_WORD})\b)", re.I)
_MIN_WORDS = 3
_MOST_QUESTIONS = 3
_AGE = re.compile(
    r"\b(?:er|på|fyller|fylte|fyllt|blir|vart|ble|is|am|turning|alder:?)\s+(?:snart\s+|nettopp\s+|bare\s+|just\s+)?(\d{1,2})\b"
    r"(?!\s*(?:%|prosent|kvadratmeter|kvm|kroner|kr\b|uker|uke|veker|dager|dagar|måneder|månader|mnd|timer|timar|km|kilo|§|\.|,\d|/))|\b(\d{1,2})[- ]?(?:åring|år gammel|år gamal|years old|year-old)",
    re.I,
)
_OLDEST = 25
_ORDINALS = (
    r"første|fyrste|øverste|1\.?|ein|en|first",
    r"andre|neste|2\.?|to|second",
    r"tredje|3\.?|tre|third",
    r"fjerde|4\.?|fire|fourth",
)
_REFERS_BACK = re.compile(
    r"^\W*(?:og|men|hva med|kva med|ka med|enn|hvis|viss|dersom|hva hvis|kva om|hva om|and|but|what about|what if)\b"
    r"|\b(?:det|den|dette|de|dem|dei|disse|desse|dit|der|han|hun|ho|hen|hans|hennes|hennar|deres|it|that|this|they|them|there|he|she)\b",
    re.I,
)
_LAST = r"siste|nederste|last"
_COUNTED = r"^\s*(?:ja,?\s+|jo,?\s+|ok,?\s+)?(?:(?:jeg|eg|æ)\s+(?:tar|tek|vil ha|velger|vel|mener|meiner)\s+)?(?:den|det|da|alternativ|nummer|nr\.?|valg|number|the)?\s*(?:{})(?:\s+(?:der|der oppe|en|one|takk))?[.!?\s]*$"


def without_correction(text: str) -> str | None:
    """What «nei, jeg mente …» or «den om …» is followed by; None where the message points at nothing else than before."""
    found = _CORRECTION.match(text)
    rest = text[found.end() :].strip() if found else ""
    return rest or None


def questions_in(text: str) -> tuple[str, ...]:
    """The questions of the message, one string each; the message itself where it asks one thing."""
    parts = [part.strip() for part in _NEXT_QUESTION.split(text) if part and part.strip()]
    asked = [part for part in parts if _asks(part)]
    several = 1 < len(asked) <= _MOST_QUESTIONS and all(len(part.split()) >= _MIN_WORDS for part in asked)
    return tuple(asked) if several else (text,)


def age_in(text: str) -> int | None:
    """The age in years that is told, of a child or the young person; None where none is, or where it is an adult's."""
    for found in _AGE.finditer(text):
        age = int(found[1] or found[2])
        if 0 < age <= _OLDEST:
            return age
    return None


def refers_back(text: str) -> bool:
    """Whether the words lean on something said before («og hvis vi får nei?», «gjelder det fosterbarn?»), or are too few to stand alone."""
    return len(text.split()) <= FEW_WORDS or _REFERS_BACK.search(text) is not None


def ordinal_in(text: str, count: int) -> int | None:
    """The place, from 0, of the one of `count` that «den første», «nummer to», «den siste» mean; None where the message says anything else."""
    for place, words in enumerate(_ORDINALS[:count]):
        if re.match(_COUNTED.format(words), text, re.I):
            return place
    return count - 1 if count and re.match(_COUNTED.format(_LAST), text, re.I) else None


def _asks(part: str) -> bool:
    sentence = re.split(r"[.!]\s+", part)[-1]
    return sentence.endswith("?") or re.match(rf"(?:{_QUESTION_WORD})\b", sentence, re.I) is not None
