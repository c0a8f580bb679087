"""What a request handler receives: the parts that `app.py` built, and the conversation that a token opens."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field

from api.chat.conversation import Conversation
from api.chat.dialogue import Dialogue
from api.chat.kommune_finder import KommuneFinder
from api.chat.turn import Turns
from api.errors import NotFound, TokenMissing
from api.knowledge.service import KnowledgeService
from api.limits import RateLimiter
from api.metrics import Metrics
from api.storage.control import Control
from api.storage.conversations import Conversations
from api.storage.session import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the handlers use. Held by the app, never by a module."""

    turns: Turns
    conversations: Conversations
    database: Database
    dialogue: Dialogue
    knowledge: KnowledgeService
    kommuner: KommuneFinder
    limiter: RateLimiter
    metrics: Metrics
    control: Control
    search_state: Callable[[], str]
    """«ok», «starting» while vectors are on their way, or «unavailable»."""


async def get_parts(request: Request) -> Parts:
    """Not for waiting: FastAPI sends whatever is not `async` to another thread, and each message would go there twice."""
    return cast(Parts, request.app.state.parts)


PartsOf = Annotated[Parts, Depends(get_parts)]
_bearer = HTTPBearer(auto_error=False, description="Nøkkelen som samtalen ble åpnet med")
Bearer = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
ConversationId = Annotated[str, Path(max_length=36)]
Seq = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A message's number, as large as the databases can hold one."""


def bearer_token(credentials: Bearer) -> str:
    """Raises `TokenMissing` (401) without one."""
    if credentials is None or not credentials.credentials:
        raise TokenMissing
    return credentials.credentials


Token = Annotated[str, Depends(bearer_token)]


def own_conversation(conversation_id: ConversationId, token: Token, parts: PartsOf) -> Conversation:
    """The conversation this token opens. Another's token and an unknown id look the same: 404."""
    conversation = parts.conversations.find(conversation_id, token)
    if conversation is None:
        raise NotFound("Samtalen finnes ikke, er slettet, eller tilhører en annen.")
    return conversation


OwnConversation = Annotated[Conversation, Depends(own_conversation)]
