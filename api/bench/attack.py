"""Random and malformed requests against the app: is every one answered, and none with an error of ours (5xx)?

Half of the requests are what schemathesis makes of the OpenAPI document, fitting it or not; the other half is what no document describes:
broken bodies, other encodings, addresses of pages that are none. They go to the app in this process, byte for byte as a server hands them on.
schemathesis and hypothesis are tools of development: only the command that asks for an attack imports this module.
"""

import asyncio
import contextlib
import itertools
import json
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_from_bytes, unquote, urlsplit

import hypothesis
import hypothesis.errors
import requests
import schemathesis
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from starlette.types import ASGIApp, Message

_HOST = "http://veivis.local"
_CONVERSATIONS = "/api/v1/conversations"
_TOKEN_PATHS = "{conversation_id}"  # noqa: S105  (a part of an address, no secret)
_EXAMPLES_A_ROUND = 50
_REQUESTS_A_CONVERSATION = 25
_PATIENCE_SECONDS = 30.0
_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Request:
    """What a server would hand on: `target` is path and query, still percent-encoded."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was not answered as it should: an error of ours (5xx), or no answer at all (status 0)."""

    target: str
    status: int
    error: str
    request: Request


@dataclass(frozen=True, slots=True)
class AttackReport:
    """`statuses`: how many requests got each status. `failures`: the first of each kind; `failed` counts them all."""

    requests: int
    seconds: float
    statuses: Mapping[int, int]
    failed: int
    failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    """One way of attacking: a name for the report, and a strategy for requests."""

    name: str
    requests: st.SearchStrategy[Request | None]


