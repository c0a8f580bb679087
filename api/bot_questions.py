"""A selection of the example questions for the bot, so that it knows a question about a topic from a wish to talk to somebody.

Written to a file of the bot's own data: the bot is trained without the rest of the house.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from indexer.knowledge_base import ExampleQuestion

_OF_EACH_TOPIC = 4
_MEANS_SOMETHING_TO_RASA = re.compile(r"[\[\]{}]|^/")
_HEAD = """version: "3.1"

# Made by `veivis train bot`: some of the example questions in knowledge/sporsmal, the same ones every time.
nlu:
  - intent: question
    examples: |
"""


def write_bot_questions(questions: Iterable[ExampleQuestion], path: Path) -> int:
    """As many of each topic, in an order that has nothing to do with who wrote them. Returns how many."""
    of_topic: dict[str, list[str]] = defaultdict(list)
    for question in questions:
        if not _MEANS_SOMETHING_TO_RASA.search(question.text):
            of_topic[question.topic].append(" ".join(question.text.split()))
    chosen = [text for topic in sorted(of_topic) for text in sorted(of_topic[topic], key=_chance)[:_OF_EACH_TOPIC]]
    path.write_text(_HEAD + "".join(f"      - {text}\n" for text in chosen), encoding="utf-8")
    return len(chosen)


def _chance(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
