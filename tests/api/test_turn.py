"""Conversations as people have them: what a turn remembers, and what it answers next. The bot's decisions are given."""

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from fastapi import FastAPI

from api.chat.conversation import Draft, Incoming, Sender, Status
from api.chat.dialogue import NO_BOT, Decision, Directive, FakeDialogue
from api.chat.turn import Turns
from api.storage.conversations import Opened
from indexer.adapter import Guess
from indexer.article import Audience, Facet, Language
from indexer.danger_likeness import Likeness
from indexer.hearing import Hearing
from indexer.matching import Matches, Question, Verdict

Say = Callable[..., Draft]


@pytest.fixture
def say(app: FastAPI, dialogue: FakeDialogue) -> Say:
    """Says something in one conversation and gives the first reply; `decision` is what the bot would decide."""
    parts = app.state.parts
    start: list[Opened] = []

    def said(text: str, decision: Decision | None = None, audience: Audience = Audience.PARENT) -> Draft:
        return all_replies(text, decision, audience)[0]

    def all_replies(text: str, decision: Decision | None = None, audience: Audience = Audience.PARENT) -> list[Draft]:
        if not start:
            start.append(parts.conversations.open(audience, Language.BOKMAL, None, []))
        if decision:
            dialogue.decisions[text] = decision
        conversation = parts.conversations.find(start[0].conversation.id, start[0].token)
        messages = parts.turns.take_turn(conversation, Incoming(str(uuid.uuid4()), text))
        return [m.draft for m in messages if m.draft.sender is not Sender.USER]

    said.all = all_replies  # type: ignore[attr-defined]
    return said


def follow_up(facet: Facet) -> Decision:
    return Decision(Directive.FOLLOW_UP, facet)


def test_a_follow_up_without_the_name_is_about_the_same_topic(say: Say) -> None:
    assert say("Hva er hjelpestønad?").topics[0] == "hjelpestonad"
    reply = say("hvordan søker jeg?", follow_up(Facet.APPLY))
    assert (reply.status, reply.topics[0], reply.facet) == (Status.ANSWER, "hjelpestonad", Facet.APPLY)
    reply = say("og hvis vi får nei?", follow_up(Facet.COMPLAINT))
    assert (reply.topics[0], reply.facet) == ("hjelpestonad", Facet.COMPLAINT)


def test_thanks_in_between_do_not_lose_the_thread(say: Say) -> None:
    say("Hva er hjelpestønad?")
    assert say("takk", Decision(Directive.THANK)).status is Status.SMALLTALK
    assert say("hvor mye er det?", follow_up(Facet.AMOUNT)).topics[0] == "hjelpestonad"


def test_a_new_name_is_a_new_topic(say: Say) -> None:
    say("Hva er hjelpestønad?")
    assert say("hva med parkeringstillatelse da?", follow_up(Facet.WHAT)).topics[0] == "parkeringstillatelse"


def test_a_correction_lets_go_of_what_was_misunderstood(say: Say) -> None:
    say("Hva er grunnstønad?")
    assert say("nei, jeg mente hjelpestønad").topics[0] == "hjelpestonad"


def test_a_correction_asks_the_same_of_the_other_topic(say: Say) -> None:
    say("Hva er grunnstønad?")
    say("hvor mye er det?", follow_up(Facet.AMOUNT))
    reply = say("nei, jeg mente hjelpestønad")
    assert (reply.topics[0], reply.facet) == ("hjelpestonad", Facet.AMOUNT)


@pytest.mark.parametrize("audience", list(Audience))
def test_whoever_does_not_know_where_to_begin_is_offered_where_most_begin(say: Say, audience: Audience) -> None:
    reply = say("trenger hjelp", Decision(Directive.GUIDE), audience)
    assert reply.status is Status.GUIDE
    assert len([o for o in reply.options if o.choice.startswith("tema:")]) == 4
    first = reply.options[0].choice.removeprefix("tema:")
    assert say("den første").topics[0] == first


def test_two_questions_in_one_message_are_both_answered(say: Say) -> None:
    replies = say.all("Hva er hjelpestønad? Og hvordan får vi parkeringstillatelse?")  # type: ignore[attr-defined]
    assert [r.topics[0] for r in replies] == ["hjelpestonad", "parkeringstillatelse"]
    assert all(r.status is Status.ANSWER and r.sources for r in replies)


