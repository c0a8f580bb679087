"""What `veivis train` left in `trained/` fits the knowledge it stands beside."""

from pathlib import Path

from indexer.adapter import DANGER, TOPIC
from indexer.danger_likeness import HARMLESS
from indexer.knowledge_base import KnowledgeBase
from indexer.library import Library, Trained
from indexer.matching import OUTSIDE
from indexer.ranking import Means, Weights


def test_every_topic_has_a_meaning(knowledge: KnowledgeBase) -> None:
    head = Trained.read().head(TOPIC)
    assert head is not None
    assert set(head.labels) == {*knowledge.topics, OUTSIDE}


def test_every_danger_of_the_examples_has_a_meaning(library: Library) -> None:
    head = Trained.read().head(DANGER)
    assert head is not None
    assert set(head.labels) == {e.kind or HARMLESS for e in library.danger_examples}


def test_weights_are_the_same_after_being_kept(tmp_path: Path) -> None:
    weights = Trained.read().weights
    weights.write(tmp_path / "weights.json")
    again = Weights.read(tmp_path / "weights.json")
    for means in Means:
        assert again.match[means].topic.tolist() == weights.match[means].topic.tolist()
        assert again.danger[means] == weights.danger[means]


def test_an_alarm_needs_more_likeness_than_an_ordinary_question_has() -> None:
    for danger in Trained.read().weights.danger.values():
        assert danger.ordinary_below < danger.alarm_above < 1
