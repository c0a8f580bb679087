"""The pages: without JavaScript, on narrow screens, alone on the network, and on other people's sites."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .chat import Chat

PAGES = [
    "/",
    "/ung",
    "/forelder",
    "/fagperson",
    "/tema",
    "/tema/hjelpestonad",
    "/sok?q=avlastning",
    "/om",
    "/personvern",
    "/tilgjengelighet",
]


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False, locale="nb-NO")
    yield context.new_page()
    context.close()


@pytest.fixture
def elsewhere(tmp_path: Path, site: str) -> Iterator[str]:
    """Another origin with a page that embeds the chat in two lines."""
    lines = (
        f'<script type="module" src="{site}/static/widget.js"></script>\n'
        f'<veivis-chat api="{site}" audience="forelder" language="nb"></veivis-chat>'
    )
    (tmp_path / "index.html").write_text(f'<!doctype html><html lang="nb"><title>Kommunen</title><h1>Kommunen</h1>{lines}</html>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


def test_search_leads_to_a_topic_without_javascript(plain_page: Page, site: str) -> None:
    plain_page.goto(f"{site}/")
    plain_page.get_by_role("searchbox", name="Søk i artiklene").fill("hjelpestønad")
    plain_page.get_by_role("button", name="Søk").click()
    plain_page.get_by_role("main").get_by_role("link", name="Hjelpestønad").first.click()
    expect(plain_page.get_by_role("heading", level=1)).to_contain_text("jelpestønad")
    expect(plain_page.get_by_role("heading", name="Kort svar")).to_be_visible()


def test_a_footnote_leads_to_its_source(plain_page: Page, site: str) -> None:
    plain_page.goto(f"{site}/tema/hjelpestonad")
    footnote = plain_page.locator(".footnote a").first
    target = footnote.get_attribute("href")
    footnote.click()
    assert target is not None
    assert plain_page.url.endswith(target)
    expect(plain_page.locator(target)).to_contain_text("ontrollert")


def test_law_words_are_explained_to_families_and_not_to_professionals(plain_page: Page, site: str) -> None:
    plain_page.goto(f"{site}/tema/hjelpestonad")
    words = plain_page.get_by_role("region", name="Ord i teksten")
    expect(words.locator("dt", has_text="vedtak").first).to_be_visible()
    plain_page.goto(f"{site}/tema/barnekoordinator?malgruppe=fagperson")
    expect(plain_page.get_by_role("heading", level=1)).to_be_visible()
    expect(plain_page.get_by_role("region", name="Ord i teksten")).to_have_count(0)


def test_a_search_that_is_a_cry_for_help_shows_doors_before_everything_else(plain_page: Page, site: str) -> None:
    plain_page.goto(f"{site}/sok?q=jeg vil ikke leve lenger")
    expect(plain_page.get_by_role("main").get_by_role("link", name="Ring 113")).to_have_attribute("href", "tel:113")


def test_the_chat_says_that_it_needs_javascript(plain_page: Page, site: str) -> None:
    plain_page.goto(f"{site}/")
    expect(plain_page.get_by_text("Chatten trenger JavaScript")).to_be_visible()


def test_an_unknown_address_gives_a_page_that_helps(page: Page, site: str) -> None:
    response = page.goto(f"{site}/finnes-ikke")
    assert response is not None
    assert response.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("Siden finnes ikke")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 360])
def test_nothing_is_wider_than_a_narrow_screen(page: Page, site: str, path: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"{site}{path}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_answer_fits_a_narrow_screen(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{site}/")
    chat = Chat(page)
    chat.wait_until_ready()
    chat.ask("Hva er hjelpestønad?")
    chat.ask("jeg vil ikke leve lenger")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    expect(chat.newest).to_be_in_viewport()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_nobody_else_for_anything(page: Page, site: str, path: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}{path}")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith((f"{site}/", "data:"))] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_one_main_heading_one_main_part_and_a_language(page: Page, site: str, path: str) -> None:
    page.goto(f"{site}{path}")
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("main")).to_have_count(1)
    assert page.locator("html").get_attribute("lang") in ("nb", "nn")


def test_the_chat_works_on_somebody_elses_site(page: Page, elsewhere: str) -> None:
    page.goto(elsewhere)
    chat = Chat(page)
    chat.wait_until_ready()
    expect(chat.ask("Hva er hjelpestønad?").locator(".sources li").first).to_be_visible()
