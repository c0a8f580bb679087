"""By how much is Veivis ahead of what anyone would build first: a stock Rasa with DIET, one intent a topic, on the same example questions?

Trains that Rasa in a folder of its own with the bot's environment and asks it the same questions. Same examples, same run, same judge.
"""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from api.supervisor import bot_environment, free_port
from indexer.knowledge_base import ExampleQuestion

_CONFIG = """\
recipe: default.v1
language: nb
assistant_id: peer
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: 100
  constrain_similarities: true
  random_seed: 1
policies: []
"""
"""The pipeline that `rasa init` writes (Rasa 3.6), without the parts that only entities and fallback need."""
_STARTS_WITHIN_SECONDS = 180


class PeerUnavailable(Exception):
    """The stock Rasa could not be trained or started here: says why."""


def write_project(folder: Path, examples: Sequence[ExampleQuestion]) -> None:
    """A Rasa project with one intent a topic."""
    by_topic: dict[str, list[str]] = {}
    for example in examples:
        by_topic.setdefault(example.topic, []).append(" ".join(example.text.split()))
    nlu = [{"intent": topic, "examples": "".join(f"- {_plain(t)}\n" for t in texts)} for topic, texts in by_topic.items()]
    (folder / "data").mkdir(parents=True)
    (folder / "config.yml").write_text(_CONFIG, encoding="utf-8")
    (folder / "data" / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True), encoding="utf-8")
    domain = {"version": "3.1", "intents": list(by_topic)}
    (folder / "domain.yml").write_text(yaml.safe_dump(domain, allow_unicode=True), encoding="utf-8")


def _plain(text: str) -> str:
    """Square brackets and braces are Rasa's own marks in an example."""
    return text.translate(str.maketrans("[]{}", "()()"))


def train(root: Path, folder: Path) -> float:
    """Seconds it took. Raises `PeerUnavailable`."""
    began = time.perf_counter()
    command = [str(root / "bot/.venv/bin/rasa"), "train", "nlu", "--nlu", "data", "--config", "config.yml", "--out", "models"]
    command += ["--fixed-model-name", "peer"]
    done = subprocess.run(command, cwd=folder, env=bot_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerUnavailable(done.stderr[-500:] or "rasa train failed")
    return time.perf_counter() - began


@contextmanager
def running(root: Path, folder: Path) -> Iterator[str]:
    """The URL of the trained peer. Raises `PeerUnavailable`."""
    port = free_port()
    command = [
        str(root / "bot/.venv/bin/rasa"),
        "run",
        "--enable-api",
        "-i",
        "127.0.0.1",
        "-p",
        str(port),
        "-m",
        "models/peer.tar.gz",
    ]
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=bot_environment(), stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _await(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def ranked_topics(url: str, texts: Sequence[str]) -> list[tuple[str, ...]]:
    """For each text the peer's topics, best first."""
    with httpx.Client(base_url=url, timeout=30) as client:
        replies: list[Mapping[str, list[Mapping[str, str]]]] = [
            client.post("/model/parse", json={"text": text}).raise_for_status().json() for text in texts
        ]
    return [tuple(intent["name"] for intent in reply["intent_ranking"]) for reply in replies]


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/status", timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.5)
    raise PeerUnavailable("the stock Rasa did not start")
