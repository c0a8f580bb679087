"""The gate for danger: on messages that neither the rules nor the second net are made from, no fewer are seen and no more ring falsely."""

import json
from pathlib import Path

import pytest

from api.chat.crisis import CrisisRules
from indexer.library import Library
from tests.conftest import KNOWLEDGE

HERE = Path(__file__).parent
BASELINE = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))["danger"]
A_POINT = 0.01
EVERY_THIRD = slice(None, None, 3)


def read(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def rules() -> CrisisRules:
    return CrisisRules.from_file(KNOWLEDGE / "krise.yml")


def rings(text: str, rules: CrisisRules, library: Library) -> bool:
    """As in a turn: what the rules say, unless the message is like every ordinary question; then what the second net says."""
    alarm, like = rules.check(text), library.likeness(text)
    assert like is not None
    return (alarm is not None and (alarm.certain or not like.ordinary)) or like.alarming


def share_of(texts: list[str], rules: CrisisRules, library: Library) -> float:
    return sum(rings(text, rules, library) for text in texts) / len(texts)


def test_danger_is_seen_as_often_as_before_and_rings_falsely_no_more_often(rules: CrisisRules, library: Library) -> None:
    items = read("crisis_heldout.jsonl")
    assert share_of([i["text"] for i in items if i["danger"]], rules, library) >= BASELINE["seen"] - A_POINT
    assert share_of([i["text"] for i in items if not i["danger"]], rules, library) <= BASELINE["false"] + A_POINT


def test_ordinary_questions_ring_no_more_often_than_before(rules: CrisisRules, library: Library) -> None:
    texts = [i["text"] for i in read("questions.jsonl") if i["expect"] == "answer"][EVERY_THIRD]
    assert share_of(texts, rules, library) <= BASELINE["ordinary"] + A_POINT


def test_a_certain_rule_never_rings_on_an_ordinary_example_question(rules: CrisisRules, library: Library) -> None:
    about_danger = (
        "selvskading-og-selvmordstanker",
        "vold-og-overgrep-ung",
        "krisesenter-og-vold",
        "bekymringsmelding",
        "psykisk-helse-ung",
    )
    ordinary = [q.text for q in library.base.questions if q.topic not in about_danger][EVERY_THIRD]
    rung = {text: alarm.rule for text in ordinary if (alarm := rules.check(text)) is not None and alarm.certain}
    assert rung == {}
