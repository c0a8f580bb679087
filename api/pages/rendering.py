"""Turns a template and values into a response: the strict headers, the addresses of the built files and what stands on every page."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.content import PageContent
from api.pages.words import AUDIENCE_NAMES, LANGUAGE_NAMES, day
from indexer.article import Audience

_TEMPLATES = Path(__file__).parent / "templates"
_COLORS: Mapping[Audience, str] = {Audience.PARENT: "brand1", Audience.YOUTH: "brand2", Audience.PROFESSIONAL: "accent"}
_POLICY = (
    "default-src 'self'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


class Pages:
    """`public_url` is the address readers use, without a slash at the end; empty: the one they asked for."""

    def __init__(self, content: PageContent, static_dir: Path, public_url: str = "") -> None:
        self.content = content
        self._public_url = public_url.rstrip("/")
        self._templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        self._templates.globals.update(
            asset=_Assets(static_dir).address, audience_names=AUDIENCE_NAMES, language_names=LANGUAGE_NAMES, Audience=Audience
        )
        self._templates.filters["day"] = day

    def site(self, request: Request) -> str:
        return self._public_url or str(request.base_url).rstrip("/")

    def page(
        self, request: Request, template: str, audience: Audience = Audience.PARENT, status: int = 200, **values: Any
    ) -> HTMLResponse:
        text = self._templates.get_template(template).render(
            path=request.url.path,
            site=self.site(request),
            audience=audience,
            color=_COLORS[audience],
            footer_doors=self.content.doors(audience),
            **values,
        )
        return HTMLResponse(text, status, headers=dict(HEADERS))


class _Assets:
    """Addresses that change when the file does, so that browsers may keep each for ever."""

    def __init__(self, folder: Path) -> None:
        self._versions = {p.name: version(p) for p in folder.glob("*.*") if p.is_file()}

    def address(self, name: str) -> str:
        return f"/static/{name}?v={self._versions.get(name, '0')}"


def version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]
