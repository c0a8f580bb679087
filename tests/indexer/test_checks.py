"""What an editor or a teacher of the models writes wrong is found with its line, before anyone trains or publishes."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from indexer.checks import check_knowledge
from indexer.knowledge_base import KnowledgeBase


@pytest.mark.parametrize(
    ("name", "line", "rule"),
    [
        ("fasetteksempler.yml", '- {t: "hvor mye", f: penger}', "eksempel"),
        ("samtaleeksempler.yml", '- {t: "kan vi bytte", s: kanskje}', "eksempel"),
        ("samtaleeksempler.yml", '- {t: "kan vi bytte", fra: ukjent, s: videre}', "eksempel"),
        ("utenfor.yml", '- {m: ung, s: "nb"}', "eksempel"),
        ("fareeksempler.yml", "- bare tekst", "eksempel"),
        ("fareeksempler.yml", '- {t: "uten slutt', "form"),
    ],
)
def test_a_broken_example_is_found_with_its_file_and_line(
    knowledge: KnowledgeBase, tmp_path: Path, name: str, line: str, rule: str
) -> None:
    whole = '- {t: "hvor lenge varer det", f: frist, s: videre}'
    (tmp_path / name).write_text(f"# overskrift\n{whole}\n{line}\n", encoding="utf-8")
    base = replace(knowledge, folder=tmp_path)
    found = [f for f in check_knowledge(base, date(2026, 11, 27)) if f.path.name == name]
    assert [f.rule for f in found] == [rule]
    assert found[0].line >= 3
