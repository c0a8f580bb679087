"""Which kommune a text names. Names that are also ordinary words («Hole», «Sel», «Nes») count only where the text points at a place."""

import re
from collections.abc import Iterable

from indexer.analysis import normalise
from indexer.knowledge_base import Kommune

_POINTS_AT_PLACE = r"(?:\bi|\bpå|\bfra|\bfrå|\bved|\btil|\bin|\bfrom|\bvåres|\bbor|\bbur)\s+"
_ORDINARY = frozenset(
    [
        "alver",
        "aure",
        "bø",
        "dovre",
        "eid",
        "eidskog",
        "fjord",
        "flå",
        "gol",
        "grane",
        "gran",
        "heim",
        "hol",
        "hole",
        "holtan",
        "ibestad",
        "ink",
        "lund",
        "lunner",
        "løten",
        "melhus",
        "mo",
        "nes",
        "ness",
        "nome",
        "nord",
        "odda",
        "os",
        "rana",
        "ringerike",
        "rollag",
        "sande",
        "sel",
        "skaun",
        "sola",
        "stad",
        "stord",
        "tinn",
        "tana",
        "tjeld",
        "tysnes",
        "ulvik",
        "vang",
        "vega",
        "vik",
        "voss",
        "våler",
        "ål",
        "ås",
        "åmot",
        "åsnes",
        "øyer",
        "øksnes",
        "lier",
        "time",
        "ha",
        "hå",
        "klepp",
        "bjerkreim",
        "asker",
        "horten",
        "molde",
        "bodø",
        "moss",
        "ski",
    ]
)


class KommuneFinder:
    def __init__(self, kommuner: Iterable[Kommune]) -> None:
        self._by_number = {k.number: k for k in kommuner}
        self._by_name: dict[str, list[Kommune]] = {}
        for kommune in self._by_number.values():
            for name in (kommune.name, *kommune.other_names):
                self._by_name.setdefault(normalise(name), []).append(kommune)
        names = "|".join(sorted(map(re.escape, self._by_name), key=len, reverse=True))
        self._named = re.compile(rf"(?P<place>{_POINTS_AT_PLACE})?\b(?P<name>{names})(?:s)?\b(?P<word>\s+kommune)?")

    def by_number(self, number: str | None) -> Kommune | None:
        return self._by_number.get(number) if number else None

    def in_text(self, text: str, *, alone: bool = False) -> Kommune | None:
        """The first kommune the text names, or None. `alone`: the text is an answer to «which kommune?», so any name counts."""
        for found in self._named.finditer(normalise(text)):
            name = found["name"]
            if alone or found["word"] or found["place"] or (name not in _ORDINARY and len(name) > 4):
                return self._by_name[name][0]
        return None

    def search(self, text: str, limit: int = 10) -> list[Kommune]:
        """Kommuner whose number or a name begins with `text`, then those that contain it; alphabetical."""
        wanted = normalise(text).strip()

        def names(kommune: Kommune) -> list[str]:
            return [kommune.number, *(normalise(n) for n in (kommune.name, *kommune.other_names))]

        starts = [k for k in self._by_number.values() if any(n.startswith(wanted) for n in names(k))]
        contains = [k for k in self._by_number.values() if k not in starts and any(wanted in n for n in names(k))]
        return [*sorted(starts, key=lambda k: k.name), *sorted(contains, key=lambda k: k.name)][:limit]
