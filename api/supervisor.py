"""Runs bot and API together for `veivis up`: the bot as a child process that is started again when it dies, the API in this process.

Without a trained bot the API runs alone. Ending this process ends the child, whichever way it ends.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

log = logging.getLogger("veivis.supervisor")
_RESTART_SECONDS = 2.0
_DIE_WITH_PARENT = 1  # prctl(2): PR_SET_PDEATHSIG
_ONE_THREAD = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "RASA_CACHE_DIRECTORY": "bot/.rasa/cache",
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}
"""TensorFlow takes every core it sees and gives nothing for it here."""


class Bot:
    """Rasa as a child process on a free port of 127.0.0.1, logging to `log_file`."""

    def __init__(self, root: Path, log_file: Path) -> None:
        self._root = root
        self._log_file = log_file
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @staticmethod
    def is_installed(root: Path) -> bool:
        return (root / "bot/.venv/bin/rasa").exists() and (root / "bot/models/veivis.tar.gz").exists()

    def start(self) -> None:
        self._log_file.parent.mkdir(parents=True, exist_ok=True)
        threading.Thread(target=self._keep_alive, name="bot", daemon=True).start()

    def stop(self) -> None:
        self._stopping.set()
        if self._process and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _keep_alive(self) -> None:
        while not self._stopping.is_set():
            with self._log_file.open("ab") as output:
                self._process = subprocess.Popen(self._command(), cwd=self._root, env=bot_environment(), stdout=output, stderr=output, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # fmt: skip
            code = self._process.wait()
            if not self._stopping.wait(_RESTART_SECONDS):
                log.warning("bot_restarted", extra={"code": code})

    def _command(self) -> list[str]:
        places = ["-m", "bot/models/veivis.tar.gz", "--endpoints", "bot/endpoints.yml", "--credentials", "bot/credentials.yml"]
        return ["bot/.venv/bin/rasa", "run", "--enable-api", "-i", "127.0.0.1", "-p", str(self.port), *places]


def bot_environment() -> dict[str, str]:
    """This process's environment with what Rasa needs to keep quiet and to one thread."""
    return os.environ | _ONE_THREAD


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Linux: the child gets SIGTERM when we are gone, even when we were killed. Elsewhere `stop` has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
