"""What is decided about a question that may not be ours: a few words are asked back, a whole question is turned away."""

import numpy as np
import pytest

from indexer.matching import OUTSIDE, Verdict, decide
from indexer.ranking import FEATURES, GATE_FEATURES, DangerWeights, Evidence, MatchWeights, Means, Weights
from indexer.search_index import Hits

TOPICS = ("bpa", "bup", OUTSIDE)


def weights(probability_of_ours: float) -> Weights:
    """So that every question is ours with this probability, and nine in ten are needed for an answer."""
    bias = float(np.log(probability_of_ours / (1 - probability_of_ours)))
    match = MatchWeights(
        np.ones(len(FEATURES)), np.zeros(len(GATE_FEATURES)), bias, abstain_below=0.9, ask_below=0.0, offer_above=0.45
    )
    danger = DangerWeights(1.0, 1.0, 0.0, alarm_above=2.0, ordinary_below=0.0)
    return Weights(dict.fromkeys(Means, match), dict.fromkeys(Means, danger))


def evidence(words: int, named: float = 0.0) -> Evidence:
    return Evidence(
        topics=TOPICS,
        examples=Hits((), ()),
        articles=Hits((), ()),
        letters=np.array([2.0, 1.0, 0.0]),
        meaning=np.zeros(3),
        sure_of_meaning=0.0,
        named=np.array([named, 0.0, 0.0]),
        audience=np.zeros(3),
        current=None,
        goes_on=0.0,
        known_share=1.0,
        words=words,
        means=Means.WORDS,
    )


@pytest.mark.parametrize(
    ("words", "probability_of_ours", "verdict"),
    [
        (3, 0.6, Verdict.ASK_BACK),
        (12, 0.6, Verdict.ABSTAIN),
        (3, 0.1, Verdict.ABSTAIN),
        (3, 0.95, Verdict.ANSWER),
        (12, 0.95, Verdict.ANSWER),
    ],
)
def test_a_few_words_that_may_be_ours_are_asked_back_and_a_whole_question_is_not(
    words: int, probability_of_ours: float, verdict: Verdict
) -> None:
    assert decide(evidence(words), weights(probability_of_ours)).verdict is verdict


def test_whoever_says_a_topics_name_is_answered_however_little_the_rest_says() -> None:
    assert decide(evidence(1, named=1.0), weights(0.1)).verdict is Verdict.ANSWER


def test_what_is_not_ours_is_never_among_the_topics() -> None:
    assert OUTSIDE not in decide(evidence(12), weights(0.95)).topics
