"""Which doors to show, and whether someone is behind them now. Pure: the caller gives the time."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from api.chat.conversation import ShownHelpline
from api.chat.crisis import Danger
from indexer.article import Audience, Language
from indexer.knowledge_base import DAYS, Helpline

NORWAY = ZoneInfo("Europe/Oslo")
_DAY_NAMES = {
    "nb": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "nn": ("måndag", "tysdag", "onsdag", "torsdag", "fredag", "laurdag", "søndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_ALWAYS = {"nb": "hele døgnet", "nn": "heile døgnet", "en": "day and night"}
_FIRST_DOORS: dict[Danger, tuple[str, ...]] = {
    Danger.SUICIDE: ("113", "116 123", "116 111", "22 40 00 40"),
    Danger.ABUSE: ("112", "116 006", "116 111"),
    Danger.VIOLENCE: ("112", "116 006", "116 111"),
    Danger.MEDICAL: ("113", "22 59 13 00", "116 117"),
    Danger.CHILD: ("112", "116 111", "116 117"),
    Danger.THREAT: ("112", "113", "116 117"),
}
_YOUTH_FIRST = "116 111"
_MOST = 5


def crisis_helplines(helplines: Iterable[Helpline], danger: Danger, audience: Audience) -> list[Helpline]:
    """The emergency number for this danger first, then the lines made for it, those for young people first to the young."""
    doors = list(_FIRST_DOORS[danger])
    if audience is Audience.YOUTH and _YOUTH_FIRST in doors:
        doors.remove(_YOUTH_FIRST)
        doors.insert(1, _YOUTH_FIRST)
    by_phone = {h.phone: h for h in helplines}
    first = [by_phone[d] for d in doors if d in by_phone]
    others = [h for h in by_phone.values() if h not in first and danger in h.dangers and audience in h.audiences]
    return [*first, *others][:_MOST]


def youth_helplines(helplines: Iterable[Helpline]) -> list[Helpline]:
    return [h for h in helplines if Audience.YOUTH in h.audiences and "samtale" in h.dangers][:_MOST]


def is_open(helpline: Helpline, now: datetime) -> bool | None:
    """None where the hours are not known."""
    if helpline.always_open:
        return True
    if helpline.hours is None:
        return None
    local = now.astimezone(NORWAY)
    clock = local.time()
    return any(day == local.weekday() and opens <= clock <= closes for day, opens, closes in helpline.hours)


def shown(helpline: Helpline, language: Language, now: datetime) -> ShownHelpline:
    return ShownHelpline(
        id=helpline.id,
        name=helpline.names.get(language) or helpline.names["nb"],
        phone=helpline.phone,
        chat_url=helpline.chat_url,
        hours=hours_text(helpline, language),
        open_now=is_open(helpline, now),
        checked=helpline.checked.isoformat(),
        source=helpline.source_url,
    )


def hours_text(helpline: Helpline, language: Language) -> str | None:
    """«mandag–fredag 09:00–15:00; lørdag 10:00–14:00», or None where the hours are not known."""
    if helpline.always_open:
        return _ALWAYS[language]
    if not helpline.hours:
        return None
    names = _DAY_NAMES[language]
    lines = []
    in_order = sorted(helpline.hours, key=lambda h: (h[1], h[2], h[0]))
    for (opens, closes), days in groupby(in_order, key=lambda h: (h[1], h[2])):
        numbers = sorted(day for day, _, _ in days)
        lines.append(
            (numbers[0], f"{_days(numbers, names)} {opens:%H:%M}–{'24:00' if closes.minute == 59 else f'{closes:%H:%M}'}")
        )
    return "; ".join(text for _, text in sorted(lines))


def _days(numbers: list[int], names: tuple[str, ...]) -> str:
    if len(numbers) == len(DAYS) or (numbers == list(range(numbers[0], numbers[-1] + 1)) and len(numbers) > 1):
        return f"{names[numbers[0]]}–{names[numbers[-1]]}"
    return ", ".join(names[n] for n in numbers)
