"""A browser for the journeys. The site itself is the fixture `site`, a base URL given by the tests around these."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .chat import Chat

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = os.environ.get("VEIVIS_CHROMIUM", "/usr/bin/chromium")
QUICK_EXIT = "https://www.yr.no/**"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}; set VEIVIS_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Where a quick exit leads is answered here: no journey leaves the machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="nb-NO")
    context.route(QUICK_EXIT, lambda route: route.fulfill(body="<title>Yr</title>", content_type="text/html"))
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which an error in a script, or anything the policy forbids, fails the journey."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security Policy" in message.text else None)
    yield page
    assert errors == []


@pytest.fixture
def chat(page: Page, site: str) -> Chat:
    """The chat on the front page, greeted and ready."""
    page.goto(f"{site}/")
    chat = Chat(page)
    chat.wait_until_ready()
    return chat


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("axe-core is missing; run npm ci in web/")
    return AXE.read_text(encoding="utf-8")
