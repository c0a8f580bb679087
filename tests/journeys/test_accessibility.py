"""axe (WCAG 2.2 A and AA, and its best practices) finds nothing."""

from typing import Any

import pytest
from playwright.sync_api import Page

from .chat import Chat

PAGES = [
    "/",
    "/ung",
    "/fagperson",
    "/tema",
    "/tema/hjelpestonad",
    "/sok?q=avlastning",
    "/sok?q=jeg vil ikke leve lenger",
    "/om",
    "/finnes-ikke",
]


def findings(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{v['id']}: {n['target']} {n['failureSummary']}" for v in result["violations"] for n in v["nodes"]]


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_on_a_page(page: Page, site: str, axe: str, path: str) -> None:
    page.goto(f"{site}{path}")
    page.wait_for_load_state("networkidle")
    assert findings(page, axe) == []


def test_axe_finds_nothing_in_a_chat_with_answers_doors_and_open_settings(chat: Chat, page: Page, axe: str) -> None:
    reply = chat.ask("Hva er hjelpestønad?")
    reply.get_by_role("button", name="Ja", exact=True).click()
    chat.ask("jeg vil ikke leve lenger")
    chat.ask("Hvem kan få hjelpestønad?")
    chat.element.get_by_text("Innstillinger: Forelder, Bokmål").click()
    chat.element.get_by_role("button", name="Slett samtalen").click()
    assert findings(page, axe) == []


@pytest.mark.parametrize("size", [{"width": 360, "height": 740}, {"width": 640, "height": 450}], ids=["phone", "zoom-200"])
def test_axe_finds_nothing_where_there_is_little_room(page: Page, site: str, axe: str, size: dict[str, int]) -> None:
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    page.goto(f"{site}/ung")
    chat = Chat(page)
    chat.wait_until_ready()
    chat.ask("Hva er hjelpestønad?")
    assert findings(page, axe) == []
