"""How a measurement judges: what counts as right, of questions, of danger and of whole conversations."""

import json
from pathlib import Path

import pytest

from api.chat.conversation import Draft, Sender, Status
from api.evaluation import Point, QuestionFileBroken, draw, judge, read_items, read_talks, report, risk_coverage
from indexer.article import Facet, Language


def written(tmp_path: Path, *lines: dict[str, object]) -> Path:
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return path


def reply(status: Status, *topics: str, facet: Facet | None = None) -> Draft:
    return Draft(Sender.BOT, "…", Language.BOKMAL, status, topics=topics, facet=facet)


def test_an_answer_is_right_from_any_accepted_topic_and_from_no_other(tmp_path: Path) -> None:
    (item,) = read_items(written(tmp_path, {"text": "BPA?", "primary": "bpa", "accept": ["avlastning"]}))
    assert judge(item, [reply(Status.ANSWER, "avlastning")], 0.1).right
    wrong = judge(item, [reply(Status.ANSWER, "ppt", "bpa")], 0.1)
    assert not wrong.right
    assert wrong.in_three
    assert not judge(item, [reply(Status.CLARIFY, "bpa")], 0.1).right


def test_of_danger_the_doors_are_right_and_of_what_only_sounds_like_it_anything_else(tmp_path: Path) -> None:
    danger, harmless = read_items(written(tmp_path, {"text": "a", "danger": "vold"}, {"text": "b", "danger": None}))
    doors, answer = reply(Status.CRISIS), reply(Status.ABSTAIN)
    assert [judge(danger, [r], 0.1).right for r in (doors, answer)] == [True, False]
    assert [judge(harmless, [r], 0.1).right for r in (doors, answer)] == [False, True]


def test_a_conversation_is_judged_turn_by_turn_with_the_part_that_was_asked_for(tmp_path: Path) -> None:
    turns = [
        {"user": "BPA?", "expect": "answer", "primary": "bpa", "accept": [], "facet": "belop"},
        {"user": "takk", "expect": "smalltalk"},
    ]
    ((first, second),) = read_talks(written(tmp_path, {"audience": "ung", "turns": turns}))
    right = judge(first, [reply(Status.ANSWER, "bpa", facet=Facet.AMOUNT)], 0.1)
    other_part = judge(first, [reply(Status.ANSWER, "bpa", facet=Facet.WHAT)], 0.1)
    thanks = judge(second, [reply(Status.SMALLTALK)], 0.1)
    assert (right.facet_right, other_part.facet_right, thanks.facet_right) == (True, False, True)
    assert report([right, other_part, thanks]).facets == (1, 2)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"text": "a"}\n{"txt": 1}\n', encoding="utf-8")
    with pytest.raises(QuestionFileBroken, match=":2"):
        read_items(path)


def test_the_curve_begins_with_what_is_surest() -> None:
    assert risk_coverage([(0.2, False), (0.9, True)]) == [Point(0.5, 0.0), Point(1.0, 0.5)]


def test_the_curve_is_drawn(tmp_path: Path) -> None:
    draw(risk_coverage([(0.2, False), (0.9, True)]), 0.5, tmp_path / "curve.svg")
    assert "<svg" in (tmp_path / "curve.svg").read_text(encoding="utf-8")
