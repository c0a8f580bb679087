"""A real Elasticsearch node from Maven Central's jars, fetched once and kept in the user's cache. Needs Java 17 and Maven."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.supervisor import free_port
from tests.services import missing

_HERE = Path(__file__).parent
_CACHE = Path.home() / ".cache" / "veivis" / "search-node"
_STARTS_WITHIN_SECONDS = 90
_DESCRIPTOR = """\
name=transport-netty4
description=HTTP
version={version}
elasticsearch.version={version}
java.version=17
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""


class Node:
    """Keeps what it holds when it is killed, and has it again when it is started."""

    def __init__(self, jars: Path, home: Path, port: int) -> None:
        self._jars, self._home, self._port = jars, home, port
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        classes = f"{self._jars}/lib/*:{self._jars}/classes"
        command = ["java", "-Xms384m", "-Xmx384m", "-cp", classes, "SearchNode", str(self._home), str(self._port)]
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        _await(self.url, self._process, self._home / "log")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Takes connections and answers nothing, as a machine does that has run out of memory."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)


@contextmanager
def elasticsearch() -> Iterator[Node]:
    for tool in ("java", "javac", "mvn"):
        if shutil.which(tool) is None:
            missing(f"«{tool}» is not installed: Elasticsearch needs Java 17 and Maven")
    jars = _installed()
    with tempfile.TemporaryDirectory(prefix="veivis-es-") as home:
        _prepare(Path(home), jars)
        node = Node(jars, Path(home), free_port())
        try:
            node.start()
            yield node
        finally:
            node.kill()


def _installed() -> Path:
    """The jars, the HTTP module and the compiled launcher; fetched the first time."""
    if (_CACHE / "classes" / "SearchNode.class").exists():
        return _CACHE
    shutil.rmtree(_CACHE, ignore_errors=True)
    library, module = _CACHE / "lib", _CACHE / "modules" / "transport-netty4"
    module.mkdir(parents=True)
    fetch = [
        "mvn",
        "--quiet",
        "--batch-mode",
        "--file",
        str(_HERE / "pom.xml"),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={library}",
    ]
    if subprocess.run(fetch, check=False).returncode:
        missing("the jars of Elasticsearch could not be fetched from Maven Central")
    for jar in (*library.glob("netty-*.jar"), *library.glob("transport-netty4-*.jar")):
        jar.rename(module / jar.name)
    version = next(library.glob("elasticsearch-[0-9]*.jar")).stem.removeprefix("elasticsearch-")
    (module / "plugin-descriptor.properties").write_text(_DESCRIPTOR.format(version=version))
    subprocess.run(["javac", "-cp", f"{library}/*", "-d", str(_CACHE / "classes"), str(_HERE / "SearchNode.java")], check=True)
    return _CACHE


def _prepare(home: Path, jars: Path) -> None:
    (home / "config").mkdir()
    (home / "modules").symlink_to(jars / "modules")


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_cluster/health", timeout=2) as reply:
                if json.load(reply)["number_of_nodes"] == 1:
                    return
        except (urllib.error.URLError, OSError, KeyError, ValueError):
            time.sleep(0.2)
    raise RuntimeError(f"Elasticsearch did not start:\n{log.read_text(errors='replace')[-2000:]}")
