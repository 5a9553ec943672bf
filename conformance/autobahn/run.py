"""Runs Autobahn|Testsuite against a host: ``run.py HOST server|client [PATTERN...]``. `make autobahn` calls it.

The echo server of the host's example or its command client, with every limit at its default and compression on. The
status is 0 only if every case is OK or INFORMATIONAL.
"""

from __future__ import annotations

import os
import re
import sys
import time

import page
import results
from hosts import HostError, end_orderly_on_sigterm, serving
from repository import BUN, DENO, PYTHON, ROOT, first_line, sansock_version
from suite import Suite, Verdicts, as_json

VERSION_COMMANDS = {
    "rust": ["rustc", "--version"],
    "rust-tokio": ["rustc", "--version"],
    "c": ["cc", "--version"],
    "cpp": ["c++", "--version"],
    "python": [PYTHON, "--version"],
    "python-threads": [PYTHON, "--version"],
    "node": ["node", "--version"],
    "deno": [DENO, "--version"],
    "bun": [BUN, "--version"],
    "go": ["go", "version"],
    "lua": ["luajit", "-v"],
    "ruby": ["ruby", "--version"],
}
NAMES = {"node": "Node", "bun": "Bun"}
"""What these do not print before their version."""


def main(host: str, role: str, patterns: list[str]) -> int:
    """Runs the cases and records what came of them."""
    os.environ["DEFLATE"] = "1"
    suite = Suite(ROOT / "target" / "autobahn" / f"{host}-{role}", f"{host}-{role}", patterns, Progress().show)
    verdicts = suite.try_client(host) if role == "client" else try_server(suite, host)
    entries = [as_json(case, verdict) for case, verdict in verdicts.items()]
    results.record(host, role, versions(host), suite.cases()["all"], entries)
    page.main()
    return report(verdicts, suite)


def try_server(suite: Suite, host: str) -> Verdicts:
    """Runs the cases against the echo server of a host, which must end orderly afterwards."""
    with serving(host) as server:
        verdicts = suite.try_server(server.url)
        server.stop()
    return verdicts


def report(verdicts: Verdicts, suite: Suite) -> int:
    """Prints what is not OK, and the counts."""
    good = ("OK", "INFORMATIONAL")
    failed = 0
    for case, verdict in sorted(verdicts.items(), key=lambda item: results.order(item[0])):
        if {verdict.behavior, verdict.close} != {"OK"}:
            print(f"{case:8} {verdict.behavior}: {verdict.result} / close {verdict.close}: {verdict.result_close}")
            failed += verdict.behavior not in good or verdict.close not in good
    print(f"{suite.agent}: {len(verdicts)} cases, {len(verdicts) - failed} as they must be, {failed} not")
    print(f"report: {(suite.folder / 'index.html').relative_to(ROOT)}")
    return 1 if failed else 0


def versions(host: str) -> dict[str, str]:
    """What is tested, on what, by what."""
    pinned = (ROOT / "conformance" / "autobahn" / "requirements.txt").read_text()
    suite = re.search(r"^autobahntestsuite==(.+)", pinned, re.MULTILINE)
    assert suite
    return {
        "sansock": sansock_version(),
        "host": " ".join(filter(None, (NAMES.get(host), first_line(*VERSION_COMMANDS[host])))),
        "autobahntestsuite": suite[1],
    }


class Progress:
    """Says which group of cases is running, as long as it takes."""

    def __init__(self) -> None:
        self.group = ""
        self.started = time.monotonic()

    def show(self, case: str) -> None:
        """This case begins."""
        if results.group(case) != self.group:
            self.group = results.group(case)
            print(f"{time.monotonic() - self.started:4.0f} s: cases {self.group}.*", file=sys.stderr)


if __name__ == "__main__":
    end_orderly_on_sigterm()
    try:
        sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:] or ["*"]))
    except HostError as error:
        sys.exit(f"error: {error}")
