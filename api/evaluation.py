"""Scores a question file against the service itself, in this process: what was answered, and was it right?

One JSON object a line with `text`, `expect`, `primary`, `accept`, `audience`, `lang`, `style`; or, in a file about danger, with `text` and
`danger`: a kind of danger, or null for what only sounds like it; or, for a whole conversation, with `turns` that have `user` for `text` and may
ask for a `facet`. The judging is pure; a line is right when the reply is of the expected kind
and an answer is given from an accepted topic.
"""

import json
import statistics
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.chat.conversation import Draft, Incoming, Sender, Status
from api.dependencies import Parts
from indexer.article import Audience, Language
from indexer.matching import Question

_NO_ALARM = "ingen-alarm"
"""Expected of what only sounds dangerous: any reply but the doors."""


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    expect: str
    accepted: frozenset[str]
    audience: Audience
    language: Language
    group: Mapping[str, str]
    facet: str | None = None


Talk = tuple[Item, ...]
"""What is said in one conversation: most often one thing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    item: Item
    status: str
    topics: tuple[str, ...]
    right: bool
    in_three: bool
    seconds: float
    facet_right: bool = True


class QuestionFileBroken(Exception):
    """The file is not in the format; says which line."""


def read_talks(path: Path) -> list[Talk]:
    """Raises `QuestionFileBroken`."""
    talks = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            turns = [{**entry, **turn, "text": turn["user"]} for turn in entry["turns"]] if "turns" in entry else [entry]
            talks.append(tuple(_item(turn) for turn in turns))
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionFileBroken(f"{path}:{number}: {error!r}") from error
    return talks


def read_items(path: Path) -> list[Item]:
    """Everything that is said in any of the conversations. Raises `QuestionFileBroken`."""
    return [item for talk in read_talks(path) for item in talk]


def _item(entry: Mapping[str, Any]) -> Item:
    language = entry.get("lang", "nb")
    about_danger = "danger" in entry and "expect" not in entry
    expect = (Status.CRISIS if entry["danger"] else _NO_ALARM) if about_danger else entry.get("expect", "answer")
    return Item(
        text=str(entry["text"]),
        expect=str(expect),
        accepted=frozenset(t for t in (entry.get("primary"), *entry.get("accept", ())) if t),
        audience=Audience(entry.get("audience", "forelder")),
        language=Language(language) if language in set(Language) else Language.BOKMAL,
        group={"expect": str(expect)} | {key: str(entry.get(key)) for key in ("lang", "style", "audience", "primary", "danger")},
        facet=entry.get("facet"),
    )


def ask(parts: Parts, talks: Iterable[Talk]) -> Iterator[Verdict]:
    """Each in a conversation of its own, which is deleted again. One verdict for each thing said."""
    for talk in talks:
        first = talk[0]
        opened = parts.conversations.open(
            first.audience, first.language, None, [parts.turns.greeting(first.audience, first.language)]
        )
        try:
            for item in talk:
                conversation = parts.conversations.find(opened.conversation.id, opened.token)
                assert conversation is not None
                began = time.perf_counter()
                messages = parts.turns.take_turn(conversation, Incoming(str(uuid.uuid4()), item.text))
                seconds = time.perf_counter() - began
                yield judge(item, [m.draft for m in messages if m.draft.sender is not Sender.USER], seconds)
        finally:
            parts.conversations.delete(opened.conversation.id)
            parts.dialogue.forget(opened.conversation.id)


def judge(item: Item, replies: Sequence[Draft], seconds: float) -> Verdict:
    statuses = [r.status for r in replies]
    status = Status.CRISIS if Status.CRISIS in statuses else next(iter(statuses), None)
    topics = next((r.topics for r in replies if r.topics), ())
    from_accepted = bool(topics) and topics[0] in item.accepted
    if item.expect == "answer":
        right = status in (Status.ANSWER, Status.GUIDE) and from_accepted
    elif item.expect == _NO_ALARM:
        right = status is not Status.CRISIS
    elif item.expect == "clarify":
        right = status in (Status.CLARIFY, Status.GUIDE) or (status is Status.ANSWER and from_accepted)
    else:
        right = status == item.expect
    shown = status in (Status.ANSWER, Status.GUIDE, Status.CLARIFY)
    in_three = shown and bool(item.accepted & set(topics[:3]))
    facet = next((r.facet for r in replies if r.facet), None)
    return Verdict(item, str(status), topics, right, in_three, seconds, item.facet is None or facet == item.facet)


@dataclass(frozen=True, slots=True)
class Report:
    """Shares between 0 and 1, durations in milliseconds; `facets` is how many of those asked for were given. `confusions` counts (wanted, answered), most frequent first."""

    questions: int
    right: float
    in_three: float
    p50_ms: float
    p95_ms: float
    facets: tuple[int, int]
    groups: Mapping[str, Mapping[str, tuple[int, int]]]
    confusions: tuple[tuple[str, str, int], ...]


def report(verdicts: Sequence[Verdict]) -> Report:
    asked = [v for v in verdicts if v.item.expect == "answer"]
    groups: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for verdict in verdicts:
        for key in ("expect", "danger", "lang", "audience", "style"):
            groups[key][verdict.item.group[key]].append(verdict.right)
    facets = [v.facet_right for v in verdicts if v.item.facet is not None]
    times = sorted(v.seconds * 1000 for v in verdicts)
    wrong = Counter((v.item.group["primary"], v.topics[0] if v.topics else v.status) for v in asked if not v.right)
    return Report(
        questions=len(verdicts),
        right=_share(v.right for v in verdicts),
        in_three=_share(v.in_three for v in asked),
        p50_ms=statistics.median(times) if times else 0.0,
        p95_ms=times[int(0.95 * (len(times) - 1))] if times else 0.0,
        facets=(sum(facets), len(facets)),
        groups={k: {name: (sum(v), len(v)) for name, v in sorted(g.items())} for k, g in groups.items()},
        confusions=tuple((wanted, got, n) for (wanted, got), n in wrong.most_common(20)),
    )


def _share(values: Iterable[bool]) -> float:
    kept = list(values)
    return sum(kept) / len(kept) if kept else 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """If only what is at least so sure were answered: the share of all questions that would be, and the share of those answers that are wrong."""

    coverage: float
    risk: float


def risk_coverage(answers: Iterable[tuple[float, bool]]) -> list[Point]:
    """`answers`: how sure the first topic is, and whether it is right; what is not ours is never right. From the surest on."""
    ranked = sorted(answers, key=lambda answer: -answer[0])
    wrong, points = 0, []
    for count, (_, right) in enumerate(ranked, start=1):
        wrong += not right
        points.append(Point(count / len(ranked), wrong / count))
    return points


def sureness(parts: Parts, items: Iterable[Item]) -> Iterator[tuple[float, bool]]:
    """For each question that is ours or plainly not: how sure the first topic is, and whether it is right."""
    for item in items:
        if item.expect in ("answer", Status.ABSTAIN):
            matches = parts.turns.parts.matcher.match(Question(item.text, item.audience, item.language))
            yield (matches.confidences[0], matches.topics[0] in item.accepted) if matches.topics else (0.0, False)


def draw(points: Sequence[Point], answered: float, path: Path) -> None:
    """The curve as a picture; `answered` is the share that the thresholds let through. Raises ImportError without matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([p.coverage for p in points], [p.risk for p in points], color="#1b5e83", linewidth=2)
    axes.axvline(answered, color="#b3541e", linestyle="--", label="det terskelen slipper gjennom")
    axes.set(xlabel="andel besvart, sikrest først", ylabel="andel av svarene som er feil", xlim=(0, 1), ylim=(0, None))
    axes.grid(visible=True, alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path)
