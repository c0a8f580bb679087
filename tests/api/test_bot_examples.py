"""The bot's own examples of questions: the same selection every time, in a form that the bot reads as nothing but words."""

from pathlib import Path

import yaml

from api.bot_examples import write_bot_questions
from indexer.knowledge_base import ExampleQuestion, KnowledgeBase

KEPT = Path(__file__).parents[2] / "bot/data/nlu/question_topics.yml"


def question(text: str, topic: str = "bpa") -> ExampleQuestion:
    return ExampleQuestion(text, topic, "forelder", "nb", "question")


def test_each_topic_has_as_many_and_their_order_does_not_matter(tmp_path: Path) -> None:
    many = [question(f"spørsmål {i}", topic) for i in range(30) for topic in ("bpa", "bup")]
    first, again = tmp_path / "a.yml", tmp_path / "b.yml"
    assert write_bot_questions(many, first) == 8
    write_bot_questions(reversed(many), again)
    assert first.read_text(encoding="utf-8") == again.read_text(encoding="utf-8")


def test_what_rasa_would_read_as_markup_is_left_out(tmp_path: Path) -> None:
    assert (
        write_bot_questions(
            [question("hva er [navn](person)?"), question("/restart"), question("hva er bpa?")], tmp_path / "a.yml"
        )
        == 1
    )


def test_every_question_the_bot_was_given_still_stands_in_the_knowledge(knowledge: KnowledgeBase) -> None:
    topics = {line.strip()[2:] for line in yaml.safe_load(KEPT.read_text(encoding="utf-8"))["nlu"][0]["examples"].splitlines()}
    known = {" ".join(q.text.split()) for q in knowledge.questions}
    assert len(topics) > len(knowledge.topics)
    assert topics <= known, "run «veivis train bot»"