def test_the_kommune_told_in_passing_is_known_when_a_person_is_asked_for(say: Say) -> None:
    say("Vi bor i Alta kommune. Hva er BPA?")
    reply = say("kan jeg få snakke med noen?", Decision(Directive.HANDOFF))
    assert reply.status is Status.HANDOFF
    assert "Alta" in reply.text


def test_asking_for_a_person_without_a_kommune_asks_which(say: Say) -> None:
    assert "Hvilken kommune" in say("jeg vil snakke med et menneske", Decision(Directive.HANDOFF)).text
    assert "Tromsø" in say("Tromsø").text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Kva er hjelpestønad, og korleis søkjer eg?", Language.NYNORSK),
        ("Hva er hjelpestønad, og hvordan søker jeg?", Language.BOKMAL),
    ],
)
def test_the_fixed_texts_come_in_the_language_that_is_written(say: Say, text: str, language: Language) -> None:
    say(text)
    assert say("takk", Decision(Directive.THANK)).language is language


def test_an_english_question_gets_an_english_frame(say: Say) -> None:
    reply = say("What is hjelpestønad and who can get it?")
    assert reply.status is Status.ANSWER
    assert "in Norwegian" in reply.text


@pytest.mark.parametrize("text", ["hvordan sparkler jeg en vegg", "hva koster en flybillett til Roma"])
def test_what_is_not_ours_is_not_answered_and_other_doors_are_named(say: Say, text: str) -> None:
    reply = say(text, Decision(Directive.OUT_OF_SCOPE))
    assert reply.status is Status.ABSTAIN
    assert reply.sources == ()
    assert "servicetorg" in reply.text


def test_danger_comes_before_everything_and_goes_on_until_it_is_over(say: Say) -> None:
    first = say("jeg vil ikke leve lenger", audience=Audience.YOUTH)
    assert first.status is Status.CRISIS
    assert first.helplines[0].phone == "113"
    assert first.helplines[1].phone == "116 111"
    assert say("ingen bryr seg uansett").status is Status.CRISIS
    assert say("takk", Decision(Directive.THANK)).status is Status.SMALLTALK
    assert say("Hva er BUP?").status is Status.ANSWER


def test_personal_data_is_masked_before_it_is_kept_and_before_the_bot_sees_it(
    app: FastAPI, say: Say, dialogue: FakeDialogue
) -> None:
    seen: list[str] = []
    decide = dialogue.decide
    dialogue.decide = lambda session, text: (seen.append(text), decide(session, text))[1]  # type: ignore[method-assign]
    say("Sønnen min Ola Nordmann (12057912345) trenger hjelpestønad, ring meg på 98765432")
    assert seen
    assert not any(secret in seen[0] for secret in ("Nordmann", "12057912345", "98765432"))
    with app.state.parts.database.writing() as session:
        kept = repr(session.connection().exec_driver_sql("SELECT * FROM messages").all())
    assert not any(secret in kept for secret in ("Nordmann", "12057912345", "98765432"))


LIKE_ORDINARY = Likeness(0.0, "vold", alarming=False, ordinary=True)
LIKE_DANGER = Likeness(0.9, "vold", alarming=True, ordinary=False)


def with_second_net(app: FastAPI, likeness: Callable[[str], Likeness | None]) -> Turns:
    turns: Turns = app.state.parts.turns
    return Turns(replace(turns.parts, likeness=likeness))


def test_an_uncertain_rule_is_held_back_where_the_message_is_like_ordinary_questions(app: FastAPI) -> None:
    text = "jeg er redd for å gå hjem alene fra treningen om kvelden når det er mørkt"
    assert app.state.parts.turns.parts.crisis.check(text) is not None
    assert with_second_net(app, lambda _: LIKE_ORDINARY).doors_for(text, Audience.YOUTH) == []
    assert with_second_net(app, lambda _: LIKE_DANGER).doors_for(text, Audience.YOUTH)


def test_no_doubt_silences_what_is_said_briefly(app: FastAPI) -> None:
    assert with_second_net(app, lambda _: LIKE_ORDINARY).doors_for("jeg er redd for å gå hjem", Audience.YOUTH)


def test_a_certain_rule_rings_whatever_the_second_net_says(app: FastAPI) -> None:
    assert with_second_net(app, lambda _: LIKE_ORDINARY).doors_for("jeg vil ikke leve lenger", Audience.YOUTH)


