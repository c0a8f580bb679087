"""What a person can do in the chat, as they would say it."""

import re

from playwright.sync_api import Locator, Page, expect

_PATIENCE_MILLISECONDS = 15_000


class Chat:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.element = page.locator("veivis-chat")
        self.field = self.element.locator("#text")
        self.log = self.element.get_by_role("log")
        self.messages = self.element.locator(".message:not(.pending)")

    def wait_until_ready(self) -> None:
        expect(self.replies.first).to_be_visible(timeout=_PATIENCE_MILLISECONDS)
        expect(self.element.locator(".typing")).to_have_count(0)

    @property
    def replies(self) -> Locator:
        return self.element.locator(".message[data-sender=bot]")

    @property
    def newest(self) -> Locator:
        return self.replies.last

    def ask(self, text: str) -> Locator:
        """Sends `text` and waits for the reply."""
        before = self.replies.count()
        self.field.fill(text)
        self.field.press("Enter")
        expect(self.replies).to_have_count(before + 1, timeout=_PATIENCE_MILLISECONDS)
        return self.newest

    def choose(self, label: str | re.Pattern[str]) -> Locator:
        before = self.replies.count()
        self.element.get_by_role("group", name="Velg et svar").get_by_role("button", name=label).click()
        expect(self.replies).to_have_count(before + 1, timeout=_PATIENCE_MILLISECONDS)
        return self.newest
