"""Is someone in danger? Rules only, read from `knowledge/krise.yml`: no model, no network, nothing that can be down.

Looks at the raw text, before everything else, in chat, search and handoff alike. Tells danger apart from idiom, negation, the past and
professional questions about the subject. It would rather show a door too many than one too few. Never stores or logs what it reads.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from indexer.yaml_file import read_yaml

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SPELLED_OUT = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .\-_*]){3,}[^\W\d_](?![^\W_])")
_TOKEN = re.compile(r"[^\W_]+(?:['’*@$][^\W_]+)*|[.!?\n]+|[,;:–—]|[^\w\s]")
_DIGITS_FOR_LETTERS = str.maketrans("013457@$*", "oieast" + "asi")
_PLAIN_MARKS = {**dict.fromkeys(".!?\n", "."), **dict.fromkeys(",;:–—", ",")}
_BLANK = "·"
_LOOK_BACK = 5
_LOOK_AHEAD = 2
_TYPO_LENGTH = 7


class Danger(StrEnum):
    """Of what kind; decides which doors come first."""

    SUICIDE = "selvmord"
    ABUSE = "overgrep"
    VIOLENCE = "vold"
    MEDICAL = "medisinsk"
    CHILD = "barn-i-fare"
    THREAT = "trussel"


@dataclass(frozen=True, slots=True)
class Alarm:
    """`rule` is the id of the rule that rang, the only thing about it that may be logged."""

    danger: Danger
    third_person: bool
    rule: str


@dataclass(frozen=True, slots=True)
class _Words:
    """One element of a pattern: a set of words and beginnings of words."""

    exact: frozenset[str]
    starts: tuple[str, ...]
    optional: bool = False

    def fits(self, word: str) -> bool:
        return word in self.exact or (bool(self.starts) and word.startswith(self.starts))


@dataclass(frozen=True, slots=True)
class _Gap:
    most: int


@dataclass(frozen=True, slots=True)
class _Edge:
    """`^` or `$`: the sentence begins or ends here."""

    end: bool


_Element = _Words | _Gap | _Edge


@dataclass(frozen=True, slots=True)
class _Rule:
    id: str
    danger: Danger
    patterns: tuple[tuple[_Element, ...], ...]
    needs: tuple[tuple[_Words, ...], ...]
    always: bool
    """Rings in spite of negation, past and professional framing."""
    alone: bool
    """Rings only when the message says nothing else."""
    without: tuple[_Words, ...]
    """Does not ring when one of these words stands anywhere in the message."""


class CrisisRules:
    """Compiled rules. Safe to share between threads."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        """Raises ValueError naming the rule when a pattern or group is wrong."""
        self._groups = {name: tuple(str(w) for w in words) for name, words in data["grupper"].items()}
        self._idioms = self._patterns("uttrykk", data["uttrykk"])
        self._frames = self._patterns("saklig", data["saklig"])
        self._past = self._patterns("fortid", data["fortid"])
        self._over = self._patterns("bra-na", data["bra-na"])
        self._now = self._words("{na}")
        self._negations = self._words("{ikke}")
        self._between = self._words("{mellomord}")
        self._others = self._words("{andre}")
        self._rules = tuple(self._rule(entry) for entry in data["regler"])
        self._vocabulary = frozenset(data.get("stavekontroll", ()))

    @classmethod
    def from_file(cls, path: Path) -> "CrisisRules":
        return cls(read_yaml(path))

    def check(self, text: str) -> Alarm | None:
        """The first alarm in the order of the rules, or None. About a millisecond for 2,000 characters."""
        for reading in self._readings(text):
            if (alarm := self._check(reading)) is not None:
                return alarm
        return None

    def _check(self, tokens: tuple[str, ...]) -> Alarm | None:
        tokens = _without(tokens, self._idioms)
        words = frozenset(tokens)
        over = any(_first(tokens, words, p) for p in self._over)
        for rule in self._rules:
            if over and not rule.always:
                continue
            if any(w.fits(word) for w in rule.without for word in words):
                continue
            if self._rings(rule, tokens, words):
                return Alarm(rule.danger, any(self._others.fits(w) for w in words), rule.id)
        return None

    def _rings(self, rule: _Rule, tokens: tuple[str, ...], words: frozenset[str]) -> bool:
        for pattern, needs in zip(rule.patterns, rule.needs, strict=True):
            if not all(any(need.fits(w) for w in words) for need in needs):
                continue
            for start, end in _found(tokens, pattern):
                if rule.alone and not _is_all(tokens, start, end):
                    continue
                if rule.always or not self._explained_away(tokens, start, end, pattern):
                    return True
        return False

    def _explained_away(self, tokens: tuple[str, ...], start: int, end: int, pattern: tuple[_Element, ...]) -> bool:
        """Negated, long past, or a professional question about the subject, judged within the sentence."""
        if self._negated(tokens, start, end, pattern):
            return True
        sentence = _sentence_around(tokens, start, end)
        words = frozenset(sentence)
        if any(_first(sentence, words, p) for p in self._past):
            return True
        return not any(self._now.fits(w) for w in words) and any(_first(tokens, frozenset(tokens), p) for p in self._frames)

    def _negated(self, tokens: tuple[str, ...], start: int, end: int, pattern: tuple[_Element, ...]) -> bool:
        own = any(isinstance(e, _Words) and not e.optional and e.exact & self._negations.exact for e in pattern)
        if own:
            return False
        if any(self._negations.fits(t) for t in tokens[start:end]):
            return True
        for token in reversed(tokens[max(0, start - _LOOK_BACK) : start]):
            if self._negations.fits(token):
                return True
            if not self._between.fits(token):
                break
        following = tokens[end : end + 1]
        return any(self._negations.fits(t) for t in following)

    def _readings(self, text: str) -> Iterator[tuple[str, ...]]:
        """The words as written, and once more with spelling mended where that changes anything."""
        plain = normalise(text)
        first = tuple(_tokens(plain))
        yield first
        mended = tuple(self._mended(t) for t in _tokens(_joined_up(plain)))
        if mended != first:
            yield mended

    def _mended(self, word: str) -> str:
        if not word[:1].isalpha() and not any(c.isalpha() for c in word):
            return word
        if any(c in "013457@$*" for c in word):
            word = word.translate(_DIGITS_FOR_LETTERS)
        if len(word) < _TYPO_LENGTH or word in self._vocabulary:
            return word
        return next((v for v in self._vocabulary if _one_slip(word, v)), word)

    def _rule(self, entry: Mapping[str, Any]) -> _Rule:
        patterns = self._patterns(entry["id"], entry["monster"])
        return _Rule(
            id=entry["id"],
            danger=Danger(entry["fare"]),
            patterns=patterns,
            needs=tuple(tuple(e for e in p if isinstance(e, _Words) and not e.optional) for p in patterns),
            always=bool(entry.get("alltid")),
            alone=bool(entry.get("alene")),
            without=tuple(self._words(w) for w in entry.get("uten", ())),
        )

    def _patterns(self, rule: str, lines: Iterable[str]) -> tuple[tuple[_Element, ...], ...]:
        try:
            return tuple(tuple(self._element(part) for part in str(line).split()) for line in lines)
        except KeyError as error:
            raise ValueError(f"krise.yml: rule «{rule}» uses the unknown group {error}") from None

    def _element(self, part: str) -> _Element:
        if part.startswith("~"):
            return _Gap(int(part[1:]))
        if part in ("^", "$"):
            return _Edge(part == "$")
        return self._words(part)

    def _words(self, part: str) -> _Words:
        optional = part.endswith("?")
        exact: set[str] = set()
        starts: set[str] = set()
        for alternative in part.replace("?", "").split("|"):
            named = alternative.startswith("{")
            for word in self._groups[alternative.strip("{}")] if named else (alternative,):
                (starts if word.endswith("*") else exact).add(word.rstrip("*"))
        return _Words(frozenset(exact), tuple(sorted(starts)), optional)


def normalise(text: str) -> str:
    """Small letters, one form of each character, no invisible characters, no letters stretched for effect."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().replace("ß", "ss")
    text = text.replace("ä", "æ").replace("ö", "ø").replace("'", "").replace("’", "").replace("´", "").replace("`", "")
    return _STRETCHED.sub(r"\1", text)


