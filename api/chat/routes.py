"""Conversations over HTTP (http.md): open, say, read, give feedback, delete."""

import time
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.chat.conversation import Conversation, Draft, Incoming, Memory, Sender, Status
from api.chat.schemas import (
    ConversationOut,
    GiveFeedback,
    MessageOut,
    MessagesOut,
    OpenConversation,
    SendMessage,
    draft_out,
    message_out,
)
from api.chat.turn import ChoiceUnknown
from api.dependencies import Bearer, ConversationId, OwnConversation, Parts, PartsOf, Seq, bearer_token, own_conversation
from api.errors import NotFound, TemporarilyUnavailable, TooFast, Unprocessable
from api.storage.session import DatabaseUnavailable
from indexer.article import Audience, Language

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])


@router.post("", status_code=201)
def open_conversation(request: Request, parts: PartsOf, body: OpenConversation | None = None) -> ConversationOut:
    body = body or OpenConversation()
    parts.limiter.conversation(request.client.host if request.client else "")
    if body.kommune is not None and parts.kommuner.by_number(body.kommune) is None:
        raise Unprocessable("kommune", "Kommunenummeret finnes ikke. Søk i /api/v1/kommuner?q=…")
    greeting = parts.turns.greeting(body.audience, body.language)
    try:
        opened = parts.conversations.open(body.audience, body.language, body.kommune, [greeting])
    except DatabaseUnavailable:
        raise TemporarilyUnavailable("Vi får ikke åpnet en samtale akkurat nå. Artiklene og søket virker.") from None
    parts.metrics.conversations.labels(body.audience).inc()
    return ConversationOut(
        id=opened.conversation.id,
        token=opened.token,
        messages=[message_out(m) for m in opened.messages],
        expires_at=opened.conversation.expires_at,
    )


@router.post("/{conversation_id}/messages")
def send_message(conversation_id: ConversationId, body: SendMessage, credentials: Bearer, parts: PartsOf) -> MessagesOut:
    token = bearer_token(credentials)
    incoming = Incoming(str(body.client_id) if body.client_id else None, body.text, body.choice)
    began = time.perf_counter()
    try:
        parts.limiter.message(conversation_id)
    except TooFast:
        if not parts.turns.is_cry_for_help(body.text or ""):
            raise
        # Whoever writes too fast and is in danger gets the doors. Nothing is kept of it, so that haste cannot fill the database.
        return MessagesOut(messages=_unsaved(conversation_id, incoming, parts))
    try:
        conversation = own_conversation(conversation_id, token, parts)
        messages = [message_out(m) for m in parts.turns.take_turn(conversation, incoming)]
        if not messages:
            raise NotFound("Samtalen er slettet.")
    except DatabaseUnavailable:
        messages = _unsaved(conversation_id, incoming, parts)
    except ChoiceUnknown:
        raise Unprocessable("choice", "Dette valget finnes ikke.") from None
    _count(parts, messages, time.perf_counter() - began)
    return MessagesOut(messages=messages)


@router.get("/{conversation_id}/messages")
def read_messages(conversation: OwnConversation, parts: PartsOf, after: Annotated[Seq, Query()] = 0) -> MessagesOut:
    return MessagesOut(messages=[message_out(m) for m in parts.conversations.messages(conversation.id, after)])


@router.delete("/{conversation_id}", status_code=204)
def delete_conversation(conversation: OwnConversation, parts: PartsOf) -> Response:
    parts.conversations.delete(conversation.id)
    parts.dialogue.forget(conversation.id)
    return Response(status_code=204)


@router.post("/{conversation_id}/messages/{message_id}/feedback", status_code=204)
def give_feedback(conversation: OwnConversation, message_id: str, body: GiveFeedback, parts: PartsOf) -> Response:
    comment = parts.turns.masked(body.comment) if body.comment else None
    if not parts.conversations.give_feedback(conversation.id, message_id, body.helpful, comment):
        raise NotFound("Meldingen finnes ikke i denne samtalen, eller den er ikke et svar.")
    parts.metrics.feedback.labels(str(body.helpful).lower()).inc()
    return Response(status_code=204)


def _unsaved(conversation_id: str, incoming: Incoming, parts: Parts) -> list[MessageOut]:
    """Nothing is read or kept, so there is nothing that the token, which cannot be checked while the database is away, would protect."""
    now = datetime.now(UTC)
    anonymous = Conversation(conversation_id, Audience.PARENT, Language.BOKMAL, None, now, now + timedelta(minutes=1), Memory())
    drafts: Iterable[Draft]
    try:
        drafts = parts.turns.take_unsaved_turn(anonymous, incoming)
    except ChoiceUnknown:
        raise Unprocessable("choice", "Dette valget finnes ikke.") from None
    return [draft_out(draft, str(uuid.uuid4()), 0, now) for draft in drafts]


def _count(parts: Parts, messages: list[MessageOut], seconds: float) -> None:
    first = next((m for m in messages if m.sender != Sender.USER), None)
    if first is not None:
        parts.metrics.turns.labels(first.status or Status.ERROR, str(first.degraded).lower()).inc()
        parts.metrics.turn_seconds.observe(seconds)
