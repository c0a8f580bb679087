"""What a person should not have to fear: that a name or a number stays with us."""

import itertools
import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.chat.masking import Label, Masker
from api.chat.names import PublicNames, WordListNames
from indexer.knowledge_base import load_knowledge
from tests.conftest import KNOWLEDGE

BASE = load_knowledge(KNOWLEDGE)
PUBLIC = PublicNames.of(BASE, KNOWLEDGE / "ordlister")
MASKER = Masker(
    [WordListNames.from_folder(KNOWLEDGE / "ordlister", PUBLIC)], ["55 55 33 33", *(h.phone for h in BASE.helplines if h.phone)]
)
LABELLED = Path(__file__).parents[1] / "evaluation" / "pii.jsonl"


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("12057912345", Label.NATIONAL_ID),
        ("120579 12345", Label.NATIONAL_ID),
        ("52057912345", Label.NATIONAL_ID),
        ("1 2 0 5 7 9 1 2 3 4 5", Label.NATIONAL_ID),
        ("1203.45.67890", Label.ACCOUNT),
        ("+47 987 65 432", Label.PHONE),
        ("98 76 54 32", Label.PHONE),
        ("ni åtte sju seks fem fire tre to", Label.PHONE),
        ("kari.nordmann@skolen.no", Label.EMAIL),
        ("2026/12345-6", Label.CASE_NUMBER),
        ("Storgata 12B, 0155 Oslo", Label.ADDRESS),
        ("Kari Nordmann", Label.NAME),
    ],
)
def test_each_kind_is_found_in_the_middle_of_a_sentence(text: str, label: Label) -> None:
    masked = MASKER.mask(f"Vi lurer på noe, {text}, og venter på svar")
    assert [s.label for s in masked.spans] == [label]
    assert masked.text.startswith("Vi lurer på noe, [")
    assert masked.text.endswith(", og venter på svar")


@pytest.mark.parametrize(
    "text",
    [
        "Aurora skole sier nei",
        "Ring 116 111 eller 55 55 33 33",
        "Klagefristen er 3 uker, altså 21 dager",
        "Skoleåret 2025/2026",
        "Paragraf 11-6 og § 7-2 a",
        "Det koster 3 000 kroner",
        "Statsforvalteren i Vestland og Nav Hjelpemiddelsentral",
        "Bor i Kristiansand og går på Haukeland universitetssykehus",
        "Barna er 3, 7 og 12 år",
    ],
)
def test_what_the_question_is_about_is_left_standing(text: str) -> None:
    assert MASKER.mask(text).text == text


def test_a_birth_date_goes_and_another_date_stays() -> None:
    assert "12.03.2014" not in MASKER.mask("hun er født 12.03.2014").text
    assert "12.03.2026" in MASKER.mask("vi fikk vedtaket 12.03.2026").text


@given(
    st.text(alphabet=string.ascii_letters + " æøå,.!?", max_size=60),
    st.text(alphabet=string.digits, min_size=11, max_size=11),
    st.sampled_from(["", " ", ".", "-"]),
)
def test_no_eleven_digits_survive_however_they_are_written(around: str, digits: str, gap: str) -> None:
    kept = MASKER.mask(f"{around} {digits[:6]}{gap}{digits[6:]} {around}").text
    assert digits not in "".join(c for c in kept if c.isdigit())


@given(st.text(max_size=300))
def test_masking_never_breaks_and_masking_again_changes_nothing(text: str) -> None:
    once = MASKER.mask(text).text
    assert MASKER.mask(once).text == once


@given(st.text(max_size=200))
def test_spans_lie_in_order_without_overlap(text: str) -> None:
    spans = MASKER.mask(text).spans
    assert all(a.end <= b.start for a, b in itertools.pairwise(spans))


def test_share_masked_and_words_lost_on_the_labelled_set() -> None:
    wanted = found = words = lost = 0
    for line in LABELLED.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        spans = MASKER.mask(item["text"]).spans
        gold = [(s["start"], s["end"]) for s in item["spans"]]
        wanted += len(gold)
        found += sum(any(s.start <= start and s.end >= end for s in spans) for start, end in gold)
        at = 0
        for word in item["text"].split():
            start = item["text"].index(word, at)
            at = start + len(word)
            if any(a < at and start < b for a, b in gold):
                continue
            words += 1
            lost += any(s.start < at and start < s.end for s in spans)
    assert found / wanted >= 0.95
    assert lost / words <= 0.015
