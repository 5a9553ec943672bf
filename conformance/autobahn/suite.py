"""The two sides of Autobahn|Testsuite: a client that tries a server, a server that tries a client; and its verdicts."""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any

from handshake import KEY
from hosts import HostError, command_client, deadline, example_client, run_client
from repository import ROOT

TOOLS = ROOT / ".tools" / "autobahn"
LAUNCHER = Path(__file__).with_name("wstest.py")

START_SECONDS = 60.0
CASE_SECONDS = 300.0
REPORT_SECONDS = 300.0
SUITE_SECONDS = 5400.0

Verdicts = dict[str, "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What the suite says of a case: of the messages, and of how the connection ended."""

    behavior: str
    close: str
    description: str = ""
    result: str = ""
    result_close: str = ""


@dataclass
class Suite:
    """One run: where its report goes, which cases are due, and how far it is."""

    folder: Path
    agent: str
    patterns: list[str]
    progress: Callable[[str], None]

    def spec(self, **more: Any) -> Path:
        """Clears the folder and writes into it what the suite has to do."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for file in self.folder.iterdir():
            file.unlink()
        path = self.folder / "spec.json"
        spec = {
            "outdir": str(self.folder),
            "options": {},
            "cases": self.patterns,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        path.write_text(json.dumps({**spec, **more}))
        return path

    @contextmanager
    def wstest(self, mode: str, spec: Path, on_line: Callable[[str], None]) -> Iterator[subprocess.Popen[str]]:
        """Runs the suite. `on_line` sees each line that it prints, and an empty one at the end."""
        python, site = TOOLS / "bin" / "python2.7", TOOLS / "site"
        arguments = [str(python), "-u", str(LAUNCHER), str(site), "-m", mode, "-s", str(spec)]
        if mode == "fuzzingserver":
            arguments += ["-u", "0"]  # no web pages beside it
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        reader = threading.Thread(target=self.read, args=(process.stdout, on_line))
        reader.start()
        try:
            with deadline(SUITE_SECONDS, process.kill):
                yield process
        finally:
            process.kill()
            process.wait()
            reader.join()

    def read(self, output: IO[str], on_line: Callable[[str], None]) -> None:
        """Reads what the suite prints, and keeps it in a file."""
        with output, self.log.open("w") as log:
            for line in output:
                log.write(line)
                log.flush()
                on_line(line)
        on_line("")

    def try_server(self, url: str) -> Verdicts:
        """Runs the cases against an echo server that listens at this URL."""
        spec = self.spec(servers=[{"agent": self.agent, "url": url}])
        with self.wstest("fuzzingclient", spec, self.follow) as process:
            process.wait()
        return self.verdicts()

    def follow(self, line: str) -> None:
        """Shows the progress of the suite as a client."""
        if case := re.match(r"Running test case ID ([\d.]+) ", line):
            self.progress(case[1])

    def try_client(self, host: str) -> Verdicts:
        """Runs the cases against the client of a host: a process for each, which must say how its connection ended."""
        port = free_port()
        url = f"ws://127.0.0.1:{port}"
        broken: dict[str, str] = {}
        started: SimpleQueue[bool] = SimpleQueue()

        def see(line: str) -> None:
            if not line or line.startswith("listening on "):
                started.put(bool(line))

        with self.wstest("fuzzingserver", self.spec(url=url), see) as process:
            with deadline(START_SECONDS, process.kill):
                if not started.get():
                    raise self.failure("did not start")
            session = run_client(example_client(host, f"{url}/getCaseCount"), [], CASE_SECONDS)
            if session.lines[:1] != [str(len(self.cases()["due"]))]:
                raise HostError(f"the {host} client did not print the number of cases, but {session}")
            for number, case in enumerate(self.cases()["due"], 1):
                self.progress(case)
                case_url = f"{url}/runCase?case={number}&agent={self.agent}"
                session = run_client(command_client(host, case_url, "--echo"), [], CASE_SECONDS)
                if session.timed_out or len(session.lines) != 1 or not session.lines[0].startswith("closed "):
                    broken[case] = f"printed {session.lines}, status {session.status}; {session.errors}"
            update_reports(port, self.agent)
        verdicts = self.verdicts()
        for case, how in broken.items():
            verdicts[case] = Verdict("BROKEN", "BROKEN", verdicts[case].description, how, how)
        return verdicts

    @property
    def log(self) -> Path:
        """What the suite printed."""
        return self.folder / "wstest.log"

    def failure(self, what: str) -> HostError:
        """The suite itself did not work."""
        return HostError(f"Autobahn|Testsuite {what}; it printed:\n{self.log.read_text()[-2000:]}")

    def cases(self) -> dict[str, list[str]]:
        """All cases, and those that are due."""
        cases: dict[str, list[str]] = json.loads((self.folder / "cases.json").read_text())
        return cases

    def verdicts(self) -> Verdicts:
        """The verdict of each case that was due. One that left none is MISSING."""
        try:
            index = json.loads((self.folder / "index.json").read_text())[self.agent]
        except (OSError, KeyError):
            raise self.failure("left no report") from None
        return {case: self.verdict(index.get(case)) for case in self.cases()["due"]}

    def verdict(self, entry: dict[str, Any] | None) -> Verdict:
        """Reads the verdict of one case from its line in the index and from its own report."""
        if entry is None:
            return Verdict("MISSING", "MISSING")
        report = json.loads((self.folder / entry["reportfile"]).read_text())
        texts = [on_one_line(report[name]) for name in ("description", "result", "resultClose")]
        return Verdict(entry["behavior"], entry["behaviorClose"], *texts)


def on_one_line(text: str | None, length: int = 120) -> str:
    """The beginning of a text of the suite, which may hold HTML."""
    line = " ".join(re.sub(r"<[^>]*>", " ", text or "").split())
    return line if len(line) <= length else line[: length - 3] + "..."


def free_port() -> int:
    """A port that is free now. The suite cannot be told to take any."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def update_reports(port: int, agent: str) -> None:
    """Has the reports written, which the suite does before it answers. They can take longer than a client waits."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REPORT_SECONDS)
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
    }
    connection.request("GET", f"/updateReports?agent={agent}", headers=headers)
    if connection.getresponse().status != 101:
        raise HostError("Autobahn|Testsuite did not write its reports")
    connection.close()


def as_json(case: str, verdict: Verdict) -> dict[str, str]:
    """A verdict as it is stored."""
    return {"case": case, **asdict(verdict)}
