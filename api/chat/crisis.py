"""Is someone in danger? Rules only, read from `knowledge/krise.yml`: no model, no network, nothing that can be down.

Looks at the raw text, before everything else, in chat, search and handoff alike. Tells danger apart from idiom, negation, the past and
professional questions about the subject. It would rather show a door too many than one too few. Never stores or logs what it reads.

Words stand on positions, and a set of positions is one whole number with a bit for each. A pattern is therefore tried from every
position of the text at once, with a few additions and shifts, which is what lets a thousand patterns read a message in milliseconds.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

from indexer.yaml_file import read_yaml

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U0001f3fb-\U0001f3ff]"
)
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_TRAILING_OFF = re.compile(r"\.{2,}|…")
_SPELLED_OUT = re.compile(r"(?<![^\W_])(?:[^\W_][ .\-_*]+)+[^\W_](?![^\W_])")
_BETWEEN_LETTERS = re.compile(r"[ .\-_*]+")
_TOKEN = re.compile(r"[^\W_]+(?:[*@$€][^\W_]+)*|[.!?\n]+|[^\w\s]|_+")
_DISGUISES = {"0": "øo", "1": "il", "3": "eæ", "4": "aå", "5": "s", "6": "g", "7": "t", "8": "b", "@": "aå", "$": "s", "€": "e"}
_DISGUISES |= {"*": "aeiouyæøå"}
_DISGUISE = re.compile("[" + re.escape("".join(_DISGUISES)) + "]")
_STOP, _ASKED, _PAUSE, _BLANK = ".", "?", ",", "·"
_LOOK_BACK = 5
_LITTLE_ELSE = 2
_TOGETHER = 30
_NEIGHBOURS = 1
_SHORT, _LONG, _STEM = 4, 6, 8
_MOST_GUESSES = 64
_MOST_PLACES = 200


class Danger(StrEnum):
    """Of what kind; decides which doors come first."""

    SUICIDE = "selvmord"
    ABUSE = "overgrep"
    VIOLENCE = "vold"
    MEDICAL = "medisinsk"
    CHILD = "barn-i-fare"
    THREAT = "trussel"


_HARMED_BY_OTHERS = (Danger.ABUSE, Danger.VIOLENCE, Danger.THREAT)


@dataclass(frozen=True, slots=True)
class Alarm:
    """`rule` is the id of the rule that rang, the only thing about it that may be logged. `certain`: it, or another that rang too, is
    never heard in ordinary questions."""

    danger: Danger
    third_person: bool
    rule: str
    certain: bool


class _Lexicon:
    """Which elements of the patterns a word fits: the word is looked up, instead of every element tried."""

    def __init__(self) -> None:
        self._exact: defaultdict[str, set[int]] = defaultdict(set)
        self._starts: defaultdict[str, set[int]] = defaultdict(set)
        self._ends: defaultdict[str, set[int]] = defaultdict(set)
        self._inside: defaultdict[str, set[int]] = defaultdict(set)
        self._ids: dict[frozenset[str], int] = {}

    def add(self, words: frozenset[str]) -> int:
        """The number of this set of words, «beginnings*», «*endings» and «*middles*»."""
        if words not in self._ids:
            self._ids[words] = number = len(self._ids)
            for word in words:
                self._shelf(word)[word.strip("*")].add(number)
        return self._ids[words]

    def _shelf(self, word: str) -> defaultdict[str, set[int]]:
        if word[:1] == word[-1:] == "*":
            return self._inside
        return self._ends if word.startswith("*") else self._starts if word.endswith("*") else self._exact

    def fitting(self, word: str) -> set[int]:
        found = set(self._exact.get(word, ()))
        for i in range(1, len(word) + 1):
            if beginning := self._starts.get(word[:i]):
                found |= beginning
            if ending := self._ends.get(word[-i:]):
                found |= ending
        for middle, numbers in self._inside.items():
            if middle in word:
                found |= numbers
        return found

    def has(self, word: str) -> bool:
        """A whole word of the patterns, or one with a beginning that says something."""
        return word in self._exact or any(word[:i] in self._starts for i in range(_SHORT, len(word) + 1))


class _Reading:
    """The words of a text, and for every element of the patterns the positions where it fits."""

    __slots__ = ("_alive", "everywhere", "masks", "pauses", "present", "size", "stops", "tokens", "within")

    def __init__(self, tokens: Sequence[str], lexicon: _Lexicon) -> None:
        self.tokens = tuple(tokens)
        self.size = len(self.tokens)
        self.everywhere = (1 << (self.size + 1)) - 1
        places: defaultdict[str, int] = defaultdict(int)
        for position, token in enumerate(self.tokens):
            places[token] |= 1 << position
        self.stops, self.pauses = places[_STOP] | places[_ASKED], places[_PAUSE]
        self.within = ~self.stops & (self.everywhere >> 1)
        self._alive: dict[_Words, tuple[_Pattern, ...]] = {}
        self.masks: dict[int, int] = {}
        for token, mask in places.items():
            for number in lexicon.fitting(token):
                self.masks[number] = self.masks.get(number, 0) | mask
        self.present = frozenset(self.masks)

    def without(self, covered: int) -> "_Reading":
        """The same text with the words at these positions blank."""
        kept = _Reading.__new__(_Reading)
        kept.tokens = tuple(_BLANK if covered >> i & 1 else token for i, token in enumerate(self.tokens))
        kept.size, kept.everywhere, kept.within, kept.stops = self.size, self.everywhere, self.within, self.stops
        kept.pauses = self.pauses & ~covered
        kept.masks = {number: left for number, mask in self.masks.items() if (left := mask & ~covered)}
        kept.present = frozenset(kept.masks)
        kept._alive = {}
        return kept

    def alive(self, words: "_Words") -> tuple["_Pattern", ...]:
        """The phrases of an element that stand somewhere in the text: asked for again and again, looked for once."""
        if (phrases := self._alive.get(words)) is None:
            phrases = self._alive[words] = tuple(p for p in words.phrases if p.ends(self, self.everywhere))
        return phrases

    def past_pauses(self, at: int) -> int:
        return at | ((at & self.pauses) << 1)

    def passages(self) -> Iterator[int]:
        """The positions of every sentence together with the one after it."""
        ends = [i for i in range(self.size) if self.stops >> i & 1]
        bounds = [0, *(i + 1 for i in ends)]
        if bounds[-1] < self.size:
            bounds.append(self.size)
        count = max(1, len(bounds) - 1)
        for i in range(count):
            first, last = bounds[i], bounds[min(len(bounds) - 1, i + 1 + _NEIGHBOURS)]
            yield ((1 << last) - 1) & ~((1 << first) - 1)

    def sentence(self, start: int, end: int) -> int:
        """The positions of the sentence, or sentences, that the words from `start` to `end` stand in."""
        first = (self.stops & ((1 << start) - 1)).bit_length()
        after = self.stops >> end
        last = end + ((after & -after).bit_length() - 1 if after else self.size - end)
        return ((1 << last) - 1) & ~((1 << first) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """One of a set of words, or one of a set of phrases, here."""

    number: int
    phrases: tuple["_Pattern", ...]
    optional: bool
    refused: bool

    def step(self, reading: _Reading, at: int) -> int:
        here = at | ((at & reading.pauses) << 1)
        fit = here & reading.masks.get(self.number, 0)
        if self.refused:
            return _without_bits(here & ~fit, lambda position: any(p.ends(reading, position) for p in reading.alive(self)))
        after = fit << 1
        if self.phrases:
            for phrase in reading.alive(self):
                after |= phrase.ends(reading, here)
        return after | at if self.optional else after


@dataclass(frozen=True, slots=True)
class _Gap:
    """Up to so many other words, never past the end of the sentence."""

    most: int

    def step(self, reading: _Reading, at: int) -> int:
        pauses, within = reading.pauses, reading.within
        for _ in range(self.most):
            at |= ((at | ((at & pauses) << 1)) & within) << 1
        return at


@dataclass(frozen=True, slots=True)
class _Edge:
    """`^` or `$`: the sentence begins or ends here."""

    end: bool

    def step(self, reading: _Reading, at: int) -> int:
        if self.end:
            return reading.past_pauses(at) & (reading.stops | (1 << reading.size))
        return at & reading.past_pauses((reading.stops << 1) | 1)


@dataclass(frozen=True, slots=True)
class _Pattern:
    elements: tuple[_Words | _Gap | _Edge, ...]
    needs: frozenset[int]
    """Elements without which there is no use trying."""
    negative: bool
    """A negation is part of what it says."""

    def ends(self, reading: _Reading, at: int) -> int:
        """Where it ends when it begins at one of `at`."""
        if not self.needs <= reading.present:
            return 0
        for element in self.elements:
            at = element.step(reading, at)
            if not at:
                return 0
        return at

    def found(self, reading: _Reading) -> Iterator[tuple[int, int]]:
        """Every start, with the nearest end."""
        for start in self._starts(reading, reading.everywhere >> 1):
            after = self.ends(reading, 1 << start)
            if (end := (after & -after).bit_length() - 1) > start:
                yield start, end

    def _starts(self, reading: _Reading, among: int) -> Iterator[int]:
        """Found by halving: where nothing begins in a half, nothing more is tried there."""
        if not self.ends(reading, among):
            return
        last, first = among.bit_length() - 1, (among & -among).bit_length() - 1
        if first == last:
            yield first
            return
        lower = (1 << (first + last) // 2 + 1) - 1
        yield from self._starts(reading, among & lower)
        yield from self._starts(reading, among & ~lower)


@dataclass(frozen=True, slots=True)
class _Together:
    """One or more patterns, in any order: «a & b» in one sentence, «a + b» in the next one too."""

    parts: tuple[_Pattern, ...]
    across: bool
    needs: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    danger: Danger
    patterns: tuple["_Together", ...]
    always: bool
    """Rings in spite of negation, past and professional framing."""
    certain: bool
    """Is never heard in ordinary questions."""
    alone: bool
    """Rings only when the message says nothing else."""
    unless: tuple[_Pattern, ...]
    """Does not ring when one of these stands in the same sentence."""
    unless_anywhere: tuple[_Pattern, ...]
    """Does not ring when one of these stands anywhere in the message."""


@dataclass(frozen=True, slots=True)
class _Doubt:
    """What the groups of words say for danger and against it, in whole points. It only ever holds a rule back."""

    words: Mapping[int, int]
    phrases: tuple[tuple[tuple[_Pattern, ...], int], ...]
    least: int
    """With fewer points in its passage, a rule that is not `certain` does not ring."""

    def totals(self, reading: _Reading) -> list[tuple[int, int]]:
        """Every passage with the sum of its points."""
        counted = [(reading.masks[number], points) for number, points in self.words.items() if number in reading.masks]
        for patterns, points in self.phrases:
            after = 0
            for pattern in patterns:
                after |= pattern.ends(reading, reading.everywhere)
            if after:
                counted.append((after >> 1, points))
        return [(passage, sum(points for mask, points in counted if mask & passage)) for passage in reading.passages()]


class CrisisRules:
    """Compiled rules. Safe to share between threads."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Raises ValueError naming the rule when a pattern or group is wrong."""
        self._lexicon = _Lexicon()
        self._lines: Mapping[str, Sequence[Any]] = data["grupper"]
        self._groups: dict[str, tuple[frozenset[str], tuple[_Pattern, ...]]] = {}
        self._elements: dict[str, _Words] = {}
        self._negations = self._words("{ikke}")
        self._negating_words = self._group("ikke")[0]
        self._between = self._words("{mellomord}")
        self._first_person = self._words("{selv-i-fare}")
        self._others = self._words("{andre-i-fare}")
        self._exposed = self._words("{andre-utsatt}")
        self._by = self._words("{av}")
        self._now = self._pattern("{na}")
        self._in_earnest = self._pattern("{alvor}")
        self._idioms = self._patterns("uttrykk", data["uttrykk"])
        self._jokes = self._patterns("spøk", data["spok"])
        self._no_negations = self._patterns("ikke-nekting", data["ikke-nekting"])
        self._frames = self._patterns("saklig", data["saklig"])
        self._themes = self._patterns("tema", data["tema"])
        self._past = self._patterns("fortid", data["fortid"])
        self._over = self._patterns("bra-na", data["bra-na"])
        self._rules = tuple(self._rule(entry) for entry in data["regler"])
        self._doubt = self._weighed(data["tvil"])
        self._speller = _Speller(self._lexicon, data["stavekontroll"], data["riktige-ord"], data["sammenskrevet"])

    @classmethod
    def from_file(cls, path: Path) -> "CrisisRules":
        return cls(read_yaml(path))

    def check(self, text: str) -> Alarm | None:
        """The first alarm in the order of the rules, or None. A few milliseconds for 2,000 characters."""
        first: Alarm | None = None
        for tokens in self._readings(text):
            if (alarm := self._check(tokens)) is not None:
                first = first or alarm
                if alarm.certain:
                    return replace(first, certain=True)
        return first

    def _readings(self, text: str) -> Iterator[tuple[str, ...]]:
        """The words as written, and once more with spelling mended where that changes anything."""
        plain = normalise(text)
        first = tuple(_tokens(plain))
        yield first
        mended = self._speller.mended(tuple(_tokens(_joined_up(plain))))
        if mended != first:
            yield mended

    def _check(self, tokens: tuple[str, ...]) -> Alarm | None:
        reading = self._without_idioms(_Reading(tokens, self._lexicon))
        over = _anywhere(self._over, reading)
        denials = reading.masks.get(self._negations.number, 0) & ~_covered(self._no_negations, reading)
        totals = self._doubt.totals(reading)
        first: Alarm | None = None
        for rule in self._rules:
            if (over and not rule.always) or (first and not rule.certain):
                continue
            if (where := self._rings(rule, reading, denials, totals)) is not None:
                first = first or Alarm(rule.danger, self._about_others(reading, rule.danger, *where), rule.id, rule.certain)
                if rule.certain:
                    return replace(first, certain=True)
        return first

    def _without_idioms(self, reading: _Reading) -> _Reading:
        idioms = self._idioms if _anywhere((self._in_earnest,), reading) else (*self._idioms, *self._jokes)
        covered = _covered(idioms, reading)
        if not covered:
            return reading
        return reading.without(covered)

    def _rings(self, rule: _Rule, reading: _Reading, denials: int, totals: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
        """The words that made it ring."""
        for together in rule.patterns:
            if not together.needs <= reading.present:
                continue
            for start, end in self._found(together, reading, 0 if rule.always else denials):
                if rule.alone and not _is_all(reading.tokens, start, end):
                    continue
                if rule.unless_anywhere and _anywhere(rule.unless_anywhere, reading):
                    continue
                sentence = reading.sentence(start, end)
                if rule.unless and _anywhere(rule.unless, reading, sentence):
                    continue
                if rule.always:
                    return start, end
                enough = rule.certain or any(total >= self._doubt.least for passage, total in totals if passage >> start & 1)
                if enough and not self._explained_away(reading, start, end, sentence):
                    return start, end
        return None

    def _found(self, together: _Together, reading: _Reading, denials: int) -> Iterator[tuple[int, int]]:
        """Where all the parts stand near each other, none of them inside another and none of them denied."""
        places = []
        for part in together.parts:
            standing = [
                (start, end)
                for start, end in part.found(reading)
                if not denials or part.negative or not self._denied(reading, start, end, denials)
            ]
            if not standing:
                return
            places.append(standing)
        yield from _near_each_other(places, reading.stops, together.across)

    def _denied(self, reading: _Reading, start: int, end: int, denials: int) -> bool:
        if _spanned(denials, start, end + 1):
            return True
        between = reading.masks.get(self._between.number, 0)
        for position in range(start - 1, max(-1, start - 1 - _LOOK_BACK), -1):
            if denials >> position & 1:
                return True
            if not between >> position & 1:
                return False
        return False

    def _explained_away(self, reading: _Reading, start: int, end: int, sentence: int) -> bool:
        """Long past, a professional question, or the theme of a school task, a game or a film. A theme holds for the whole message,
        but not for what the writer says of himself in another sentence."""
        if _anywhere((self._now,), reading, sentence):
            return False
        if _anywhere(self._past, reading, sentence):
            return True
        own = _spanned(reading.masks.get(self._first_person.number, 0), start, end)
        return _anywhere(self._frames, reading, sentence) or _anywhere(self._themes, reading, sentence if own else None)

    def _about_others(self, reading: _Reading, danger: Danger, start: int, end: int) -> bool:
        """The person nearest the end of what rang decides: «pappa slår meg», «pappa slår lillebror», «hun vil ta livet sitt»; where
        there is none, the one named next. Of those who harm others, only the one who is harmed counts."""
        sentence = reading.sentence(start, end)
        mine = reading.masks.get(self._first_person.number, 0) & sentence
        if danger in _HARMED_BY_OTHERS:
            doers = reading.masks.get(self._by.number, 0) << 1
            theirs = reading.masks.get(self._exposed.number, 0) & sentence & ~doers
        else:
            theirs = reading.masks.get(self._others.number, 0) & sentence
        before = (1 << end) - 1
        if (mine | theirs) & before:
            return (theirs & before).bit_length() > (mine & before).bit_length()
        return bool(theirs) and (not mine or theirs & -theirs < mine & -mine)

    def _rule(self, entry: Mapping[str, Any]) -> _Rule:
        name = entry["id"]
        return _Rule(
            id=name,
            danger=Danger(entry["fare"]),
            patterns=tuple(self._together(name, str(line)) for line in entry["monster"]),
            always=bool(entry.get("alltid")),
            certain=bool(entry.get("sikker") or entry.get("alltid")),
            alone=bool(entry.get("alene")),
            unless=self._patterns(name, entry.get("uten", ())),
            unless_anywhere=self._patterns(name, entry.get("uten-i-meldingen", ())),
        )

    def _weighed(self, data: Mapping[str, Any]) -> _Doubt:
        frames = {"saklig": self._frames, "tema": self._themes, "fortid": self._past}
        words: dict[int, int] = {}
        phrases = [(frames[name], int(points)) for name, points in data["rammer"].items()]
        for group, points in data["grupper"].items():
            pattern = self._patterns("tvil", [group])
            first = pattern[0].elements[0]
            if isinstance(first, _Words) and not first.phrases:
                words[first.number] = int(points)
            else:
                phrases.append((pattern, int(points)))
        return _Doubt(words, tuple(phrases), int(data["minst"]))

    def _together(self, rule: str, line: str) -> _Together:
        parts = self._patterns(rule, re.split(r" [&+] ", line))
        return _Together(parts, " + " in line, frozenset(number for part in parts for number in part.needs))

    def _patterns(self, rule: str, lines: Iterable[Any]) -> tuple[_Pattern, ...]:
        try:
            return tuple(self._pattern(str(line)) for line in lines)
        except KeyError as error:
            raise ValueError(f"krise.yml: rule «{rule}» uses the unknown group {error}") from None

    def _pattern(self, line: str) -> _Pattern:
        elements = tuple(self._element(part) for part in line.split())
        needs = [e for e in elements if isinstance(e, _Words) and not (e.optional or e.refused or e.phrases)]
        return _Pattern(
            elements=elements,
            needs=frozenset(e.number for e in needs),
            negative=any(self._is_negative(part) for part in line.split()),
        )

    def _is_negative(self, part: str) -> bool:
        if part.endswith("?") or part[0] in "!~^$":
            return False
        words, phrases = self._alternatives(part)
        return bool(words & self._negating_words) or any(p.negative for p in phrases)

    def _element(self, part: str) -> _Words | _Gap | _Edge:
        if part.startswith("~"):
            return _Gap(int(part[1:]))
        if part in ("^", "$"):
            return _Edge(part == "$")
        return self._words(part)

    def _words(self, part: str) -> _Words:
        """One for each way of writing it, so that what a reading finds out about it holds everywhere."""
        if part not in self._elements:
            words, phrases = self._alternatives(part.strip("!?"))
            self._elements[part] = _Words(self._lexicon.add(words), phrases, part.endswith("?"), part.startswith("!"))
        return self._elements[part]

    def _alternatives(self, part: str) -> tuple[frozenset[str], tuple[_Pattern, ...]]:
        words: set[str] = set()
        phrases: list[_Pattern] = []
        for alternative in part.split("|"):
            if "_" in alternative or alternative in ("^", "$"):
                phrases.append(self._pattern(alternative.replace("_", " ")))
            elif alternative.startswith("{"):
                more, phrased = self._group(alternative.strip("{}"))
                words |= more
                phrases.extend(phrased)
            else:
                words.add(alternative)
        return frozenset(words), tuple(phrases)

    def _group(self, name: str) -> tuple[frozenset[str], tuple[_Pattern, ...]]:
        """The single words of a group, those of its groups included, and its phrases."""
        if name not in self._groups:
            lines = [str(line) for line in self._lines[name]]
            words, phrases = self._alternatives("|".join(line for line in lines if " " not in line))
            self._groups[name] = (words - {""}, (*phrases, *(self._pattern(line) for line in lines if " " in line)))
        return self._groups[name]


class _Speller:
    """Mends words that are one slip from a word of danger, disguised in digits and stars, or written together."""

    def __init__(self, known: _Lexicon, targets: Iterable[Any], right: Iterable[Any], glued: Iterable[Any]) -> None:
        self._known = known
        self._targets = frozenset(str(w) for w in targets)
        self._right = frozenset(str(w) for w in right)
        self._glued = frozenset(str(w) for w in glued)
        each = "|".join(re.escape(w) for w in sorted(self._glued, key=len, reverse=True))
        self._glued_word, self._all_glued = re.compile(each), re.compile(f"(?:{each}){{2,}}")
        self._heads = frozenset(word[:2] for word in self._targets if len(word) >= _STEM)
        self._slips: defaultdict[str, list[str]] = defaultdict(list)
        for word in sorted(self._targets):
            for variant in {word, *_one_letter_less(word)}:
                self._slips[variant].append(word)

    def mended(self, tokens: tuple[str, ...]) -> tuple[str, ...]:
        mended = {token: self._mended(token) for token in set(tokens)}
        words: list[str] = []
        for token in tokens:
            words.extend(mended[token])
            while len(words) > 1 and self._belong_together(words[-2], words[-1]):
                words[-2:] = [words[-2] + words[-1]]
        return tuple(words)

    def _mended(self, word: str) -> tuple[str, ...]:
        if not any(c.isalpha() for c in word):
            return (word,)
        word = self._unmasked(word)
        if self._is_known(word):
            return (word,)
        single = _without_double_vowels(word)
        if self._is_known(single):
            return (single,)
        return self._taken_apart(word) or (self._nearest(word) or self._nearest(single) or word,)

    def _is_known(self, word: str) -> bool:
        return word in self._right or self._known.has(word)

    def _unmasked(self, word: str) -> str:
        """«d0», «dr3pe», «s*lvmord» and «sl4r» as the words they are."""
        meanings = [_DISGUISES[sign] for sign in _DISGUISE.findall(word)]
        if not meanings or prod(map(len, meanings)) > _MOST_GUESSES:
            return word
        guesses = []
        for letters in product(*meanings):
            letter = iter(letters)
            guesses.append("".join(next(letter) if c in _DISGUISES else c for c in word))
        return next((g for g in guesses if g in self._targets), None) or next(filter(self._is_known, guesses), word)

    def _nearest(self, word: str) -> str | None:
        """The word of danger it is one slip from, or begins one slip from: «selvmodstanker»."""
        if len(word) < _SHORT - 1:
            return None
        shorter = range(len(word) - 1, _STEM - 2, -1) if word[:2] in self._heads else ()
        for length in (len(word), *shorter):
            head = word[:length]
            for variant in (head, *_one_letter_less(head)):
                for right in self._slips.get(variant, ()):
                    if _one_slip(head, right) and (length == len(word) or len(right) >= _STEM):
                        return right + word[length:]
        return None

    def _taken_apart(self, word: str) -> tuple[str, ...]:
        """«jegvildø» is «jeg vil dø»; empty where it is not made up of such words only."""
        return tuple(self._glued_word.findall(word)) if self._all_glued.fullmatch(word) else ()

    def _belong_together(self, first: str, second: str) -> bool:
        both = first + second
        return (
            first.isalpha()
            and second.isalpha()
            and len(both) >= _STEM
            and len(second) > 2
            and any(both[:i] in self._targets for i in range(max(_STEM, len(first) + 2), len(both) + 1))
        )


def normalise(text: str) -> str:
    """Small letters, one form of each character, no invisible characters, no letters stretched for effect."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().replace("ß", "ss")
    text = text.replace("ä", "æ").replace("ö", "ø").replace("'", "").replace("’", "").replace("´", "").replace("`", "")
    return _STRETCHED.sub(r"\1", _TRAILING_OFF.sub(",", text))


def _joined_up(text: str) -> str:
    """«s e l v m o r d», «d-ø» and «d ø» as the words they are; «i å» and other small words that stand alone are left."""
    return _SPELLED_OUT.sub(lambda m: _spelled_word(m.group()), text)


def _spelled_word(spaced: str) -> str:
    """Letters one by one are one word; two spaces, where there are any, part the words."""
    if len(letters := _BETWEEN_LETTERS.split(spaced)) == 2 and "".join(letters) not in ("dø", "di"):
        return spaced
    parts = re.split(r" {2,}", spaced)
    return " ".join(_BETWEEN_LETTERS.sub("", part) for part in parts)


def _tokens(text: str) -> Iterator[str]:
    """Words and pictures; a «.» or a «?» where a sentence ends, a «,» for all other signs."""
    last = ""
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token[0] in ".!?\n":
            token = _ASKED if "?" in token else _STOP
        elif not token[0].isalnum() and unicodedata.category(token[0]) != "So":
            token = _PAUSE
        if token in (_STOP, _ASKED, _PAUSE) and last == token:
            continue
        last = token
        yield token


def _near_each_other(places: Sequence[Sequence[tuple[int, int]]], stops: int, across: bool) -> Iterator[tuple[int, int]]:
    """One place of each, none over another, and what they span together. Of a text that says the same over and over, the beginning."""
    spans: list[tuple[int, int, tuple[tuple[int, int], ...]]] = [
        (start, end, ((start, end),)) for start, end in places[0][:_MOST_PLACES]
    ]
    for more in places[1:]:
        wider: list[tuple[int, int, tuple[tuple[int, int], ...]]] = []
        for (first, last, taken), (start, end) in product(spans, more[:_MOST_PLACES]):
            low, high = min(first, start), max(last, end)
            if high - low > _TOGETHER or not (across or not _spanned(stops, low, high)):
                continue
            if all(end <= s or e <= start for s, e in taken):
                wider.append((low, high, (*taken, (start, end))))
        spans = wider[:_MOST_PLACES]
    yield from ((first, last) for first, last, _ in spans)


def _without_bits(positions: int, unwanted: Callable[[int], bool]) -> int:
    kept, rest = positions, positions
    while rest:
        lowest = rest & -rest
        rest ^= lowest
        if unwanted(lowest):
            kept ^= lowest
    return kept


def _spanned(positions: int, start: int, end: int) -> int:
    return positions >> start & ((1 << (end - start)) - 1)


def _anywhere(patterns: Iterable[_Pattern], reading: _Reading, where: int | None = None) -> bool:
    at = reading.everywhere if where is None else where
    return any(p.ends(reading, at) for p in patterns)


def _covered(patterns: Iterable[_Pattern], reading: _Reading) -> int:
    """The positions that the patterns cover."""
    covered = 0
    for pattern in patterns:
        for start, end in pattern.found(reading):
            covered |= (1 << end) - (1 << start)
    return covered & ~reading.stops


def _is_all(tokens: Sequence[str], start: int, end: int) -> bool:
    rest = [t for t in (*tokens[:start], *tokens[end:]) if t.isalnum()]
    return len(rest) <= _LITTLE_ELSE


def _one_letter_less(word: str) -> Iterator[str]:
    return (word[:i] + word[i + 1 :] for i in range(1, len(word)))


def _without_double_vowels(word: str) -> str:
    return re.sub(r"([aeiouyæøå])\1", r"\1", word)


def _one_slip(word: str, right: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours swapped; the first letter is right. A short word may only lack one
    letter or have two swapped: too many other words are one letter away."""
    if word[0] != right[0] or abs(len(word) - len(right)) > 1:
        return False
    head = next((i for i, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right)))
    left, wanted = word[head:], right[head:]
    if len(left) < len(wanted):
        return left == wanted[1:]
    swapped = len(left) == len(wanted) and left[1:2] + left[:1] == wanted[:2] and left[2:] == wanted[2:]
    if len(right) < _LONG:
        return swapped
    return swapped or (left[1:] == wanted[1:] if len(left) == len(wanted) else left[1:] == wanted)
