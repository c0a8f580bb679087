"""PORT Dialogue: what does the person want? Rasa decides and returns a decision; it never words an answer.

When Rasa is down or slow the decision is to answer from search, marked degraded. A turn never fails because of it.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

import httpx

from indexer.adapter import Guess
from indexer.article import Facet

log = logging.getLogger("veivis.dialogue")

_IDLE_SECONDS = 3600.0
_REST_SECONDS = 2.0
"""After a failure Rasa is left alone this long, so that a slow bot does not make every turn slow."""


class Directive(StrEnum):
    ANSWER = "answer"
    FOLLOW_UP = "follow_up"
    GUIDE = "guide"
    HANDOFF = "handoff"
    KOMMUNE = "kommune"
    AGE = "age"
    AFFIRM = "affirm"
    DENY = "deny"
    GREET = "greet"
    THANK = "thank"
    GOODBYE = "goodbye"
    IDENTITY = "identity"
    OUT_OF_SCOPE = "out_of_scope"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Decision:
    """`facet` is set when a follow-up asks for one section. `degraded`: the bot did not take part."""

    directive: Directive
    facet: Facet | None = None
    degraded: bool = False


NO_BOT = Decision(Directive.ANSWER, degraded=True)

DECISIONS: Mapping[str, Decision] = {
    "question": Decision(Directive.ANSWER),
    **{f"followup_{facet}": Decision(Directive.FOLLOW_UP, facet) for facet in Facet},
    "situation": Decision(Directive.GUIDE),
    "human": Decision(Directive.HANDOFF),
    "tell_kommune": Decision(Directive.KOMMUNE),
    "tell_age": Decision(Directive.AGE),
    "affirm": Decision(Directive.AFFIRM),
    "deny": Decision(Directive.DENY),
    "greet": Decision(Directive.GREET),
    "thank": Decision(Directive.THANK),
    "goodbye": Decision(Directive.GOODBYE),
    "identity": Decision(Directive.IDENTITY),
    "out_of_scope": Decision(Directive.OUT_OF_SCOPE),
    "start_over": Decision(Directive.RESTART),
}
"""What each intent of the bot leads to, as its own rules have it (`bot/data/rules.yml`)."""
_SURE, _SURE_ENOUGH, _RATHER_A_QUESTION = 0.8, 0.5, 0.6
"""How likely an act must be for its decision to be taken instead of the bot's, and instead of none. The first was chosen on
`tests/evaluation/dialogues.jsonl` (.8 and .95 differ by a third of a point); the second by hand: likelier than all else together. The third, by
hand, is for a wish for a person that the bot hears in a question which only tells of one: of 1,520 own questions one is put through instead of
five, and of 38 wishes of its own that the model had not seen none is lost."""


def reconsidered(decision: Decision, act: Guess | None) -> Decision:
    """The bot's decision after a second hearing, by what the message means: the bot goes by letters, and takes «kan vi overføre dagene til mor mi?»
    for a wish to be put through. Where the bot is away, the second hearing is all there is."""
    if act is None or act.label not in DECISIONS:
        return decision
    heard = DECISIONS[act.label]
    if decision.degraded:
        wanted = _SURE_ENOUGH
    elif (decision.directive, heard.directive) == (Directive.HANDOFF, Directive.ANSWER):
        wanted = _RATHER_A_QUESTION
    else:
        wanted = _SURE
    return replace(heard, degraded=decision.degraded) if act.probability >= wanted else decision


class Dialogue(Protocol):
    def decide(self, session: str, text: str) -> Decision:
        """Never raises. `session` is an opaque id, `text` is masked."""

    def forget(self, session: str) -> bool:
        """Removes what the bot holds of the session. False when it could not be reached."""

    def forget_idle(self) -> int:
        """Removes what the bot holds of sessions that have been quiet for an hour. Returns how many."""

    def state(self) -> str:
        """«ok», «unavailable», or «off» where no bot was set up."""


class RasaDialogue:
    """Rasa 3.6 over its REST channel. It swallows its own failures as 200 with an empty list, which counts as a failure here."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        self._client = httpx.Client(base_url=url, timeout=httpx.Timeout(timeout_seconds, connect=0.3))
        self._lock = threading.Lock()
        self._resting_until = 0.0
        self._last_used: dict[str, float] = {}

    def decide(self, session: str, text: str) -> Decision:
        if time.monotonic() < self._resting_until:
            return NO_BOT
        self._last_used[session] = time.monotonic()
        try:
            reply = self._client.post("/webhooks/rest/webhook", json={"sender": session, "message": _single_line(text)})
            reply.raise_for_status()
            return _decision(reply.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            with self._lock:
                self._resting_until = time.monotonic() + _REST_SECONDS
            log.warning("bot_unavailable", extra={"kind": type(error).__name__})
            return NO_BOT

    def forget(self, session: str) -> bool:
        self._last_used.pop(session, None)
        try:
            self._client.put(f"/conversations/{session}/tracker/events", json=[]).raise_for_status()
        except httpx.HTTPError:
            return False
        return True

    def held(self, session: str) -> str:
        """All that Rasa holds of the session, as text."""
        return self._client.get(f"/conversations/{session}/tracker").text

    def forget_idle(self) -> int:
        # Rasa keeps every tracker in memory for as long as it runs; its rules need none of what was said before.
        quiet_since = time.monotonic() - _IDLE_SECONDS
        idle = [session for session, used in list(self._last_used.items()) if used < quiet_since]
        return sum(self.forget(session) for session in idle)

    def state(self) -> str:
        try:
            return "ok" if self._client.get("/", timeout=0.5).is_success else "unavailable"
        except httpx.HTTPError:
            return "unavailable"

    def close(self) -> None:
        self._client.close()


class NoDialogue:
    """Without a bot: every message is a question for search."""

    def decide(self, session: str, text: str) -> Decision:
        return NO_BOT

    def forget(self, session: str) -> bool:
        return True

    def forget_idle(self) -> int:
        return 0

    def state(self) -> str:
        return "off"


class FakeDialogue:
    """Decides as it is told: a mapping from text to decision, and ANSWER for the rest."""

    def __init__(self, decisions: dict[str, Decision] | None = None) -> None:
        self.decisions = decisions or {}
        self.forgotten: list[str] = []

    def decide(self, session: str, text: str) -> Decision:
        return self.decisions.get(text, Decision(Directive.ANSWER))

    def forget(self, session: str) -> bool:
        self.forgotten.append(session)
        return True

    def forget_idle(self) -> int:
        return 0

    def state(self) -> str:
        return "ok"


def _single_line(text: str) -> str:
    """Rasa takes a leading «/» as the name of an intent; people do not mean that."""
    return " ".join(text.split()).lstrip("/")


def _decision(replies: Any) -> Decision:
    custom = next((r["custom"] for r in replies if r.get("custom")), None)
    if custom is None:
        raise ValueError("no decision in the reply")
    facet = custom.get("facet")
    return Decision(Directive(custom["directive"]), Facet(facet) if facet else None)
