"""A real Veivis in a process of its own, as `make run` ends with: one that a test may kill and start again."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.supervisor import free_port

_ROOT = Path(__file__).parents[2]
_STARTS_WITHIN_SECONDS = 120


class Site:
    """`command` is «serve» or «up»; `data` holds its database. Settings of the machine it runs on do not reach it."""

    def __init__(self, command: str, data: Path) -> None:
        self._command, self._data = command, data
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        settings = {"DATA_DIR": str(self._data), "RATE_LIMIT": "off", "SPACY_MODEL": "", "BOT_URL": "", "DATABASE_URL": ""}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VEIVIS_")}
        environment = kept | {f"VEIVIS_{name}": value for name, value in settings.items()}
        command = [sys.executable, "-c", "from api.cli import app; app()", self._command, "--port", str(self._port)]
        with (self._data / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=log, stderr=log)
        until(self.is_up, _STARTS_WITHIN_SECONDS)

    def is_up(self) -> bool:
        return bool(self._parts())

    def bot_answers(self) -> bool:
        return self._parts().get("bot") == "ok"

    def bot(self) -> int | None:
        """The process id of the bot, where there is one."""
        assert self._process is not None
        return next((pid for pid in _children(self._process.pid) if b"rasa" in Path(f"/proc/{pid}/cmdline").read_bytes()), None)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _parts(self) -> dict[str, str]:
        try:
            parts: dict[str, str] = httpx.get(f"{self.url}/healthz", timeout=5).json()["parts"]
        except (httpx.HTTPError, ValueError, KeyError):
            return {}
        return parts


@contextmanager
def site(command: str, data: Path, models: Path) -> Iterator[Site]:
    """`models`: the data folder of somebody who has started before, so that this one need not learn again."""
    for learned in ("models", "index"):
        if (models / learned).exists():
            shutil.copytree(models / learned, data / learned)
    running = Site(command, data)
    try:
        running.start()
        yield running
    finally:
        running.kill()


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Waits for it to hold; fails when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"did not come about within {seconds} s"
        time.sleep(0.1)


def kill(pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    os.kill(pid, how)


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found
