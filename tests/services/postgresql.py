"""A real PostgreSQL server in a temporary folder, without durability: it lives as long as the tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.supervisor import free_port
from tests.services import missing

_UNPRIVILEGED = ("postgres", "nobody")
"""PostgreSQL refuses to run as root."""


class Server:
    def __init__(self, binaries: Path, folder: Path, port: int, user: str | None) -> None:
        self._binaries, self._folder, self._port, self._user = binaries, folder, port, user
        self.url = f"postgresql+psycopg://veivis@127.0.0.1:{port}/postgres"

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder} -c fsync=off"
        self._control("start", "-o", options, "-l", str(self._folder / "log"))

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *arguments: str) -> None:
        command = [str(self._binaries / "pg_ctl"), "-D", str(self._folder / "data"), "-w", *arguments]
        subprocess.run(command, check=True, user=self._user, stdout=subprocess.DEVNULL, cwd="/")


@contextmanager
def postgresql() -> Iterator[Server]:
    binaries = _binaries()
    user = _other_user() if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="veivis-pg-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        init = [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "veivis", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(init, check=True, user=user, stdout=subprocess.DEVNULL, cwd="/")
        server = Server(binaries, folder, free_port(), user)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _binaries() -> Path:
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = packaged[0] if packaged else shutil.which("initdb")
    if found is None:
        missing("PostgreSQL's server («initdb») is not installed")
    return Path(found).resolve().parent


def _other_user() -> str:
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in names)
