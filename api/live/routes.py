"""A conversation as server-sent events. `id:` is the message's seq, so that `Last-Event-ID` resumes without loss or doubles.

The database is the only truth here: each stream reads on from the seq it has sent, so any number of processes may serve it.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.chat.schemas import message_out
from api.dependencies import OwnConversation, Parts, PartsOf, Seq
from api.storage.session import DatabaseUnavailable

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])
_POLL_SECONDS = 0.5


@router.get("/{conversation_id}/events")
async def events(
    request: Request, conversation: OwnConversation, parts: PartsOf, last_event_id: Annotated[Seq, Header()] = 0
) -> EventSourceResponse:
    return EventSourceResponse(_messages(request, conversation.id, last_event_id, parts), ping=15)


async def _messages(request: Request, conversation_id: str, after: int, parts: Parts) -> AsyncIterator[ServerSentEvent]:
    """Ends when the reader leaves or the conversation is deleted."""
    while not await request.is_disconnected():
        try:
            news = await run_sync(parts.conversations.messages, conversation_id, after)
            if not news and not await run_sync(parts.conversations.exists, conversation_id):
                return
        except DatabaseUnavailable:
            news = []
        for message in news:
            after = message.seq
            yield ServerSentEvent(message_out(message).model_dump_json(), event="message", id=str(message.seq))
        await asyncio.sleep(_POLL_SECONDS)
