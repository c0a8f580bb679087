"""The bot's examples. A selection of our questions for it, so that it knows a question about a topic from a wish to talk to somebody, and all of its
own for the second hearing.

The selection is written to a file of the bot's own data: the bot is trained without the rest of the house.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from indexer.knowledge_base import ExampleQuestion
from indexer.yaml_file import read_yaml

BOT_EXAMPLES = Path("bot/data/nlu")
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


def bot_examples(folder: Path) -> list[tuple[str, str]]:
    """Every message the bot learns from (`bot/data/nlu`), with its intent."""
    found = []
    for path in sorted(folder.glob("*.yml")):
        for entry in read_yaml(path)["nlu"]:
            lines = (line.removeprefix("- ").strip() for line in str(entry["examples"]).splitlines())
            found += [(line, str(entry["intent"])) for line in lines if line]
    return found


def _chance(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