def test_the_rules_decide_alone_when_the_second_net_fails(app: FastAPI) -> None:
    def fails(text: str) -> Likeness | None:
        raise RuntimeError("no embedding")

    assert with_second_net(app, fails).doors_for(
        "jeg er redd for å gå hjem alene fra treningen om kvelden når det er mørkt", Audience.YOUTH
    )


def test_a_follow_up_is_understood_while_the_bot_is_down(say: Say) -> None:
    say("Hva er hjelpestønad?")
    reply = say("hvor mye er det?", Decision(Directive.ANSWER, degraded=True))
    assert (reply.status, reply.topics[0], reply.facet) == (Status.ANSWER, "hjelpestonad", Facet.AMOUNT)
    assert reply.degraded


def sure_of(act: str, facet: str = "hva") -> Callable[[str], Hearing | None]:
    return lambda _: Hearing(Guess(act, 0.99), Guess(facet, 0.99), goes_on=0.0)


def first_reply(app: FastAPI, text: str, **parts: object) -> Draft:
    """The first reply to one message, with some parts of the turn told what to say."""
    turns: Turns = app.state.parts.turns
    opened = app.state.parts.conversations.open(Audience.PARENT, Language.BOKMAL, None, [])
    messages = Turns(replace(turns.parts, **parts)).take_turn(opened.conversation, Incoming(str(uuid.uuid4()), text))
    return messages[1].draft


@pytest.mark.parametrize("bot", [Decision(Directive.ANSWER), NO_BOT])
def test_a_second_hearing_alone_never_keeps_a_message_from_the_second_net(app: FastAPI, bot: Decision) -> None:
    for act in ("thank", "greet", "human", "tell_age", "identity"):
        told = FakeDialogue({"hade vært fint å slippe alt sammen": bot})
        reply = first_reply(
            app,
            "hade vært fint å slippe alt sammen",
            hear=sure_of(act),
            likeness=lambda _: LIKE_DANGER,
            dialogue=told,
        )
        assert reply.status is Status.CRISIS, act


def test_the_part_asked_for_is_heard_by_meaning_before_cue_words(app: FastAPI) -> None:
    reply = first_reply(app, "Hvem kan få hjelpestønad?", hear=sure_of("question", "belop"))
    assert (reply.topics[0], reply.facet) == ("hjelpestonad", Facet.AMOUNT)


def test_cue_words_decide_when_the_second_hearing_fails(app: FastAPI) -> None:
    def fails(text: str) -> Hearing | None:
        raise RuntimeError("no embedding")

    reply = first_reply(app, "Hvem kan få hjelpestønad?", hear=fails)
    assert (reply.status, reply.topics[0], reply.facet) == (Status.ANSWER, "hjelpestonad", Facet.WHO)


class Finds:
    """A matcher that finds the same topics for every question, each as likely as the others."""

    def __init__(self, *topics: str) -> None:
        self.found = Matches(Verdict.ANSWER, topics, (1 / len(topics),) * len(topics))

    def match(self, question: Question) -> Matches:
        return self.found


@pytest.mark.parametrize(("goes_on", "topic"), [(0.9, "hjelpestonad"), (0.1, "bilstonad")])
def test_only_what_cannot_be_understood_alone_stays_with_the_topic(
    app: FastAPI, dialogue: FakeDialogue, goes_on: float, topic: str
) -> None:
    turns: Turns = app.state.parts.turns
    opened = app.state.parts.conversations.open(Audience.PARENT, Language.BOKMAL, None, [])
    turns.take_turn(opened.conversation, Incoming(str(uuid.uuid4()), "Hva er hjelpestønad?"))
    conversation = app.state.parts.conversations.find(opened.conversation.id, opened.token)
    dialogue.decisions["hvor mye får vi til den da?"] = follow_up(Facet.AMOUNT)
    hearing = Hearing(Guess("followup_belop", 0.9), Guess("belop", 0.9), goes_on)
    told = Turns(replace(turns.parts, hear=lambda _: hearing, matcher=Finds("bilstonad")))
    messages = told.take_turn(conversation, Incoming(str(uuid.uuid4()), "hvor mye får vi til den da?"))
    assert (messages[1].draft.topics[0], messages[1].draft.facet) == (topic, Facet.AMOUNT)


VAGUE = Hearing(Guess("question", 0.9), Guess("hva", 0.9), goes_on=0.9)


