"""404 and 500 as Norwegian pages for people. Machines, and everything under `/api`, keep the problem documents."""

from collections.abc import Callable
from pathlib import Path
from typing import cast

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.pages.content import PageContent
from api.pages.rendering import Pages

_Handler = Callable[[Request, Exception], Response]


def install_error_pages(app: FastAPI, content: PageContent, static_dir: Path) -> None:
    """Call it after the handlers of the API are installed: they keep answering everything that is not a person's page."""
    pages = Pages(content, static_dir)
    machine_not_found = cast(_Handler, app.exception_handlers[HTTPException])
    machine_error = cast(_Handler, app.exception_handlers[Exception])

    def not_found(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 404 and _is_person(request):
            return pages.page(request, "not_found.html", status=404)
        return machine_not_found(request, error)

    def unexpected(request: Request, error: Exception) -> Response:
        logged = machine_error(request, error)
        return pages.page(request, "error.html", status=500) if _is_person(request) else logged

    app.add_exception_handler(HTTPException, not_found)
    app.add_exception_handler(Exception, unexpected)


def _is_person(request: Request) -> bool:
    return not request.url.path.startswith(("/api/", "/static/")) and "text/html" in request.headers.get("accept", "")