def _joined_up(text: str) -> str:
    """«s e l v m o r d» and «d-ø» as the words they are."""
    return _SPELLED_OUT.sub(lambda m: re.sub(r"[ .\-_*]", "", m.group()), text)


def _tokens(text: str) -> Iterator[str]:
    for match in _TOKEN.finditer(text):
        token = match.group()
        yield _PLAIN_MARKS.get(token[0], token)


def _found(tokens: Sequence[str], pattern: tuple[_Element, ...]) -> Iterator[tuple[int, int]]:
    for start in range(len(tokens)):
        end = _match(tokens, start, pattern, 0)
        if end is not None and end > start:
            yield start, end


def _first(tokens: Sequence[str], words: frozenset[str], pattern: tuple[_Element, ...]) -> tuple[int, int] | None:
    needed = (e for e in pattern if isinstance(e, _Words) and not e.optional)
    if not all(any(need.fits(w) for w in words) for need in needed):
        return None
    return next(_found(tokens, pattern), None)


def _match(tokens: Sequence[str], at: int, pattern: tuple[_Element, ...], element: int) -> int | None:
    """Where the pattern ends when it begins at `at`; the shortest gaps win. A gap never crosses the end of a sentence."""
    if element == len(pattern):
        return at
    wanted = pattern[element]
    if isinstance(wanted, _Edge):
        here = at == len(tokens) or tokens[at] == "." if wanted.end else at == 0 or tokens[at - 1] == "."
        return _match(tokens, at, pattern, element + 1) if here else None
    if isinstance(wanted, _Gap):
        for skipped in range(wanted.most + 1):
            if skipped and (at + skipped > len(tokens) or tokens[at + skipped - 1] == "."):
                return None
            if (end := _match(tokens, at + skipped, pattern, element + 1)) is not None:
                return end
        return None
    if at < len(tokens) and wanted.fits(tokens[at]) and (end := _match(tokens, at + 1, pattern, element + 1)) is not None:
        return end
    return _match(tokens, at, pattern, element + 1) if wanted.optional else None


