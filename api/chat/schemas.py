"""Conversations as JSON (http.md). Pydantic stands at this edge only."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from api.chat.conversation import Draft, Message
from indexer.article import Audience, Language

MAX_TEXT = 2000
MAX_COMMENT = 2000


def _whole(text: object) -> object:
    """Without halves of characters: an emoji that a phone cut in two must not be why a cry for help is refused."""
    return text.encode("utf-8", "ignore").decode() if isinstance(text, str) else text


def _plain(text: str) -> str:
    """Without control characters other than line breaks and tabs."""
    return "".join(c for c in text if c in "\n\t" or (c.isprintable() or c.isspace()) or c in "\u200d\ufe0f").strip()


def _readable(text: str) -> str:
    """Plain, and what is left must say something."""
    kept = _plain(text)
    if not kept:
        raise ValueError("meldingen er tom")
    return kept


Text = Annotated[str, BeforeValidator(_whole), Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_readable)]
Comment = Annotated[str, BeforeValidator(_whole), Field(max_length=MAX_COMMENT), AfterValidator(_plain)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class OpenConversation(_Body):
    audience: Audience = Audience.PARENT
    language: Language = Language.BOKMAL
    kommune: Annotated[str | None, Field(max_length=4)] = None


class SendMessage(_Body):
    text: Text | None = None
    choice: Annotated[str | None, Field(min_length=1, max_length=100)] = None
    client_id: UUID | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.text is None) == (self.choice is None):
            raise ValueError("send enten text eller choice")
        return self


class GiveFeedback(_Body):
    helpful: bool
    comment: Comment | None = None


class SourceOut(BaseModel):
    id: str
    title: str
    publisher: str
    url: str
    section: str | None
    kind: str
    checked: str
    topic: str


class OptionOut(BaseModel):
    label: str
    choice: str


class HelplineOut(BaseModel):
    id: str
    name: str
    phone: str | None
    chat_url: str | None
    hours: str | None
    open_now: bool | None
    checked: str
    source: str


class MessageOut(BaseModel):
    id: str
    seq: int
    sender: str
    status: str | None
    text: str
    language: str
    created_at: datetime
    topics: list[str]
    facet: str | None
    sources: list[SourceOut]
    options: list[OptionOut]
    helplines: list[HelplineOut]
    degraded: bool


class ConversationOut(BaseModel):
    id: str
    token: str
    messages: list[MessageOut]
    expires_at: datetime


class MessagesOut(BaseModel):
    messages: list[MessageOut]


def message_out(message: Message) -> MessageOut:
    return draft_out(message.draft, message.id, message.seq, message.created_at)


def draft_out(draft: Draft, message_id: str, seq: int, created_at: datetime) -> MessageOut:
    shown = {key: [asdict(entry) for entry in getattr(draft, key)] for key in ("sources", "options", "helplines")}
    return MessageOut(
        id=message_id,
        seq=seq,
        sender=draft.sender,
        status=draft.status,
        text=draft.text,
        language=draft.language,
        created_at=created_at,
        topics=list(draft.topics),
        facet=draft.facet,
        degraded=draft.degraded,
        **shown,
    )
