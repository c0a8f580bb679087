"""The chat as people meet it."""

import re

from playwright.sync_api import Page, expect

from .chat import Chat

QUESTION = "Hva er hjelpestønad?"
CRY_FOR_HELP = "jeg vil ikke leve lenger"
TEL = re.compile(r"^tel:\d+$")


def test_a_question_gets_an_answer_with_dated_sources_that_open_in_a_new_tab(chat: Chat) -> None:
    reply = chat.ask(QUESTION)
    expect(reply).to_have_attribute("data-status", "answer")
    expect(reply).to_contain_text("jelpestønad")
    sources = reply.locator(".sources li")
    expect(sources.first).to_contain_text(re.compile(r"kontrollert \d{1,2}\. \w+ \d{4}"))
    link = sources.first.get_by_role("link")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("rel", "noopener")
    expect(link).to_have_attribute("href", re.compile("^https://"))


def test_the_conversation_is_still_there_after_a_reload(chat: Chat, page: Page) -> None:
    chat.ask(QUESTION)
    before = chat.messages.count()
    page.reload()
    expect(chat.messages).to_have_count(before)
    expect(chat.log).to_contain_text(QUESTION)


def test_a_cry_for_help_is_met_with_doors_that_can_be_called(chat: Chat) -> None:
    reply = chat.ask(CRY_FOR_HELP)
    expect(reply).to_have_attribute("data-status", "crisis")
    calls = reply.get_by_role("link", name=re.compile("^Ring "))
    expect(calls.first).to_be_visible()
    assert calls.count() >= 2
    for i in range(calls.count()):
        expect(calls.nth(i)).to_have_attribute("href", TEL)


def test_the_young_are_met_with_doors_too(page: Page, site: str) -> None:
    page.goto(f"{site}/ung")
    chat = Chat(page)
    chat.wait_until_ready()
    reply = chat.ask(CRY_FOR_HELP)
    expect(reply.get_by_role("link", name="Ring 116 111")).to_have_attribute("href", "tel:116111")


def test_an_option_can_be_chosen_and_focus_goes_to_what_it_led_to(chat: Chat) -> None:
    chat.ask(QUESTION)
    option = chat.element.get_by_role("group", name="Velg et svar").get_by_role("button").first
    label = option.inner_text()
    reply = chat.choose(label)
    expect(reply).to_be_focused()
    expect(chat.element.locator(".message[data-sender=user]").last).to_be_visible()


def test_everything_can_be_done_with_the_keyboard(chat: Chat, page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Hopp til innholdet")).to_be_focused()
    page.keyboard.press("Enter")
    _tab_to(page, "#text")
    page.keyboard.type("Hva er hjelpestønad,")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("og hvem kan få det?")
    expect(chat.field).to_have_value("Hva er hjelpestønad,\nog hvem kan få det?")
    page.keyboard.press("Enter")
    expect(chat.replies).to_have_count(2)
    expect(chat.field).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(chat.element.get_by_role("group", name="Velg et svar").get_by_role("button").last).to_be_focused()
    page.keyboard.press("Enter")
    expect(chat.replies).to_have_count(3)
    expect(chat.newest).to_be_focused()


def test_markup_in_a_message_is_shown_as_written_and_never_run(chat: Chat, page: Page) -> None:
    before = page.title()
    chat.ask("""Hva er hjelpestønad? <img src=x onerror="document.title='tatt'"><script>document.title='tatt'</script>""")
    expect(chat.log).to_contain_text("<img src=x")
    expect(chat.log.locator("img, script")).to_have_count(0)
    assert page.title() == before


def test_a_message_that_is_too_long_is_stopped_and_not_cut(chat: Chat) -> None:
    chat.field.fill("a" * 2001)
    chat.field.press("Enter")
    expect(chat.element.get_by_text("1 tegn for lang")).to_be_visible()
    expect(chat.messages).to_have_count(1)
    assert len(chat.field.input_value()) == 2001


def test_the_conversation_can_be_deleted_after_a_question_back(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.element.get_by_role("button", name="Slett samtalen").click()
    chat.element.get_by_role("button", name="Ja, slett").click()
    expect(chat.element.get_by_text("Samtalen er slettet.")).to_be_visible()
    expect(chat.messages).to_have_count(1)


def test_another_audience_and_language_start_a_new_conversation(chat: Chat) -> None:
    chat.ask(QUESTION)
    chat.element.get_by_text("Innstillinger: Forelder, Bokmål").click()
    chat.element.get_by_label("Ung", exact=True).check()
    chat.element.get_by_label("Nynorsk").check()
    chat.element.get_by_role("button", name="Start ny samtale").click()
    expect(chat.messages).to_have_count(1)
    expect(chat.element.get_by_text("Innstillingar: Ung, Nynorsk")).to_be_visible()


def test_an_answer_can_be_judged(chat: Chat) -> None:
    reply = chat.ask(QUESTION)
    reply.get_by_role("button", name="Nei").click()
    reply.get_by_label(re.compile("Vil du si")).fill("Jeg savnet beløpet.")
    reply.get_by_role("button", name="Send kommentar").click()
    expect(reply).to_contain_text("Takk for tilbakemeldingen.")


def test_what_could_not_be_sent_waits_and_is_sent_when_the_network_is_back(chat: Chat, page: Page) -> None:
    page.context.set_offline(True)
    expect(chat.element.get_by_text("Du er uten nett")).to_be_visible()
    chat.field.fill(QUESTION)
    chat.field.press("Enter")
    expect(chat.element.get_by_role("button", name="Prøv igjen")).to_be_visible(timeout=10_000)
    page.context.set_offline(False)
    expect(chat.replies).to_have_count(2, timeout=10_000)
    expect(chat.element.locator(".message[data-sender=user]")).to_have_count(1)


def test_a_conversation_that_is_gone_starts_anew_and_keeps_the_text(chat: Chat, page: Page) -> None:
    page.evaluate(
        """async () => {
            const kept = JSON.parse(sessionStorage.getItem('veivis.chat:'));
            const headers = { Authorization: `Bearer ${kept.token}` };
            await fetch(`/api/v1/conversations/${kept.id}`, { method: 'DELETE', headers });
        }"""
    )
    chat.field.fill(QUESTION)
    chat.field.press("Enter")
    expect(chat.element.get_by_text("Vi har startet en ny")).to_be_visible()
    expect(chat.field).to_have_value(QUESTION)


def test_an_example_question_is_asked_in_the_chat(chat: Chat, page: Page) -> None:
    page.get_by_role("region", name="Andre spør om").get_by_role("link").first.click()
    expect(chat.replies).to_have_count(2)
    assert "/sok" not in page.url


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement?.shadowRoot?.activeElement?.matches(s) ?? false", selector):
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")
