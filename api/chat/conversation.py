"""The values a conversation is made of. Frozen: a turn makes new ones and storage keeps them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from api.chat.crisis import Danger
from indexer.article import Audience, Facet, Language


class Sender(StrEnum):
    USER = "user"
    BOT = "bot"
    COORDINATOR = "coordinator"
    SYSTEM = "system"


class Status(StrEnum):
    """What kind of reply a message is (http.md)."""

    ANSWER = "answer"
    CLARIFY = "clarify"
    ABSTAIN = "abstain"
    CRISIS = "crisis"
    HANDOFF = "handoff"
    GUIDE = "guide"
    SMALLTALK = "smalltalk"
    ERROR = "error"


class Pending(StrEnum):
    """What the last reply waits for, so that «ja» and «nei» mean something."""

    HANDOFF_KOMMUNE = "handoff-kommune"
    CRISIS = "crisis"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Option:
    """A way on that the person may tap. `choice` comes back to us as it is."""

    label: str
    choice: str


@dataclass(frozen=True, slots=True)
class ShownSource:
    id: str
    title: str
    publisher: str
    url: str
    section: str | None
    kind: str
    checked: str
    topic: str


@dataclass(frozen=True, slots=True)
class ShownHelpline:
    id: str
    name: str
    phone: str | None
    chat_url: str | None
    hours: str | None
    open_now: bool | None
    checked: str
    source: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message before it has an id, a number and a time."""

    sender: Sender
    text: str
    language: Language
    status: Status | None = None
    topics: tuple[str, ...] = ()
    facet: Facet | None = None
    sources: tuple[ShownSource, ...] = ()
    options: tuple[Option, ...] = ()
    helplines: tuple[ShownHelpline, ...] = ()
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    seq: int
    created_at: datetime
    draft: Draft


@dataclass(frozen=True, slots=True)
class Memory:
    """What the conversation is about. Ours, in the database; Rasa holds none of it."""

    topic: str | None = None
    facet: Facet | None = None
    age: int | None = None
    language: Language | None = None
    pending: Pending | None = None
    options: tuple[Option, ...] = ()
    danger: Danger | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    audience: Audience
    language: Language
    kommune: str | None
    created_at: datetime
    expires_at: datetime
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Incoming:
    """What came in: `text`, or the `choice` of an option. `client_id` makes sending twice harmless."""

    client_id: str | None
    text: str | None = None
    choice: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn decided: the replies, what to remember, and the kommune if it was told."""

    replies: tuple[Draft, ...]
    memory: Memory
    kommune: str | None
