"""The real bot, as `veivis up` runs it. Needs its environment and a trained model, which `make` brings."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.chat.dialogue import RasaDialogue
from api.supervisor import Bot
from tests.services import missing

_ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_SECONDS = 90


@contextmanager
def rasa(log: Path) -> Iterator[str]:
    """The URL of a running bot."""
    if not Bot.is_installed(_ROOT):
        missing("the bot is not installed and trained: run «make setup»")
    bot = Bot(_ROOT, log)
    bot.start()
    dialogue = RasaDialogue(bot.url, 5.0)
    try:
        deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
        while dialogue.state() != "ok":
            if time.monotonic() > deadline:
                raise RuntimeError(f"the bot did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield bot.url
    finally:
        dialogue.close()
        bot.stop()
