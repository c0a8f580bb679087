"""What `veivis train` left in `trained/` fits the knowledge it stands beside."""

from pathlib import Path

from indexer.adapter import DANGER, TOPIC
from indexer.danger_likeness import HARMLESS
from indexer.embedding import QUERY
from indexer.knowledge_base import KnowledgeBase
from indexer.library import Library, Trained, talk_lines
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


def test_what_is_said_in_talks_is_about_topics_that_exist_and_goes_on_in_the_same_one(knowledge: KnowledgeBase) -> None:
    talks = talk_lines(knowledge.folder)
    assert {topic for talk in talks for topic in (talk.current_topic, talk.topic)} <= {*knowledge.topics, None}
    assert all(talk.topic == talk.current_topic for talk in talks if talk.goes_on)
    assert all(talk.topic is not None for talk in talks if not talk.goes_on)


def test_a_question_about_what_was_said_goes_on_and_a_question_with_a_name_is_heard_alone(library: Library) -> None:
    assert library.hearing_heads is not None
    for text, goes_on in (("og hvor lenge varer det?", True), ("Hvem har rett til individuell plan i kommunen?", False)):
        heard = library.hearing_heads.hear(library.embedder.embed([QUERY + text])[0])
        assert (heard.goes_on > 0.5) is goes_on, text


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
