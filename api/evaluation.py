"""Scores a question file against the service itself, in this process: what was answered, and was it right?

One JSON object a line with `text`, `expect`, `primary`, `accept`, `audience`, `lang`, `style`. The judging is pure; a line is right when
the reply is of the expected kind and an answer is given from an accepted topic.
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


@dataclass(frozen=True, slots=True)
class Item:
    text: str
    expect: str
    accepted: frozenset[str]
    audience: Audience
    language: Language
    group: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    item: Item
    status: str
    topics: tuple[str, ...]
    right: bool
    in_three: bool
    seconds: float


class QuestionFileBroken(Exception):
    """The file is not in the format; says which line."""


def read_items(path: Path) -> list[Item]:
    """Raises `QuestionFileBroken`."""
    items = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            items.append(_item(json.loads(line)))
        except (ValueError, KeyError, TypeError) as error:
            raise QuestionFileBroken(f"{path}:{number}: {error!r}") from error
    return items


def _item(entry: Mapping[str, Any]) -> Item:
    language = entry.get("lang", "nb")
    return Item(
        text=str(entry["text"]),
        expect=str(entry.get("expect", "answer")),
        accepted=frozenset(t for t in (entry.get("primary"), *entry.get("accept", ())) if t),
        audience=Audience(entry.get("audience", "forelder")),
        language=Language(language) if language in set(Language) else Language.BOKMAL,
        group={key: str(entry.get(key)) for key in ("lang", "style", "expect", "audience", "primary")},
    )


def ask(parts: Parts, items: Iterable[Item]) -> Iterator[Verdict]:
    """Each question in a conversation of its own, which is deleted again."""
    for item in items:
        opened = parts.conversations.open(
            item.audience, item.language, None, [parts.turns.greeting(item.audience, item.language)]
        )
        began = time.perf_counter()
        try:
            messages = parts.turns.take_turn(opened.conversation, Incoming(str(uuid.uuid4()), item.text))
            seconds = time.perf_counter() - began
        finally:
            parts.conversations.delete(opened.conversation.id)
            parts.dialogue.forget(opened.conversation.id)
        yield judge(item, [m.draft for m in messages if m.draft.sender is not Sender.USER], seconds)


def judge(item: Item, replies: Sequence[Draft], seconds: float) -> Verdict:
    statuses = [r.status for r in replies]
    status = Status.CRISIS if Status.CRISIS in statuses else next(iter(statuses), None)
    topics = next((r.topics for r in replies if r.topics), ())
    from_accepted = bool(topics) and topics[0] in item.accepted
    if item.expect == "answer":
        right = status in (Status.ANSWER, Status.GUIDE) and from_accepted
    elif item.expect == "clarify":
        right = status in (Status.CLARIFY, Status.GUIDE) or (status is Status.ANSWER and from_accepted)
    else:
        right = status == item.expect
    shown = status in (Status.ANSWER, Status.GUIDE, Status.CLARIFY)
    return Verdict(item, str(status), topics, right, shown and bool(item.accepted & set(topics[:3])), seconds)


@dataclass(frozen=True, slots=True)
class Report:
    """Shares between 0 and 1, durations in milliseconds. `confusions` counts (wanted, answered), most frequent first."""

    questions: int
    right: float
    in_three: float
    p50_ms: float
    p95_ms: float
    groups: Mapping[str, Mapping[str, tuple[int, int]]]
    confusions: tuple[tuple[str, str, int], ...]


def report(verdicts: Sequence[Verdict]) -> Report:
    asked = [v for v in verdicts if v.item.expect == "answer"]
    groups: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for verdict in verdicts:
        for key in ("expect", "lang", "audience", "style"):
            groups[key][verdict.item.group[key]].append(verdict.right)
    times = sorted(v.seconds * 1000 for v in verdicts)
    wrong = Counter((v.item.group["primary"], v.topics[0] if v.topics else v.status) for v in asked if not v.right)
    return Report(
        questions=len(verdicts),
        right=_share(v.right for v in verdicts),
        in_three=_share(v.in_three for v in asked),
        p50_ms=statistics.median(times) if times else 0.0,
        p95_ms=times[int(0.95 * (len(times) - 1))] if times else 0.0,
        groups={k: {name: (sum(v), len(v)) for name, v in sorted(g.items())} for k, g in groups.items()},
        confusions=tuple((wanted, got, n) for (wanted, got), n in wrong.most_common(20)),
    )


def _share(values: Iterable[bool]) -> float:
    kept = list(values)
    return sum(kept) / len(kept) if kept else 0.0
