"""The rules of the house that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from api.chat.conversation import Status
from api.chat.crisis import Danger
from api.chat.reply_texts import REQUIRED_KEYS, ReplyTexts
from api.settings import Settings
from indexer.article import Audience, Facet, Language
from indexer.knowledge_base import KnowledgeBase
from tests.conftest import ROOT

MODULES = sorted(p for room in ("api", "indexer") for p in (ROOT / room).rglob("*.py") if "versions" not in p.parts)


def test_rooms_import_only_what_they_may() -> None:
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_module_says_what_it_is_responsible_for(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), "a module opens with what it is responsible for"


def test_every_setting_is_documented_and_nothing_else_is() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    documented = {line.lstrip("# ").split("=")[0] for line in text.splitlines() if "VEIVIS_" in line and "=" in line}
    assert documented == {f"VEIVIS_{name.upper()}" for name in Settings.model_fields}
    assert all(field.description for field in Settings.model_fields.values())


def test_only_settings_read_the_environment() -> None:
    readers = [p for p in MODULES if "os.environ" in p.read_text(encoding="utf-8")]
    allowed = {"settings.py", "supervisor.py", "embedding.py"}
    assert {p.name for p in readers} <= allowed, (
        "the supervisor hands its environment on; the embedder tames OpenMP before it loads"
    )


def test_every_status_and_facet_has_its_texts_for_everybody(knowledge: KnowledgeBase) -> None:
    texts = ReplyTexts(knowledge.reply_texts)
    for key in REQUIRED_KEYS:
        for language in Language:
            for audience in Audience:
                assert texts.get(key, language, audience) or key == "engelsk-ramme"
    assert {f"fasett-{facet}" for facet in Facet} <= set(REQUIRED_KEYS)
    assert {f"krise-{danger}" for danger in Danger} <= set(REQUIRED_KEYS)
    assert set(Status)


def test_the_knowledge_holds_no_code_and_the_bot_imports_nothing_of_ours() -> None:
    assert not list((ROOT / "knowledge").rglob("*.py"))
    assert not list((ROOT / "bot").glob("*.py"))
