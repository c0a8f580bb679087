"""Is danger seen, and only danger? The rules themselves; how well they do on many sentences is measured in tests/evaluation."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.chat.crisis import CrisisRules, Danger
from tests.conftest import KNOWLEDGE

RULES = CrisisRules.from_file(KNOWLEDGE / "krise.yml")
LABELLED = Path(__file__).parents[1] / "evaluation" / "crisis.jsonl"


@pytest.mark.parametrize(
    ("text", "danger"),
    [
        ("Jeg har bestemt meg for å ta livet mitt", Danger.SUICIDE),
        ("eg har ikkje lyst til å leve lenger", Danger.SUICIDE),
        ("æ kutte mæ sjøl igjen", Danger.SUICIDE),
        ("i want to kill myself", Danger.SUICIDE),
        ("trenern min tar på meg etter trening, han sier det er hemmelig", Danger.ABUSE),
        ("pappa slår meg når han er full", Danger.VIOLENCE),
        ("stefar slår meg, kan han det?", Danger.VIOLENCE),
        ("I don't want to exist any more", Danger.SUICIDE),
        ("hun puster ikke", Danger.MEDICAL),
        ("han har svelget et batteri", Danger.MEDICAL),
        ("jeg er redd for at jeg skal skade babyen", Danger.CHILD),
        ("jeg skal ta med kniv på skolen i morgen", Danger.THREAT),
        ("far min slår meg når han er sint", Danger.VIOLENCE),
        ("eksen sier at han skal drepe meg", Danger.THREAT),
        ("kjæresten min truer med å ta livet av seg hvis jeg går", Danger.SUICIDE),
        ("Jeg har ristet babyen. Hun gråter ikke lenger.", Danger.CHILD),
        ("guten vår på 3 har drukke lampeolje", Danger.MEDICAL),
    ],
)
def test_danger_is_seen_and_named(text: str, danger: Danger) -> None:
    alarm = RULES.check(text)
    assert alarm is not None
    assert alarm.danger is danger


@pytest.mark.parametrize(
    "text",
    [
        "jeg dør av latter",
        "pappa slår meg i sjakk hver gang",
        "I don't want to live in a dorm next year",
        "vi prøver å slå i hjel tiden på venterommet",
        "hun vil ikke dø, hun vil bare sove, sa bestemor i filmen",
        "Papirarbeidet tar livet av meg",
        "Hva sier loven om meldeplikt når et barn blir slått?",
        "Kurs for ansatte om selvskading og forebygging av selvmord",
        "kjæresten slo opp med meg",
        "Kommunen kuttet timene våre",
        "Er det mulig å få hjelp til å leve med kronisk sykdom?",
        "Hunden min døde i fjor",
        "Hvordan søker vi om avlastning?",
        "jeg har ikke lyst til å dø, jeg er bare lei meg",
        "hvorfor tar Hedda Gabler livet sitt i stykket? trenger det til muntlig",
        "Sønnen vår har epilepsi og får anfall om natta, kan vi få hjelpestønad?",
        "",
    ],
)
def test_what_only_sounds_dangerous_is_left_in_peace(text: str) -> None:
    assert RULES.check(text) is None


def test_danger_in_the_last_sentence_of_a_long_message_is_seen_in_time() -> None:
    filler = "Vi har søkt om avlastning og venter på svar fra kommunen. " * 33
    text = filler[:1950] + ". jeg orker ikke leve lenger"
    began = time.perf_counter()
    assert RULES.check(text) is not None
    assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize(
    "written",
    [
        "j\u200beg vi\u200bl d\u200bø",
        "JEG VIL DØ",
        "jeg viiiil døøøø",
        "jeg vil d ø",
        "selvm0rd",
        "jegvildø",
        "s*lvmord",
        "pappa sl4r meg",
        "selv mord",
    ],
)
def test_disguises_do_not_hide_it(written: str) -> None:
    assert RULES.check(written) is not None


def test_a_friend_in_danger_is_told_apart_from_oneself() -> None:
    friend = RULES.check("venninna mi sier at hun vil ta livet sitt")
    assert friend is not None
    assert friend.third_person
    own = RULES.check("jeg vil ta livet mitt")
    assert own is not None
    assert not own.third_person


@pytest.mark.parametrize(
    ("text", "third_person"),
    [
        ("pappa slår meg", False),
        ("pappa slår lillebror", True),
        ("jeg blir slått av stefaren min", False),
        ("babyen puster ikke", True),
        ("fant tau på rommet til sønnen min", True),
    ],
)
def test_the_one_who_is_harmed_decides_whom_it_is_about(text: str, third_person: bool) -> None:
    alarm = RULES.check(text)
    assert alarm is not None
    assert alarm.third_person is third_person


def test_the_same_words_over_and_over_do_not_hold_the_answer_up() -> None:
    text = ("jeg kutter han slår meg kniv natt alene mamma full redd " * 40)[:2000]
    began = time.perf_counter()
    RULES.check(text)
    RULES.check(("s*l*m*rd d0 " * 200)[:2000])
    assert time.perf_counter() - began < 1


@given(st.text(max_size=300))
def test_no_text_whatever_breaks_the_rules(text: str) -> None:
    RULES.check(text)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzæøå .,!?\n", max_size=200))
def test_words_around_it_never_hide_a_plain_cry_for_help(around: str) -> None:
    assert RULES.check(f"{around}.\njeg vil ta livet mitt i kveld") is not None or "bra" in around or "bare" in around


def test_recall_and_false_alarms_on_the_labelled_set_do_not_fall() -> None:
    items = [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]
    danger = [i for i in items if i["danger"]]
    harmless = [i for i in items if not i["danger"]]
    missed = [i["text"] for i in danger if RULES.check(i["text"]) is None]
    false_alarms = [i["text"] for i in harmless if RULES.check(i["text"]) is not None]
    assert len(missed) / len(danger) <= 0.05, missed
    assert len(false_alarms) / len(harmless) <= 0.03, false_alarms
