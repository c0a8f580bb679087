"""Personal data out of a text, before anything is stored, logged or sent on. Numbers and addresses by form, names by `NameFinder`s.

Pure but for the finders it is given. Public numbers and names (agencies, places, helplines) are left standing: they are what the question is about.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Label(StrEnum):
    NATIONAL_ID = "FNR"
    PHONE = "TLF"
    EMAIL = "EPOST"
    NAME = "NAVN"
    ADDRESS = "ADRESSE"
    ACCOUNT = "KONTO"
    CASE_NUMBER = "SAKSNR"
    BIRTH_DATE = "BURSDAG"


PLACEHOLDERS = {
    Label.NATIONAL_ID: "[fødselsnummer]",
    Label.PHONE: "[telefon]",
    Label.EMAIL: "[e-post]",
    Label.NAME: "[navn]",
    Label.ADDRESS: "[adresse]",
    Label.ACCOUNT: "[kontonummer]",
    Label.CASE_NUMBER: "[saksnummer]",
    Label.BIRTH_DATE: "[fødselsdato]",
}


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters `start` to `end` (end not included) of the text as written."""

    start: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class Masked:
    text: str
    spans: tuple[Span, ...]


class NameFinder(Protocol):
    def find(self, text: str) -> Iterable[tuple[int, int]]:
        """Where persons' names stand in `text`, as (start, end)."""


_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_GAP = rf"[ \t\u00a0\u202f.\-–/{_INVISIBLE}]"
_DIGIT = rf"\d[{_INVISIBLE}]?"
_UPPER, _LOWER = "A-ZÆØÅÁČĐŊŠŦŽÄÖÜÉÈ", "a-zæøåáčđŋšŧžäöüéèôóòêíïñç"
_WORD = rf"[{_UPPER}][{_UPPER}{_LOWER}'’-]*"
_MONTHS = "jan(?:uar)?|feb(?:ruar)?|mars|apr(?:il)?|mai|juni?|juli?|aug(?:ust)?|sep(?:t(?:ember)?)?|okt(?:ober)?|nov(?:ember)?|des(?:ember)?|january|february|march|may|june|july|october|december"
_DATE = rf"(?:\d{{1,2}}\.? ?(?:{_MONTHS})\.?,? ?(?:\d{{4}}|\d{{2}}(?!\d))?|\d{{1,2}}[./-] ?\d{{1,2}}[./-] ?(?:\d{{4}}|\d{{2}})(?!\d)|\d{{4}}-\d{{2}}-\d{{2}}|(?<!\d)\d{{6}}(?!\d))"
_STREET_ENDS = (
    "veien|vegen|vei|veg|veita|gata|gaten|gate|gutua|stien|stig|stigen|kroken|bakken|bakkane|bakke|lia|lien|tunet|tun|plass|plassen|allé|alléen|alle|svingen|sving|"
    "åsen|ringen|ring|toppen|jordet|haugen|hagen|gården|garden|smuget|smauet|torget|torg|terrasse|terrassen|kollen|høgda|høyden|myra|moen|marka|løkka|løkken|"
    "brygga|brygge|kaien|kaia|sletta|sletten|engen|enga|dalen|skogen|viken|vika|nes|neset|sund|sundet|bukta|odden|øya|grenda|grend|feltet|faret|linna|rabben|"
    "hellinga|hellingen|ekra|teigen|leitet|leite|geilen|geila|luodda|geaidnu|strand|stranda|park|parken"
)
_HOUSE = r"\d{1,4} ?[A-Za-z]?\b(?:,? ?[HKLU]\d{4})?"
_POSTAL = rf"\d{{4}} {_WORD}(?: (?:i|på) {_WORD}| {_WORD})?"

