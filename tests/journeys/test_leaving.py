"""Leaving in a hurry, and what stays behind: nothing."""

from playwright.sync_api import Page, expect

from .chat import Chat

SAFE = "https://www.yr.no/"


def _kept(page: Page) -> list[str]:
    return list(page.evaluate("Object.keys(sessionStorage)"))


def test_the_button_in_the_chat_leaves_and_forgets(chat: Chat, page: Page, site: str) -> None:
    assert any(key.startswith("veivis.") for key in _kept(page))
    chat.element.get_by_role("button", name="Forlat siden raskt").click()
    page.wait_for_url(SAFE)
    page.goto(f"{site}/om")
    assert _kept(page) == []


def test_escape_three_times_leaves_from_the_chat(chat: Chat, page: Page) -> None:
    chat.field.focus()
    for _ in range(3):
        page.keyboard.press("Escape")
    page.wait_for_url(SAFE)


def test_the_page_that_was_left_cannot_be_gone_back_to(page: Page, site: str) -> None:
    page.goto(f"{site}/om")
    page.goto(f"{site}/tema")
    page.get_by_role("link", name="Forlat siden raskt").click()
    page.wait_for_url(SAFE)
    page.go_back()
    expect(page).to_have_url(f"{site}/om")
