"""The gate for danger: on messages that neither the rules nor the second net are made from, no fewer are seen and no more ring falsely."""

import json
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.chat.turn import Turns
from indexer.article import Audience
from indexer.library import Library

HERE = Path(__file__).parent
BASELINE = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))["danger"]
A_POINT = 0.01
EVERY_THIRD = slice(None, None, 3)


def read(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def share_that_rings(texts: list[str], turns: Turns, library: Library) -> float:
    """By what a turn does: the rules with what holds them back, then the second net."""
    return sum(bool(turns.doors_for(t, Audience.YOUTH)) or is_alarming(t, library) for t in texts) / len(texts)


def is_alarming(text: str, library: Library) -> bool:
    like = library.likeness(text)
    return like is not None and like.alarming


@pytest.fixture
def turns(app: FastAPI) -> Turns:
    return app.state.parts.turns  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", ["crisis_heldout", "crisis_wide"])
def test_danger_is_seen_as_often_as_before_and_rings_falsely_no_more_often(name: str, turns: Turns, library: Library) -> None:
    items, baseline = read(f"{name}.jsonl"), BASELINE[name]
    assert share_that_rings([i["text"] for i in items if i["danger"]], turns, library) >= baseline["seen"] - A_POINT
    assert share_that_rings([i["text"] for i in items if not i["danger"]], turns, library) <= baseline["false"] + A_POINT


def test_ordinary_questions_ring_no_more_often_than_before(turns: Turns, library: Library) -> None:
    texts = [i["text"] for i in read("questions.jsonl") if i["expect"] == "answer"][EVERY_THIRD]
    assert share_that_rings(texts, turns, library) <= BASELINE["ordinary"] + A_POINT


def test_a_certain_rule_never_rings_on_an_ordinary_example_question(turns: Turns, library: Library) -> None:
    about_danger = (
        "selvskading-og-selvmordstanker",
        "vold-og-overgrep-ung",
        "krisesenter-og-vold",
        "bekymringsmelding",
        "psykisk-helse-ung",
    )
    ordinary = [q.text for q in library.base.questions if q.topic not in about_danger][EVERY_THIRD]
    rung = {text: alarm.rule for text in ordinary if (alarm := turns.parts.crisis.check(text)) is not None and alarm.certain}
    assert rung == {}