_EMAIL = re.compile(
    r"[\w.+'%-]+@(?:[\w-]+\.)+[^\W\d_]{2,}|[\w.+-]+ ?(?:\(at\)|\[at\]|krøllalfa| alfakrøll ) ?[\w-]+\.[a-z]{2,4}", re.I
)
_ELEVEN = re.compile(rf"(?<![\d/])(?:{_DIGIT}{_GAP}?){{10}}\d(?![\d])")
_ACCOUNT_FORM = re.compile(rf"(?<!\d)\d{{4}}{_GAP}\d{{2}}{_GAP}\d{{5}}(?!\d)")
_IBAN = re.compile(r"\bNO\d{2}(?: ?\d){11}\b", re.I)
_PHONE = re.compile(rf"(?<![\d/])(?:(?:\+|00) ?47{_GAP}?)?(?<!\d)[2-9](?:{_GAP}?\d){{7}}(?![\d])")
_FOREIGN_PHONE = re.compile(rf"(?<!\d)(?:\+|00)(?!47)[1-9]\d{{0,2}}(?:{_GAP}?\d){{6,12}}(?!\d)")
_DIGIT_WORDS = re.compile(
    r"\b(?:(?:null|nul|en|ein|én|to|tre|fire|fem|seks|sju|syv|åtte|ni)[ ,\-]+){7,}(?:null|nul|en|ein|én|to|tre|fire|fem|seks|sju|syv|åtte|ni)\b",
    re.I,
)
_CASE = re.compile(
    r"\b(?:sak(?:s(?:nummer(?:et)?|nr\.?)|en)?|ref(?:eranse)?(?:nr)?\.?|vedtak(?:et)?|klagesak(?:en)?|journalnr\.?|journalpost|arkivsak|nav-sak(?:en)?|arkivref\.?|case(?: number)?)"
    r"(?: (?:mitt|min|vår|vårt|my|er|nr\.?|nummer|e|is|har|med)){0,3}[ :#]{1,3}((?=[\w/-]*\d)(?=[\w/.-]*\d[\w/.-]*\d[\w/.-]*\d)[\w]+(?:[/.-]\w+)*)",
    re.I,
)
_CASE_FORM = re.compile(r"(?<![\w/.-])(?:(?:19|20)\d{2}/\d{3,7}|\d{2}/\d{4,7})(?:-\d{1,4})?(?![\w/])")
_SCHOOL_YEAR = re.compile(r"((?:19|20)\d{2})/((?:19|20)\d{2})$")
_YEAR_OR_DATE = re.compile(rf"(?:19|20)\d{{2}}|{_DATE}", re.I)
_BIRTH = re.compile(
    rf"(?:\b(?:født|fødd|fødde|fødselsdato(?:en)?|fødselsdag(?:en)?|bursdag(?:en)?|geburtsdag(?:en)?|gebursdag(?:en)?|f\.|fdato|f\.dato|born|birthday|dob|date of birth|fyller \d+(?: år)?)"
    rf"(?: (?:er|e|den|på|til|hans|hennes|min|mi|i|on|is|the|ble|blei|vart|hennar|har)){{0,3}}[ :,]{{1,2}})(?:den )?({_DATE})",
    re.I,
)
_BIRTH_AFTER = re.compile(
    rf"({_DATE})(?= ?(?:ble|blei|vart|er|var) ?(?:han|hun|ho|jeg|eg|barnet|sønnen|dattera)? ?(?:født|fødd))", re.I
)
_NAME_THEN_DATE = re.compile(rf"(?<=[{_LOWER}]), ({_DATE})(?=[,.)]|$)", re.I)
_STREET_ADDRESS = re.compile(
    rf"(?:\b{_WORD}(?:[ .-]{_WORD}){{0,2}}[ .-])?\b[{_UPPER}][{_LOWER}]*(?:{_STREET_ENDS})[.]? {_HOUSE}(?:,? {_POSTAL})?"
    rf"|\b{_WORD}(?: {_WORD})? (?:{_STREET_ENDS})[.]? {_HOUSE}(?:,? {_POSTAL})?",
)
_ANY_ADDRESS = re.compile(rf"\b{_WORD}(?: {_WORD}){{0,2}} {_HOUSE},? {_POSTAL}")
_POSTBOX = re.compile(rf"\b[Pp]ostboks \d+(?:,? {_POSTAL})?")
_LOWERCASE_STREET = re.compile(
    rf"\b(?:i|på|adresse[n]?(?: er)?:?|bor) (?P<street>[{_LOWER}]{{3,}}(?:veien|vegen|gata|gaten|gate|stien|kroken|svingen) "
    r"\d{1,3} ?[a-zA-Z]?\b(?:,? \d{4} ?\w+)?)"
)


