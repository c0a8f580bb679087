"""The gate: what is right must not fall by more than a point, in a service that has just started.

`baseline.json` holds the figures of the last change that was accepted; `veivis eval tests/evaluation/questions.jsonl` shows what is confused.
"""

import json
from pathlib import Path

from indexer.library import Library
from indexer.matching import Question, Verdict

HERE = Path(__file__).parent
BASELINE = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))
A_POINT = 0.01


def read(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def test_questions_find_their_topic_as_often_as_before(library: Library) -> None:
    items = [i for i in read("questions.jsonl") if i["expect"] == "answer"]
    found = [(i, library.match(Question(str(i["text"]), str(i["audience"]), str(i["lang"])))) for i in items]
    right = [{i["primary"], *i["accept"]} & set(m.topics[:1]) for i, m in found]  # type: ignore[misc]
    in_three = [{i["primary"], *i["accept"]} & set(m.topics[:3]) for i, m in found]  # type: ignore[misc]
    silent = [m.verdict is Verdict.ABSTAIN for _, m in found]
    assert sum(map(bool, right)) / len(items) >= BASELINE["right"] - A_POINT
    assert sum(map(bool, in_three)) / len(items) >= BASELINE["right_in_three"] - A_POINT
    assert sum(silent) / len(items) <= BASELINE["silent"] + A_POINT
