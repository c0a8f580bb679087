"""The repository of conversations and their messages. `seq` grows by one without gaps; a `client_id` is kept once."""

import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.chat.conversation import (
    Conversation,
    Draft,
    Memory,
    Message,
    Option,
    Pending,
    Sender,
    ShownHelpline,
    ShownSource,
    Status,
)
from api.chat.crisis import Danger
from api.storage.models import ConversationRow, FeedbackRow, MessageRow
from api.storage.session import Database
from indexer.article import Audience, Facet, Language

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Opened:
    """A new conversation with its secret `token`, which is stored only as a hash."""

    conversation: Conversation
    token: str
    messages: tuple[Message, ...]


class Conversations:
    def __init__(self, database: Database, retention: timedelta) -> None:
        self._database = database
        self._retention = retention

    def open(self, audience: Audience, language: Language, kommune: str | None, greeting: Sequence[Draft]) -> Opened:
        now = datetime.now(UTC)
        token = secrets.token_urlsafe(32)
        row = ConversationRow(
            id=str(uuid.uuid4()),
            token_hash=_hash(token),
            audience=audience,
            language=language,
            kommune=kommune,
            memory=_memory_out(Memory()),
            last_seq=0,
            created_at=now,
            expires_at=now + self._retention,
        )
        with self._database.writing() as session:
            session.add(row)
            session.flush()
            messages = _append(session, row, greeting, client_id=None, now=now)
            return Opened(_conversation(row), token, tuple(messages))

    def find(self, conversation_id: str, token: str) -> Conversation | None:
        """The conversation this token opens; None for an unknown one, another's token, or one past its time."""
        if not _is_id(conversation_id):
            return None
        with self._database.reading() as session:
            row = session.get(ConversationRow, conversation_id)
            if row is None or not hmac.compare_digest(row.token_hash, _hash(token)) or row.expires_at <= datetime.now(UTC):
                return None
            return _conversation(row)

    def turn_of(self, conversation_id: str, client_id: str) -> list[Message]:
        """The message with this client id and its replies; empty when it has not been taken yet."""
        with self._database.reading() as session:
            return _turn_of(session, conversation_id, client_id)

    def append_turn(
        self, conversation: Conversation, client_id: str | None, drafts: Sequence[Draft], memory: Memory, kommune: str | None
    ) -> list[Message]:
        """Keeps a turn in one commit and returns it; if this client id came in meanwhile, what was kept then."""
        with self._database.writing() as session:
            row = session.get(ConversationRow, conversation.id, with_for_update=True)
            if row is None:
                return []
            if client_id and (kept := _turn_of(session, conversation.id, client_id)):
                return kept
            row.memory = _memory_out(memory)
            row.kommune = kommune
            return _append(session, row, drafts, client_id, datetime.now(UTC))

    def messages(self, conversation_id: str, after: int = 0) -> list[Message]:
        with self._database.reading() as session:
            query = select(MessageRow).where(MessageRow.conversation_id == conversation_id, MessageRow.seq > after)
            return [_message(row) for row in session.scalars(query.order_by(MessageRow.seq))]

    def exists(self, conversation_id: str) -> bool:
        with self._database.reading() as session:
            return session.get(ConversationRow, conversation_id) is not None

    def delete(self, conversation_id: str) -> None:
        with self._database.writing() as session:
            session.execute(delete(ConversationRow).where(ConversationRow.id == conversation_id))

    def give_feedback(self, conversation_id: str, message_id: str, helpful: bool, comment: str | None) -> bool:
        """False when the message is not a reply in this conversation. Giving it again replaces it."""
        if not _is_id(message_id):
            return False
        with self._database.writing() as session:
            row = session.get(MessageRow, message_id)
            if row is None or row.conversation_id != conversation_id or row.sender == Sender.USER:
                return False
            session.merge(FeedbackRow(message_id=message_id, helpful=helpful, comment=comment, created_at=datetime.now(UTC)))
            return True

    def purge_expired(self, now: datetime) -> list[str]:
        """Deletes conversations past their time, with all that belongs to them. Returns their ids, so that others forget them too."""
        with self._database.writing() as session:
            expired = list(session.scalars(select(ConversationRow.id).where(ConversationRow.expires_at <= now)))
            session.execute(delete(ConversationRow).where(ConversationRow.id.in_(expired)))
            return expired


def _is_id(text: str) -> bool:
    """What is not a UUID as we write them names nothing, and some of it PostgreSQL refuses to look for."""
    return _ID.fullmatch(text) is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _append(
    session: Session, row: ConversationRow, drafts: Sequence[Draft], client_id: str | None, now: datetime
) -> list[Message]:
    turn = str(uuid.uuid4())
    rows = []
    for draft in drafts:
        row.last_seq += 1
        rows.append(_row(row, draft, client_id if draft.sender is Sender.USER else None, turn, now))
    session.add_all(rows)
    session.flush()
    return [_message(r) for r in rows]


def _turn_of(session: Session, conversation_id: str, client_id: str) -> list[Message]:
    asked = select(MessageRow.turn).where(MessageRow.conversation_id == conversation_id, MessageRow.client_id == client_id)
    turn = session.scalars(asked).first()
    if turn is None:
        return []
    query = select(MessageRow).where(MessageRow.turn == turn).order_by(MessageRow.seq)
    return [_message(row) for row in session.scalars(query)]


def _row(conversation: ConversationRow, draft: Draft, client_id: str | None, turn: str, now: datetime) -> MessageRow:
    return MessageRow(
        id=str(uuid.uuid4()),
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        client_id=client_id,
        turn=turn,
        sender=draft.sender,
        status=draft.status,
        text=draft.text,
        language=draft.language,
        facet=draft.facet,
        topics=list(draft.topics),
        sources=[asdict(s) for s in draft.sources],
        options=[asdict(o) for o in draft.options],
        helplines=[asdict(h) for h in draft.helplines],
        degraded=draft.degraded,
        created_at=now,
    )


def _message(row: MessageRow) -> Message:
    draft = Draft(
        sender=Sender(row.sender),
        text=row.text,
        language=Language(row.language),
        status=Status(row.status) if row.status else None,
        topics=tuple(row.topics),
        facet=Facet(row.facet) if row.facet else None,
        sources=tuple(ShownSource(**s) for s in row.sources),
        options=tuple(Option(**o) for o in row.options),
        helplines=tuple(ShownHelpline(**h) for h in row.helplines),
        degraded=row.degraded,
    )
    return Message(row.id, row.seq, row.created_at, draft)


def _conversation(row: ConversationRow) -> Conversation:
    return Conversation(
        id=row.id,
        audience=Audience(row.audience),
        language=Language(row.language),
        kommune=row.kommune,
        created_at=row.created_at,
        expires_at=row.expires_at,
        memory=_memory_in(row.memory),
    )


def _memory_out(memory: Memory) -> dict[str, Any]:
    return asdict(memory)


def _memory_in(kept: dict[str, Any]) -> Memory:
    return Memory(
        topic=kept.get("topic"),
        facet=Facet(kept["facet"]) if kept.get("facet") else None,
        age=kept.get("age"),
        language=Language(kept["language"]) if kept.get("language") else None,
        pending=Pending(kept["pending"]) if kept.get("pending") else None,
        options=tuple(Option(**o) for o in kept.get("options") or ()),
        danger=Danger(kept["danger"]) if kept.get("danger") else None,
    )