def test_a_first_message_that_needs_what_was_said_is_asked_about_and_not_answered(app: FastAPI) -> None:
    reply = first_reply(app, "kan jeg bytte?", hear=lambda _: VAGUE, matcher=Finds("fastlege", "koordinator", "stottekontakt"))
    assert reply.status is Status.CLARIFY
    assert [o.choice for o in reply.options][:3] == ["tema:fastlege", "tema:koordinator", "tema:stottekontakt"]


def test_a_first_message_that_may_be_about_anything_is_shown_where_to_begin(app: FastAPI) -> None:
    reply = first_reply(app, "hva gjør vi nå", hear=lambda _: VAGUE, matcher=Finds("fastlege"))
    assert reply.status is Status.GUIDE
    assert "Fortell gjerne litt mer" in reply.text
    assert len([o for o in reply.options if o.choice.startswith("tema:")]) == 4


def test_topics_without_an_article_are_not_offered_to_a_vague_message(app: FastAPI) -> None:
    assert (
        first_reply(app, "kan jeg bytte?", hear=lambda _: VAGUE, matcher=Finds("fastlege", "no-such-topic")).status
        is Status.GUIDE
    )


def test_what_is_vague_and_like_nothing_of_ours_is_not_asked_about(app: FastAPI) -> None:
    unlike = Finds("fastlege")
    unlike.found = Matches(Verdict.ABSTAIN, ("fastlege",), (0.01,))
    assert first_reply(app, "hmmmmm", hear=lambda _: VAGUE, matcher=unlike).status is Status.ABSTAIN


def test_a_vague_message_is_asked_about_once(app: FastAPI) -> None:
    turns: Turns = app.state.parts.turns
    told = Turns(replace(turns.parts, hear=lambda _: VAGUE, matcher=Finds("fastlege")))
    opened = app.state.parts.conversations.open(Audience.PARENT, Language.BOKMAL, None, [])
    statuses = []
    for text in ("hva gjør vi nå", "noe må jo skje snart"):
        conversation = app.state.parts.conversations.find(opened.conversation.id, opened.token)
        statuses.append(told.take_turn(conversation, Incoming(str(uuid.uuid4()), text))[1].draft.status)
    assert statuses[0] is Status.GUIDE
    assert statuses[1] is Status.ANSWER


def test_a_correction_in_the_middle_of_a_talk_is_no_first_message(app: FastAPI) -> None:
    turns: Turns = app.state.parts.turns
    told = Turns(replace(turns.parts, hear=lambda _: VAGUE, matcher=Finds("fastlege", "koordinator")))
    opened = app.state.parts.conversations.open(Audience.PARENT, Language.BOKMAL, None, [])
    turns.take_turn(opened.conversation, Incoming(str(uuid.uuid4()), "Hva er hjelpestønad?"))
    conversation = app.state.parts.conversations.find(opened.conversation.id, opened.token)
    messages = told.take_turn(conversation, Incoming(str(uuid.uuid4()), "nei, jeg mente for søsteren"))
    assert messages[1].draft.status is Status.ANSWER


def test_whoever_names_a_topic_is_answered_however_vague_the_rest(app: FastAPI) -> None:
    assert first_reply(app, "hjelpestønad?", hear=lambda _: VAGUE).status is Status.ANSWER


def test_whoever_tells_an_age_in_a_talk_is_answered_about_its_topic(say: Say) -> None:
    say("Hva er hjelpestønad?")
    reply = say("han er 17 da", Decision(Directive.AGE))
    assert (reply.status, reply.topics[0], reply.facet) == (Status.ANSWER, "hjelpestonad", Facet.WHO)
    assert reply.text.startswith("Takk, det husker jeg")
    assert reply.sources


def test_whoever_tells_a_kommune_in_a_talk_is_answered_about_its_topic(app: FastAPI, say: Say) -> None:
    say("Hva er avlastning?")
    reply = say("vi bor i Gjøvik", Decision(Directive.KOMMUNE))
    assert (reply.status, reply.topics[0]) == (Status.ANSWER, "avlastning")
    assert reply.text.startswith("Jeg har notert Gjøvik")


def test_an_age_told_before_anything_is_asked_is_noted_and_no_more(say: Say) -> None:
    assert say("han er 17", Decision(Directive.AGE)).status is Status.SMALLTALK
