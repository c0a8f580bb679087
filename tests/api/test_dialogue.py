"""What a person wants: the bot's decision, and the second hearing by what the message means."""

from pathlib import Path

import yaml

from api.bot_examples import BOT_EXAMPLES, bot_examples
from api.chat.dialogue import DECISIONS, NO_BOT, Decision, Directive, reconsidered
from indexer.adapter import Guess
from indexer.article import Facet

BOT = Path(__file__).parents[2] / "bot"


def of_the_bot() -> dict[str, Decision]:
    """Intent to decision, as the bot's own rules and responses have it."""
    responses = yaml.safe_load((BOT / "domain.yml").read_text(encoding="utf-8"))["responses"]
    found = {}
    for rule in yaml.safe_load((BOT / "data/rules.yml").read_text(encoding="utf-8"))["rules"]:
        intent, action = (step[key] for step, key in zip(rule["steps"], ("intent", "action"), strict=True))
        custom = responses[action][0]["custom"]
        found[intent] = Decision(Directive(custom["directive"]), Facet(custom["facet"]) if "facet" in custom else None)
    return found


def test_an_intent_means_the_same_here_as_in_the_bot() -> None:
    wanted = of_the_bot()
    assert wanted.pop("nlu_fallback") == Decision(Directive.ANSWER)
    assert wanted == DECISIONS


def test_every_example_of_the_bot_is_of_an_intent_we_know() -> None:
    examples = bot_examples(BOT_EXAMPLES)
    assert {intent for _, intent in examples} == set(DECISIONS)
    assert all(text and not text.startswith("- ") for text, _ in examples)


def test_the_bot_is_overruled_only_by_a_hearing_that_is_sure() -> None:
    human = Decision(Directive.HANDOFF)
    assert reconsidered(human, Guess("question", 0.95)) == Decision(Directive.ANSWER)
    assert reconsidered(human, Guess("question", 0.65)) == Decision(Directive.ANSWER)
    assert reconsidered(human, Guess("question", 0.55)) == human
    assert reconsidered(human, Guess("thank", 0.65)) == human
    assert reconsidered(human, None) == human
    assert reconsidered(human, Guess("an_intent_of_tomorrow", 0.99)) == human


def test_while_the_bot_is_away_small_talk_is_still_small_talk_and_marked_degraded() -> None:
    assert reconsidered(NO_BOT, Guess("thank", 0.7)) == Decision(Directive.THANK, degraded=True)
    assert reconsidered(NO_BOT, Guess("followup_belop", 0.7)) == Decision(Directive.FOLLOW_UP, Facet.AMOUNT, degraded=True)
    assert reconsidered(NO_BOT, Guess("thank", 0.3)) == NO_BOT
