"""The server-rendered pages: front, topics, search and about. All work without JavaScript; none shows what is not published.

Query values that are not known fall back to the default: a reader who follows an old link gets a page, not an error.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar
from xml.sax.saxutils import escape

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse, Response

from api.pages.content import PageContent
from api.pages.rendering import HEADERS, Pages, version
from api.pages.structured_data import article_data
from indexer.article import Audience, Language

_MOST_QUERY = 500
_YEAR = "public, max-age=31536000, immutable"
_FIVE_MINUTES = "public, max-age=300"
_FIXED = ("/", "/forelder", "/ung", "/fagperson", "/tema", "/om", "/personvern", "/tilgjengelighet")

Choice = TypeVar("Choice", bound=StrEnum)
AudienceText = Annotated[str, Query(alias="malgruppe", max_length=20)]
LanguageText = Annotated[str, Query(alias="sprak", max_length=5)]


def build_router(content: PageContent, static_dir: Path, public_url: str = "") -> APIRouter:
    """`static_dir` is what the web build wrote (`web/dist`); a missing file there gives a page without it, never an error."""
    router = APIRouter(include_in_schema=False)
    pages = Pages(content, static_dir, public_url)
    _add_fronts(router, pages)
    _add_topics(router, pages)
    _add_search(router, pages)
    _add_about(router, pages)
    _add_machine_readable(router, pages)
    _add_static(router, static_dir)
    return router


def _add_fronts(router: APIRouter, pages: Pages) -> None:
    def front(request: Request, audience: Audience) -> HTMLResponse:
        examples = pages.content.examples(audience)
        on = pages.content.chat_is_on()
        return pages.page(request, "front.html", audience, examples=examples, doors=pages.content.doors(audience), chat_is_on=on)

    @router.get("/")
    def everybody(request: Request) -> HTMLResponse:
        return front(request, Audience.PARENT)

    @router.get("/forelder")
    def parents(request: Request) -> HTMLResponse:
        return front(request, Audience.PARENT)

    @router.get("/ung")
    def youth(request: Request) -> HTMLResponse:
        return front(request, Audience.YOUTH)

    @router.get("/fagperson")
    def professionals(request: Request) -> HTMLResponse:
        return front(request, Audience.PROFESSIONAL)


def _add_topics(router: APIRouter, pages: Pages) -> None:
    @router.get("/tema")
    def topics(request: Request) -> HTMLResponse:
        return pages.page(request, "topics.html", sectors=pages.content.sectors())

    @router.get("/tema/{topic}")
    def topic(request: Request, topic: str, malgruppe: AudienceText = "", sprak: LanguageText = "") -> HTMLResponse:
        audience = _one_of(Audience, malgruppe, Audience.PARENT)
        article = pages.content.article(topic, audience, _one_of(Language, sprak, Language.BOKMAL))
        if article is None:
            return pages.page(request, "not_found.html", status=404)
        data = article_data(article, pages.site(request))
        return pages.page(request, "article.html", article.audience, article=article, structured_data=data)


def _add_search(router: APIRouter, pages: Pages) -> None:
    @router.get("/sok")
    def search(request: Request, q: str = "", malgruppe: AudienceText = "") -> HTMLResponse:
        audience = _one_of(Audience, malgruppe, Audience.PARENT)
        result = pages.content.search(" ".join(q[:_MOST_QUERY].split()), audience)
        response = pages.page(request, "search.html", audience, result=result)
        response.headers["Cache-Control"] = "no-store"
        return response


def _add_about(router: APIRouter, pages: Pages) -> None:
    @router.get("/om")
    def about(request: Request) -> HTMLResponse:
        return pages.page(request, "about.html")

    @router.get("/personvern")
    def privacy(request: Request) -> HTMLResponse:
        return pages.page(request, "privacy.html")

    @router.get("/tilgjengelighet")
    def accessibility(request: Request) -> HTMLResponse:
        return pages.page(request, "accessibility.html")


def _add_machine_readable(router: APIRouter, pages: Pages) -> None:
    @router.get("/robots.txt")
    def robots(request: Request) -> PlainTextResponse:
        return PlainTextResponse(
            f"User-agent: *\nDisallow: /api/\nDisallow: /sok\n\nSitemap: {pages.site(request)}/sitemap.xml\n"
        )

    @router.get("/sitemap.xml")
    def sitemap(request: Request) -> Response:
        site = pages.site(request)
        topics = [f"/tema/{t.id}" for sector in pages.content.sectors() for t in sector.topics]
        entries = "".join(f"<url><loc>{escape(site + path)}</loc></url>\n" for path in (*_FIXED, *topics))
        text = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        return Response(f"{text}{entries}</urlset>\n", media_type="application/xml")


def _add_static(router: APIRouter, static_dir: Path) -> None:
    """Readable from every origin: another site embeds the chat as a module, and modules are fetched with CORS."""
    folder = static_dir.resolve()

    @router.get("/static/{name:path}")
    def static(name: str, v: str = "") -> Response:
        path = _file_in(folder, name)
        if path is None:
            return PlainTextResponse("Filen finnes ikke.", 404)
        lasting = bool(v) and v == version(path)
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "X-Content-Type-Options": HEADERS["X-Content-Type-Options"],
            "Cache-Control": _YEAR if lasting else _FIVE_MINUTES,
        }
        return FileResponse(path, headers=headers)


def _file_in(folder: Path, name: str) -> Path | None:
    """None for what is not there, lies outside, or can be no file's name at all."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (ValueError, OSError):
        return None


def _one_of(kind: type[Choice], text: str, default: Choice) -> Choice:
    return kind(text) if text in list(kind) else default
