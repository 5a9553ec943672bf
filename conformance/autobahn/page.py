"""Writes ../README.md from ../results. What the page says was measured, all of it, by `make autobahn`."""

from __future__ import annotations

from pathlib import Path

from markdown import table
from results import Result, counts, load_all, order

PAGE = Path(__file__).resolve().parents[1] / "README.md"
VERDICTS = ("OK", "NON-STRICT", "INFORMATIONAL", "FAILED", "UNIMPLEMENTED")
HOSTS = ("rust", "rust-tokio", "c", "cpp", "python", "python-threads", "node", "deno", "bun", "go", "lua", "ruby")

INTRODUCTION = """\
# Conformance

What [Autobahn|Testsuite](https://github.com/crossbario/autobahn-testsuite), by which the field judges implementations of
WebSocket, says of the echo server of each host in [`examples`](../examples) and of its client in [`clients`](clients),
with every limit at its default and compression (permessage-deflate) on. To see it yourself, from nothing:

```sh
make autobahn HOST=python ROLE=server
make autobahn HOST=python ROLE=client CASES='1.* 7.1.6'
```

The first run of it sets up the suite below `.tools`. It wants Python 2.7, and takes Debian's where there is none. All
cases take about ten minutes, nearly all of it for 12.* and 13.*; the status is 0 only if each is OK or INFORMATIONAL.
The suite's own report, with the bytes of each connection, is left in `target/autobahn`. A group of cases that was run
whole is recorded in `results`, from which this page is made.

The suite gives two verdicts on a case: on the messages, and on how the connection was closed. INFORMATIONAL is what it
says, whatever the peer does, where the RFC leaves the choice.
"""


def main() -> None:
    """Writes the page."""
    results = sorted(load_all(), key=lambda result: (HOSTS.index(result["host"]), result["role"] == "client"))
    parts = [INTRODUCTION, totals(results), exceptions(results), versions(results)]
    PAGE.write_text("\n".join(parts))


def totals(results: list[Result]) -> str:
    """How many cases have which verdict."""
    found = set().union(*(counts(result, aspect) for result in results for aspect in ("behavior", "close")))
    verdicts = [*VERDICTS, *sorted(found - set(VERDICTS))]
    rows = []
    for result in results:
        behavior, close = counts(result, "behavior"), counts(result, "close")
        cells = [f"{behavior[verdict]} / {close[verdict]}" for verdict in verdicts]
        rows.append([result["host"], result["role"], f"{behavior.total()} of {result['cases']}", *cells])
    head = ["Host", "Role", "Cases run", *verdicts]
    return "## Counts\n\nVerdicts on messages / on the close.\n\n" + table(head, rows, numbers=2)


def exceptions(results: list[Result]) -> str:
    """Every case that is not OK, once for all hosts and roles of the same verdict."""
    where: dict[tuple[str, ...], list[str]] = {}
    for result in results:
        for entry in result["not_ok"]:
            key = tuple(entry[name] for name in ("case", "behavior", "close", "description", "result", "result_close"))
            where.setdefault(key, []).append(f"{result['host']} {result['role']}")
    everywhere = [f"{result['host']} {result['role']}" for result in results]
    rows = []
    for key in sorted(where, key=lambda key: (order(key[0]), key)):
        case, behavior, close, description, behaved, closed = key
        verdict = behavior if behavior == close else f"{behavior}; close {close}"
        said = behaved if behavior != "OK" else closed
        rows.append([case, description, verdict, said, "all" if where[key] == everywhere else ", ".join(where[key])])
    head = ["Case", "What the suite does", "Verdict", "What it says", "Of"]
    return "## Every case that is not OK\n\n" + (table(head, rows) if rows else "None.\n")


def versions(results: list[Result]) -> str:
    """What was run, and when."""
    rows = []
    for result in results:
        dates = sorted({part["date"] for part in result["groups"].values()})
        known = result["versions"]
        when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
        rows.append([result["host"], result["role"], known["sansock"], known["host"], known["autobahntestsuite"], when])
    head = ["Host", "Role", "Sansock", "Runs on", "Suite", "Date"]
    return "## Versions\n\n" + table(head, rows)


if __name__ == "__main__":
    main()
