"""The chat's switch and the audit log: who turned what off, when and why. Holds nothing that a family wrote.

The switch is in the database, so that every process obeys it within seconds; a database that is away leaves it as it was last seen.
"""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select

from api.storage.models import AuditRow, SwitchRow
from api.storage.session import Database, DatabaseUnavailable

_CHAT = "chat"
_LOOK_AGAIN_SECONDS = 3.0


class Action(StrEnum):
    CHAT_OFF = "chat_off"
    CHAT_ON = "chat_on"
    PURGED = "purged"
    INDEX_REBUILT = "index_rebuilt"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    at: datetime
    actor: str
    action: Action
    detail: str


class Control:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._looked = float("-inf")

    def turn_chat_off(self, reason: str, actor: str) -> None:
        now = datetime.now(UTC)
        with self._database.writing() as session:
            session.merge(SwitchRow(name=_CHAT, reason=reason, since=now))
            session.add(AuditRow(at=now, actor=actor, action=Action.CHAT_OFF, detail=reason))
        self._looked = float("-inf")

    def turn_chat_on(self, actor: str) -> None:
        with self._database.writing() as session:
            if (row := session.get(SwitchRow, _CHAT)) is not None:
                session.delete(row)
            session.add(AuditRow(at=datetime.now(UTC), actor=actor, action=Action.CHAT_ON, detail=""))
        self._looked = float("-inf")

    def chat_off_reason(self) -> str | None:
        """Why the chat is off; None while it is on. Never raises, and asks the database every few seconds at most."""
        with self._lock:
            if time.monotonic() - self._looked >= _LOOK_AGAIN_SECONDS:
                self._looked = time.monotonic()
                try:
                    with self._database.reading() as session:
                        row = session.get(SwitchRow, _CHAT)
                        self._reason = row.reason if row else None
                except DatabaseUnavailable:
                    pass
            return self._reason

    def record(self, actor: str, action: Action, detail: str) -> None:
        """`detail` is counts and ids, never a person's words."""
        with self._database.writing() as session:
            session.add(AuditRow(at=datetime.now(UTC), actor=actor, action=action, detail=detail))

    def entries(self, limit: int = 50) -> list[AuditEntry]:
        """The newest first."""
        with self._database.reading() as session:
            rows = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(limit))
            return [AuditEntry(row.at, row.actor, Action(row.action), row.detail) for row in rows]