def run_attack(
    app: ASGIApp, wanted: int, seed: int = 1, progress: Callable[[int, int], bool] = lambda done, total: True
) -> AttackReport:
    """Sends about `wanted` requests, spread evenly over the targets; the same seed makes the same requests."""
    with _Client(app) as client:
        attack = _Attack(client, wanted, random.Random(seed), progress)  # noqa: S311  (chooses what to try; nothing secret)
        targets = list(_targets(client.openapi()))
        for number, target in enumerate(itertools.cycle(targets)):
            if attack.sent >= wanted:
                break
            attack.on(target, min(_EXAMPLES_A_ROUND, -(-wanted // len(targets))), seed + number)
        return attack.report()


def _targets(document: dict[str, Any]) -> Iterator[_Target]:
    schema = schemathesis.openapi.from_dict(document)
    bodies, pages = _broken_bodies(), _odd_pages()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), "our own document is a sound one"
        operation = result.ok()
        for mode in GenerationMode:
            yield _Target(f"{operation.method.upper()} {operation.path}", operation.as_strategy(mode).map(_from_case))
        if operation.method.lower() == "post":
            with_body = st.builds(_with_body, st.just(operation.path), bodies)
            yield _Target(f"POST {operation.path}, broken body", with_body)
        yield _Target("pages", pages)


def _from_case(case: Any) -> Request | None:
    """None for what cannot be sent over HTTP at all."""
    try:
        prepared = requests.Request(**case.as_transport_kwargs(base_url=_HOST)).prepare()
    except (requests.RequestException, UnicodeError, ValueError):
        return None
    url = urlsplit(prepared.url or "")
    headers = tuple((_bytes(k).lower(), _bytes(v)) for k, v in prepared.headers.items())
    target = f"{url.path}?{url.query}" if url.query else url.path
    return Request(prepared.method or "GET", target, headers, _bytes(prepared.body))


def _bytes(value: Any) -> bytes:
    """A header, or a body: schemathesis makes them of text or bytes."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return value if isinstance(value, bytes) else b""


def _with_body(path: str, broken: tuple[bytes, bytes]) -> Request:
    content_type, body = broken
    headers = ((b"content-type", content_type), (b"content-length", str(len(body)).encode()))
    return Request("POST", path, headers, body)


def _broken_bodies() -> st.SearchStrategy[tuple[bytes, bytes]]:
    """Content type and body: words no keyboard writes, JSON that is deep, huge or half, and every wrong encoding."""
    words = st.text(st.characters(codec=None, categories=("C", "M", "L", "N", "P", "S", "Z")), max_size=300)
    field = st.sampled_from(["text", "choice", "client_id", "comment", "helpful", "kommune", "audience"])
    odd = st.one_of(
        words,
        st.integers(),
        st.integers(4000, 6000).map(lambda digits: 10**digits if digits < 4300 else digits),
        st.floats(),
        st.none(),
        st.lists(words, max_size=3),
        st.dictionaries(words, words, max_size=3),
    )
    documents = st.dictionaries(field, odd, min_size=1, max_size=3).map(lambda value: json.dumps(value).encode())
    in_encodings = st.builds(
        lambda text, encoding: json.dumps({"text": text}, ensure_ascii=False).encode(encoding, "replace"),
        st.text(max_size=200),
        st.sampled_from(["utf-8-sig", "utf-16", "utf-32", "latin-1", "cp037"]),
    )
    deep = st.builds(
        lambda opening, depth: opening * min(depth, 60_000 // len(opening)),
        st.sampled_from([b"[", b'{"text":', b'[{"a":']),
        st.integers(1, 60_000),
    )
    huge = st.sampled_from(
        [b'{"text": 1' + b"0" * 9000 + b"}", b'{"text": 1e999999}', b'{"helpful": NaN}', b'{"helpful": -Infinity}']
    )
    long = st.integers(1, 2001).map(lambda length: json.dumps({"text": "\u0301" * length}).encode())
    halves = st.builds(lambda whole, end: whole[: end % (len(whole) + 1)], documents, st.integers(0, 400))
    types = st.sampled_from(
        [
            b"application/json",
            b"application/json; charset=utf-16",
            b"application/problem+json",
            b"text/plain",
            b"application/x-www-form-urlencoded",
            b"multipart/form-data",
            b"multipart/form-data; boundary=",
            b"application/octet-stream",
            b"\xff\xfe/\x00",
            b"",
        ]
    )
    mostly_json = st.one_of(st.just(b"application/json"), types)
    return st.tuples(mostly_json, st.one_of(documents, in_encodings, deep, huge, long, halves, st.binary(max_size=300)))


def _odd_pages() -> st.SearchStrategy[Request]:
    """Addresses outside the document: the pages people read, files, and nothing at all."""
    part = st.one_of(
        st.binary(max_size=40).map(quote_from_bytes),
        st.text(max_size=40).map(lambda text: quote(text, errors="replace")),
        st.sampled_from(["..", "%2e%2e%2f", "%00", "site.css", "hjelpestonad", "a" * 5000, "%", "%ff", "//"]),
    )
    path = st.builds("".join, st.tuples(st.sampled_from(["/tema/", "/static/", "/sok", "/", "/api/v1/", "/ung", "/docs/"]), part))
    query = st.builds("".join, st.tuples(st.sampled_from(["", "?q=", "?malgruppe=", "?sprak=", "?v=", "?q=a&q="]), part))
    header = st.sampled_from(
        [
            (b"accept", b"text/html"),
            (b"accept", b"\xff"),
            (b"host", b"veivis.local"),
            (b"host", b"["),
            (b"host", b"a b\xff"),
            (b"accept-encoding", b"gzip"),
            (b"range", b"bytes=9-1"),
            (b"range", b"bytes=0-0,2-x"),
            (b"content-length", b"-1"),
            (b"content-length", b"9" * 5000),
            (b"origin", b"null"),
            (b"authorization", b"Bearer \xe6\x00"),
            (b"last-event-id", b"1" * 40),
        ]
    )
    method = st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "TRACE"])
    headers = st.lists(header, max_size=3).map(tuple)
    return st.builds(lambda m, p, q, h: Request(m, p + q, h, b""), method, path, query, headers)


class _Attack:
    """Sends what is drawn, mostly within a conversation that is really open, and keeps count."""

    def __init__(self, client: "_Client", wanted: int, chance: random.Random, progress: Callable[[int, int], bool]) -> None:
        self._client, self._wanted, self._chance, self._progress = client, wanted, chance, progress
        self._began = time.perf_counter()
        self._statuses: Counter[int] = Counter()
        self._failures: dict[tuple[str, int, str], Failure] = {}
        self._failed = 0

    @property
    def sent(self) -> int:
        return self._statuses.total()

    def on(self, target: _Target, examples: int, seed: int) -> None:
        settings = hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=InMemoryExampleDatabase(),
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )

        @hypothesis.seed(seed)
        @settings
        @hypothesis.given(target.requests)
        def send(request: Request | None) -> None:
            if request is not None and self.sent < self._wanted:
                self._send(target, request)

        with contextlib.suppress(
            hypothesis.errors.Unsatisfiable
        ):  # an operation without parameters has no request that does not fit
            send()

    def _send(self, target: _Target, request: Request) -> None:
        if self._chance.random() < 0.8:
            request = self._client.within_a_conversation(request, target.name, self._chance)
        status, error = self._client.send(request)
        self._statuses[status] += 1
        if status == 0 or status >= 500:
            self._failed += 1
            self._failures.setdefault((target.name, status, error), Failure(target.name, status, error, request))
        self._progress(self.sent, self._wanted)

    def report(self) -> AttackReport:
        shown = tuple(self._failures.values())[:_MOST_SHOWN]
        seconds = time.perf_counter() - self._began
        return AttackReport(self.sent, seconds, dict(sorted(self._statuses.items())), self._failed, shown)


class _Client:
    """Hands requests to the app as an ASGI server does, and hangs up where an answer is a stream without end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._runner = asyncio.Runner()
        self._conversation = ("none", "none", "none")
        self._left = 0

    def __enter__(self) -> "_Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def openapi(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._answer(Request("GET", "/openapi.json", (), b""))[2])
        return document

    def within_a_conversation(self, request: Request, target: str, chance: random.Random) -> Request:
        """The same request about a conversation that is open, with its token. Sometimes about its newest message."""
        if _TOKEN_PATHS not in target:
            return request
        ident, token, message = self._open()
        template = target.split()[1].rstrip(",")
        path = template.replace(_TOKEN_PATHS, ident).replace("{message_id}", message if chance.random() < 0.8 else "%00")
        query = request.target.partition("?")[2]
        headers = tuple((k, v) for k, v in request.headers if k != b"authorization")
        bearer = (b"authorization", f"Bearer {token}".encode())
        return Request(request.method, f"{path}?{query}" if query else path, (*headers, bearer), request.body)

    def _open(self) -> tuple[str, str, str]:
        if self._left == 0:
            status, _, body = self._answer(Request("POST", _CONVERSATIONS, (), b""))
            if status not in (200, 201):
                return self._conversation
            opened = json.loads(body)
            self._conversation = (opened["id"], opened["token"], opened["messages"][0]["id"])
            self._left = _REQUESTS_A_CONVERSATION
        self._left -= 1
        return self._conversation

    def send(self, request: Request) -> tuple[int, str]:
        """The status, and what was raised where something was."""
        status, error, _ = self._answer(request)
        if request.method == "DELETE" and status == 204:
            self._left = 0
        return status, error

    def _answer(self, request: Request) -> tuple[int, str, bytes]:
        return self._runner.run(self._asked(request))

    async def _asked(self, request: Request) -> tuple[int, str, bytes]:
        incoming: list[Message] = [{"type": "http.request", "body": request.body, "more_body": False}]
        status, body, error, endless = 0, bytearray(), "", asyncio.Event()

        async def receive() -> Message:
            if incoming:
                return incoming.pop()
            await endless.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if any(value.startswith(b"text/event-stream") for _, value in message["headers"]):
                    endless.set()
            body.extend(message.get("body", b""))

        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._app(_scope(request), receive, send)
        except TimeoutError:
            return 0, "no answer", bytes(body)
        except Exception as raised:
            error = _told(raised)
        return status, error, bytes(body)


def _told(error: Exception) -> str:
    """What was raised and where: never what it says, which may be what was sent."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}"


def _scope(request: Request) -> dict[str, Any]:
    path, _, query = request.target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii", "replace"),
        "query_string": query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": list(request.headers),
        "client": ("127.0.0.1", 1),
        "server": ("veivis.local", 80),
    }
