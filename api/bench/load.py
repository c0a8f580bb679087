"""A steady stream of messages to a running Veivis, each sent at its appointed time whether or not the earlier ones are answered.

Durations count from the appointed time, so that a service that falls behind cannot hide it by making the sender wait. It sends with the standard
library's own client: a richer one takes a fifth of a small machine from the service that it measures there.
"""

import json
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlsplit

_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
_WORKERS = 64
_TURNS_A_CONVERSATION = 5
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class LoadReport:
    """Durations in milliseconds from the appointed time of a message to its whole reply."""

    messages: int
    errors: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float


def run_load(
    url: str,
    texts: Sequence[str],
    per_second: float,
    seconds: float,
    progress: Callable[[int, int], bool] = lambda done, total: True,
) -> LoadReport:
    """Raises ValueError for an address that is not this machine: a load is never sent to somebody else's."""
    if urlsplit(url).hostname not in _LOCAL:
        raise ValueError("en belastningsprøve sendes bare til denne maskinen (127.0.0.1)")
    total = int(per_second * seconds)
    senders = _Senders(url)
    began = time.perf_counter() + 0.5
    durations: list[float] = []
    errors = 0
    with ThreadPoolExecutor(_WORKERS) as pool:
        jobs = [
            pool.submit(senders.send_at, began + number / per_second, text)
            for number, text in enumerate(islice(cycle(texts), total))
        ]
        for done, job in enumerate(jobs, start=1):
            duration = job.result()
            if duration is None:
                errors += 1
            else:
                durations.append(duration * 1000)
            progress(done, total)
    took = time.perf_counter() - began
    ordered = sorted(durations) or [0.0]
    return LoadReport(
        messages=total,
        errors=errors,
        per_second=total / took,
        p50_ms=statistics.median(ordered),
        p95_ms=ordered[int(0.95 * (len(ordered) - 1))],
        p99_ms=ordered[int(0.99 * (len(ordered) - 1))],
    )


class _Senders:
    """One connection and one conversation a thread; the conversation is opened anew after a few turns."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._own = threading.local()

    def send_at(self, when: float, text: str) -> float | None:
        """Seconds until the reply had come; None when there was none."""
        time.sleep(max(0.0, when - time.perf_counter()))
        try:
            ident, token = self._conversation()
            self._post(f"/conversations/{ident}/messages", {"text": text}, {"Authorization": f"Bearer {token}"})
        except (HTTPException, OSError, ValueError):
            self._own.connection = None
            return None
        return time.perf_counter() - when

    def _conversation(self) -> tuple[str, str]:
        left = getattr(self._own, "left", 0)
        if left == 0:
            opened = self._post("/conversations", {}, {})
            self._own.conversation = (opened["id"], opened["token"])
            left = _TURNS_A_CONVERSATION
        self._own.left = left - 1
        conversation: tuple[str, str] = self._own.conversation
        return conversation

    def _post(self, path: str, body: Mapping[str, str], headers: Mapping[str, str]) -> Any:
        """Raises `HTTPException`, OSError, or ValueError for a status that is no success."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = HTTPConnection(self._address.netloc, timeout=_TIMEOUT_SECONDS)
        connection.request("POST", f"/api/v1{path}", json.dumps(body), {"Content-Type": "application/json", **headers})
        reply = connection.getresponse()
        content = reply.read()
        if not 200 <= reply.status < 300:
            raise ValueError(f"status {reply.status}")
        return json.loads(content)
