"""What can go wrong at the edge, and how it is told: RFC 9457 problem documents, rendered in one place.

Never a stack trace, never an echo of what a person wrote.
"""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.storage.session import DatabaseUnavailable

log = logging.getLogger("veivis.errors")
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An expected no. `kind` names it in the `type` of the document; `detail` says in Norwegian what the caller can do."""

    def __init__(self, status: int, kind: str, title: str, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(title)
        self.status, self.kind, self.title, self.detail, self.headers = status, kind, title, detail, headers or {}


class TokenMissing(Problem):
    def __init__(self) -> None:
        headers = {"WWW-Authenticate": "Bearer"}
        super().__init__(
            401, "mangler-nokkel", "Nøkkel mangler", "Send nøkkelen til samtalen som «Authorization: Bearer …».", headers
        )


class NotFound(Problem):
    def __init__(self, what: str) -> None:
        super().__init__(404, "finnes-ikke", "Finnes ikke", what)


class TooFast(Problem):
    def __init__(self, retry_after_seconds: int) -> None:
        headers = {"Retry-After": str(retry_after_seconds)}
        super().__init__(429, "for-raskt", "For mange meldinger", f"Vent {retry_after_seconds} sekunder og prøv igjen.", headers)


class TemporarilyUnavailable(Problem):
    def __init__(self, detail: str) -> None:
        super().__init__(503, "utilgjengelig", "Midlertidig utilgjengelig", detail, {"Retry-After": "5"})


class Unprocessable(Problem):
    def __init__(self, field: str, reason: str) -> None:
        super().__init__(422, "ugyldig", "Meldingen kan ikke tas imot", reason)
        self.field = field


def problem_response(problem: Problem, errors: list[dict[str, str]] | None = None) -> JSONResponse:
    body: dict[str, Any] = {
        "type": f"urn:veivis:problem:{problem.kind}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": errors or [],
    }
    return JSONResponse(body, problem.status, problem.headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error the API can give becomes a problem document."""

    @app.exception_handler(Problem)
    def _ours(_: Request, problem: Problem) -> JSONResponse:
        field = getattr(problem, "field", None)
        return problem_response(problem, [{"field": field, "reason": problem.detail}] if field else None)

    @app.exception_handler(DatabaseUnavailable)
    def _database_away(_: Request, __: DatabaseUnavailable) -> JSONResponse:
        return problem_response(
            TemporarilyUnavailable("Dette kan ikke leses eller lagres akkurat nå. Artiklene og søket virker.")
        )

    @app.exception_handler(RequestValidationError)
    def _validation(_: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"field": _field(e["loc"]), "reason": _reason(e)} for e in error.errors()]
        detail = "; ".join(f"{e['field']}: {e['reason']}" for e in errors[:5])
        return problem_response(Problem(422, "ugyldig", "Forespørselen er ikke gyldig", detail), errors)

    @app.exception_handler(HTTPException)
    def _http(_: Request, error: HTTPException) -> JSONResponse:
        title = HTTPStatus(error.status_code).phrase
        return problem_response(Problem(error.status_code, f"http-{error.status_code}", title, title, dict(error.headers or {})))

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> JSONResponse:
        log.error(
            "unexpected_error", extra={"path": request.scope.get("route_path", ""), "kind": type(error).__name__}, exc_info=error
        )
        return problem_response(Problem(500, "feil", "Noe gikk galt hos oss", "Prøv igjen om litt."))


def _field(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part != "body") or "body"


def _reason(error: Any) -> str:
    """Pydantic's own words without its `input`: that is what the person wrote."""
    return "er ikke gyldig JSON" if error["type"] == "json_invalid" else str(error["msg"])
