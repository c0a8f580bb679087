"""What holds for every request and response: how large a body may be, and the security headers."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import Problem, problem_response

MAX_BODY_BYTES = 64_000
_MAX_DIGITS = 20
"""Of an announced length. Python refuses to read a number of thousands of digits."""
_CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_DOCS_CSP = "default-src 'self'; script-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; img-src 'self' data: https://fastapi.tiangolo.com"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "X-Frame-Options": "SAMEORIGIN",
}
_EMBEDDABLE = "/static/"


class BodyLimit:
    """413 for a body over `MAX_BODY_BYTES`, whether announced or not. FastAPI's own limit stands outside what we add, and so answers in plain text
    and without the security headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        announced = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if not announced.isdigit() or len(announced) > _MAX_DIGITS or int(announced) > MAX_BODY_BYTES:
            return await _too_large(scope, receive, send)
        seen = 0
        messages: list[Message] = []
        while True:
            message = await receive()
            messages.append(message)
            seen += len(message.get("body", b""))
            if seen > MAX_BODY_BYTES:
                return await _too_large(scope, receive, send)
            if message["type"] != "http.request" or not message.get("more_body"):
                break

        async def replayed() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, replayed, send)


class SecurityHeaders:
    """A strict content security policy on every page: nothing from third parties, no inline script."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _DOCS_CSP if scope["path"] == "/docs" else _CSP)
                if scope["path"].startswith(_EMBEDDABLE):
                    headers["Cross-Origin-Resource-Policy"] = "cross-origin"
                elif scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, with_headers)


async def _too_large(scope: Scope, receive: Receive, send: Send) -> None:
    problem = Problem(413, "for-stor", "For mye på en gang", f"Forespørselen kan være på høyst {MAX_BODY_BYTES} byte.")
    await problem_response(problem)(scope, receive, send)
