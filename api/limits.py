"""How fast one sender may go. Addresses are never kept: they are hashed with a secret that lives only as long as the process."""

import hashlib
import math
import secrets
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.errors import TooFast


class RateLimiter:
    def __init__(self, *, enabled: bool, messages_per_minute: int, conversations_per_minute: int) -> None:
        self._enabled = enabled
        self._windows = MovingWindowRateLimiter(MemoryStorage())
        self._messages = RateLimitItemPerMinute(messages_per_minute)
        self._conversations = RateLimitItemPerMinute(conversations_per_minute)
        self._salt = secrets.token_bytes(16)

    def message(self, conversation_id: str) -> None:
        """Raises `TooFast` with the seconds until the next message is welcome."""
        self._hit(self._messages, "message", conversation_id)

    def conversation(self, address: str) -> None:
        self._hit(self._conversations, "conversation", address)

    def _hit(self, limit: RateLimitItemPerMinute, kind: str, who: str) -> None:
        if not self._enabled:
            return
        key = hashlib.blake2b(who.encode(), key=self._salt, digest_size=16).hexdigest()
        if not self._windows.hit(limit, kind, key):
            reset = self._windows.get_window_stats(limit, kind, key).reset_time
            raise TooFast(max(1, math.ceil(reset - time.time())))
