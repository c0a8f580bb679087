"""What is wrong with an example that a model learns from is found with its line, before anyone trains or starts."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from indexer.checks import Finding, check_knowledge
from indexer.knowledge_base import KnowledgeBase

WHOLE = {
    "fasetteksempler.yml": '- {t: "hvor lenge varer det", f: frist}',
    "samtaleeksempler.yml": '- {t: "hvor lenge varer det", s: videre}',
    "utenfor.yml": '- {t: "hva koster en flybillett", m: ung, s: nb}',
    "fareeksempler.yml": '- {t: "jeg dør av latter", fare: ingen}',
}


def findings(knowledge: KnowledgeBase, folder: Path, name: str, *lines: str) -> list[Finding]:
    (folder / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return [f for f in check_knowledge(replace(knowledge, folder=folder), date(2026, 11, 27)) if f.path.name == name]


@pytest.mark.parametrize(
    ("name", "broken", "named"),
    [
        ("fasetteksempler.yml", '- {t: "hvor mye", f: penger}', "penger"),
        ("fasetteksempler.yml", '- {t: "hvor mye", f: [belop, hva]}', "value of f"),
        ("samtaleeksempler.yml", '- {t: "kan vi bytte", s: kanskje}', "kanskje"),
        ("samtaleeksempler.yml", '- {t: "kan vi bytte", fra: ukjent, til: ukjent, s: videre}', "ukjent"),
        ("samtaleeksempler.yml", '- {t: "kan vi bytte fastlege", s: alene}', "til"),
        ("samtaleeksempler.yml", '- {t: "kan vi bytte", fra: fastlege, til: bup, s: videre}', "fra"),
        ("utenfor.yml", '- {m: ung, s: "nb"}', "t: "),
        ("utenfor.yml", '- {t: "hei", m: bestemor, s: nb}', "bestemor"),
        ("fareeksempler.yml", "- bare tekst", "t: "),
        ("fareeksempler.yml", '- {t: "jeg er redd", fare: sjolvmord}', "sjolvmord"),
    ],
)
def test_a_broken_example_is_found_on_its_line_and_told_what_is_wrong(
    knowledge: KnowledgeBase, tmp_path: Path, name: str, broken: str, named: str
) -> None:
    found = findings(knowledge, tmp_path, name, "# overskrift", WHOLE[name], broken, WHOLE[name], broken)
    assert [(f.line, f.rule) for f in found] == [(3, "eksempel"), (5, "eksempel")]
    assert all(named in f.mend for f in found)


@pytest.mark.parametrize("text", ['- {t: "uten slutt', 't: "ikke en liste"', "bare ord", "7"])
def test_a_file_of_examples_that_is_no_list_is_one_finding(knowledge: KnowledgeBase, tmp_path: Path, text: str) -> None:
    assert [f.rule for f in findings(knowledge, tmp_path, "fareeksempler.yml", text)] == ["form"]