class Masker:
    """Safe to share between threads when its finders are. `public_phones`: digits only."""

    def __init__(self, names: Sequence[NameFinder], public_phones: Iterable[str] = ()) -> None:
        self._names = names
        self._public_phones = frozenset(re.sub(r"\D", "", phone) for phone in public_phones)

    def mask(self, text: str) -> Masked:
        """`text` with every personal datum replaced by what it was, e.g. «[telefon]»."""
        spans = self._spans(text)
        pieces, at = [], 0
        for span in spans:
            pieces += [text[at : span.start], PLACEHOLDERS[span.label]]
            at = span.end
        return Masked("".join((*pieces, text[at:])), tuple(spans))

    def _spans(self, text: str) -> list[Span]:
        """Without overlap, in order. What was found first keeps its place: exact forms come before names."""
        taken: list[Span] = []
        for found in (
            self._emails, self._numbers, self._phones, self._case_numbers, self._birth_dates, self._addresses, self._found_names,
        ):  # fmt: skip
            for span in found(text):
                if span.start < span.end and not any(t.start < span.end and span.start < t.end for t in taken):
                    taken.append(span)
        return sorted(taken)

    def _emails(self, text: str) -> Iterable[Span]:
        return (Span(m.start(), m.end(), Label.EMAIL) for m in _EMAIL.finditer(text))

    def _numbers(self, text: str) -> Iterable[Span]:
        for match in _IBAN.finditer(text):
            yield Span(*match.span(), Label.ACCOUNT)
        for match in _ACCOUNT_FORM.finditer(text):
            yield Span(*match.span(), Label.ACCOUNT)
        for match in _ELEVEN.finditer(text):
            digits = re.sub(r"\D", "", match.group())
            yield Span(*match.span(), Label.NATIONAL_ID if _starts_like_a_date(digits) else Label.ACCOUNT)
        for match in _DIGIT_WORDS.finditer(text):
            long = len(re.findall(r"[^\W\d_]+", match.group())) >= len("ddmmyynnnnn")
            yield Span(*match.span(), Label.NATIONAL_ID if long else Label.PHONE)

    def _phones(self, text: str) -> Iterable[Span]:
        for match in (*_PHONE.finditer(text), *_FOREIGN_PHONE.finditer(text)):
            if re.sub(r"\D", "", match.group()) not in self._public_phones and not _is_school_year(match.group()):
                yield Span(*match.span(), Label.PHONE)

    def _case_numbers(self, text: str) -> Iterable[Span]:
        for match in _CASE.finditer(text):
            if not _is_school_year(match.group(1)) and not _YEAR_OR_DATE.fullmatch(match.group(1)):
                yield Span(*match.span(1), Label.CASE_NUMBER)
        for match in _CASE_FORM.finditer(text):
            if not _is_school_year(match.group()):
                yield Span(*match.span(), Label.CASE_NUMBER)

    def _birth_dates(self, text: str) -> Iterable[Span]:
        for pattern in (_BIRTH, _BIRTH_AFTER):
            for match in pattern.finditer(text):
                yield Span(match.start(1), match.start(1) + len(match.group(1).rstrip(" ,")), Label.BIRTH_DATE)

    def _addresses(self, text: str) -> Iterable[Span]:
        for pattern in (_STREET_ADDRESS, _ANY_ADDRESS, _POSTBOX):
            for match in pattern.finditer(text):
                yield Span(*match.span(), Label.ADDRESS)
        for match in _LOWERCASE_STREET.finditer(text):
            yield Span(match.start("street"), match.end(), Label.ADDRESS)

    def _found_names(self, text: str) -> Iterable[Span]:
        for finder in self._names:
            for start, end in finder.find(text):
                yield Span(start, end, Label.NAME)


def _starts_like_a_date(digits: str) -> bool:
    """Day 01-31 (41-71 in a D-number) and month 01-12, also raised by 40, 65 or 80 as in synthetic numbers (Skatteetaten)."""
    day, month = int(digits[:2]) % 40, int(digits[2:4])
    return 1 <= day <= 31 and int(digits[:2]) <= 71 and any(1 <= month - raised <= 12 for raised in (0, 40, 65, 80))


def _is_school_year(text: str) -> bool:
    match = _SCHOOL_YEAR.match(text)
    return match is not None and int(match.group(2)) - int(match.group(1)) in (0, 1)
