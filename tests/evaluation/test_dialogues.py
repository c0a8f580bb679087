"""The gate for conversations: with the real bot, as many turns and parts of topics are right as before."""

import json
from pathlib import Path

from api.app import create_app
from api.chat.dialogue import RasaDialogue
from api.evaluation import ask, read_talks, report
from api.settings import Settings
from indexer.library import Library

HERE = Path(__file__).parent
BASELINE = json.loads((HERE / "baseline.json").read_text(encoding="utf-8"))["dialogues"]
TWO_POINTS = 0.02
EVERY_THIRD = slice(None, None, 3)


def test_as_many_turns_of_a_conversation_are_right_as_before(rasa_url: str, settings: Settings, library: Library) -> None:
    dialogue = RasaDialogue(rasa_url, 5.0)
    parts = create_app(settings, library=library, dialogue=dialogue).state.parts
    result = report(list(ask(parts, read_talks(HERE / "dialogues.jsonl")[EVERY_THIRD])))
    parts.database.close()
    dialogue.close()
    assert result.right >= BASELINE["turns"] - TWO_POINTS
    assert result.facets[0] / result.facets[1] >= BASELINE["facets"] - TWO_POINTS
