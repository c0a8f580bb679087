"""What stops a change in CI: a known vulnerability, or a secret. What could not be looked up is never called clean."""

import importlib.machinery
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("audit", str(ROOT / ".ci" / "audit"))
    spec = importlib.util.spec_from_loader("audit", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


SOUND = {"name": "sound", "version": "1", "vulns": []}
VULNERABLE = {"name": "weak", "version": "2", "vulns": [{"id": "PYSEC-0"}]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("dependencies", "fails", "says"),
    [
        ([SOUND, VULNERABLE], True, "weak 2 (PYSEC-0)"),
        ([SOUND], False, "1 pakker uten kjente"),
        ([SOUND, UNKNOWN], False, "1 kunne ikke slås opp"),
        ([UNKNOWN, UNKNOWN], False, "kan slås opp herfra"),
        ([], False, "kan slås opp herfra"),
    ],
)
def test_a_known_vulnerability_fails_and_what_nobody_looked_up_is_said(
    audit: ModuleType, dependencies: list[dict[str, object]], fails: bool, says: str
) -> None:
    verdict = audit.of_python("x.lock", {"dependencies": dependencies}, must_be_clean=True)
    assert verdict.fails is fails
    assert says in verdict.line
    assert "\n" not in verdict.line


def test_what_is_known_of_the_bots_last_versions_is_told_and_does_not_fail(audit: ModuleType) -> None:
    verdict = audit.of_python("bot.lock", {"dependencies": [VULNERABLE]}, must_be_clean=False)
    assert not verdict.fails
    assert "PYSEC-0" in verdict.line


def test_npm_fails_on_a_vulnerability_and_says_when_its_registry_knows_none(audit: ModuleType) -> None:
    assert audit.of_npm({"vulnerabilities": {"weak": {"severity": "high"}}}).fails
    assert not audit.of_npm({"vulnerabilities": {}}).fails
    away = audit.of_npm({"message": "405 Method Not Allowed"})
    assert not away.fails
    assert "kan slås opp herfra" in away.line


def test_a_planted_key_is_found_and_ordinary_words_are_not(audit: ModuleType, tmp_path: Path) -> None:
    key = "AKIA" + "QWERTZUIOPASDF12"
    planted, ordinary = tmp_path / "settings.py", tmp_path / "words.py"
    planted.write_text(f'aws = "{key}"\n', encoding="utf-8")
    ordinary.write_text('words = "hjelpestønad og grunnstønad"\n', encoding="utf-8")
    assert audit.look_for_secrets([str(planted)]).fails
    assert not audit.look_for_secrets([str(ordinary)]).fails


def test_nothing_is_let_through_but_by_a_rule_that_says_what() -> None:
    assert json.loads((ROOT / ".secrets.baseline").read_text(encoding="utf-8"))["results"] == {}