def _without(tokens: tuple[str, ...], idioms: tuple[tuple[_Element, ...], ...]) -> tuple[str, ...]:
    kept = list(tokens)
    words = frozenset(tokens)
    for idiom in idioms:
        if _first(tokens, words, idiom) is None:
            continue
        for start, end in _found(tokens, idiom):
            kept[start:end] = [_BLANK] * (end - start)
    return tuple(kept)


def _is_all(tokens: Sequence[str], start: int, end: int) -> bool:
    rest = [t for t in (*tokens[:start], *tokens[end:]) if t.isalnum()]
    return len(rest) <= _LOOK_AHEAD


def _sentence_around(tokens: Sequence[str], start: int, end: int) -> tuple[str, ...]:
    first = next((i + 1 for i in range(start - 1, -1, -1) if tokens[i] == "."), 0)
    last = next((i for i in range(end, len(tokens)) if tokens[i] == "."), len(tokens))
    return tuple(tokens[first:last])


def _one_slip(word: str, right: str) -> bool:
    """One letter wrong, missing, too many, or two neighbours swapped; the first letter is right."""
    if word[0] != right[0] or abs(len(word) - len(right)) > 1:
        return False
    head = next((i for i, (a, b) in enumerate(zip(word, right, strict=False)) if a != b), min(len(word), len(right)))
    left, wanted = word[head:], right[head:]
    if len(left) == len(wanted):
        return left[1:] == wanted[1:] or (left[1:2] + left[:1] == wanted[:2] and left[2:] == wanted[2:])
    return left[1:] == wanted if len(left) > len(wanted) else left == wanted[1:]
