"""Writes README.md from the results. What the page says was measured, all of it, by `make peers`."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path

import markdown
import results
from bugs import Measured, disagreements, notable
from cases import Case, read_cases
from outcome import CLOSED, NOT_APPLICABLE, OPEN, REFUSED, RIGHT, WRONG, Outcome, Verdict, expected, judge
from peers import OTHERS, OURS
from probe import SILENCE_SECONDS
from repository import ROOT

PAGE = Path(__file__).resolve().parent / "README.md"
SANSOCK = "Sansock"

INTRODUCTION = """\
# What others get wrong

<!-- Made of results/*.json by page.py. Do not edit. -->

The same bytes for seven implementations of WebSocket, sent by a raw client and a raw server that use none of them, and
what each does with them. To see it yourself, from nothing (a minute once all is built):

```sh
make peers
make peers PEERS='ws Deno'
```

Each case is a case of [`core/vectors`](../../core/vectors/README.md): the bytes are those that it receives, and what is
demanded is what its transcript says, which every boundary of the engine is held to. [`cases.txt`](cases.txt) names the
cases, and where the RFC leaves a choice, what else is right; [`bugs.txt`](bugs.txt) lists the bugs that have been found
elsewhere, with the test that shows each is not here. What was seen is recorded in `results`.

## How a case is judged

From outside. A peer runs a program of its own that echoes every message; behind the bytes of a case comes a text message
of ours, or between fragments a ping. If its echo comes, the peer has gone on; if a Close or the end of the connection
comes, it has failed the connection. A peer that does neither for {silence:.0f} seconds stays silent. What a peer sends is
checked too: masks, lengths, reserved bits, the handshake, that nothing comes behind its Close, that a server ends TCP, and
that what is compressed can be inflated in the window agreed on. Frames are sent in one write. What is not right is tried
again, alone, and counts when it is seen twice.

- `✓` does as the RFC demands. With words: in another way that the RFC allows, or with this status of HTTP. To fail a
  connection a peer must stop, and should send a Close with the code that fits (RFC 6455 §7.1.7): `no Close` and another
  code than ours are still `✓`, and so is to end the connection in place of refusing a request.
- `✗` does not, but what the words say.
- `–` does not apply, for the reason given.
- *choice*: the RFC leaves it open, or does not say it of the side that is tried. The cells say what each does.

Sansock is its echo server of `examples` and its client of `conformance/clients` on {hosts}; the hosts must agree.
Every peer has its default limits, or messages up to 16 MiB where it asks for a number, and offers compression if it can.
"""


def main() -> int:
    """Writes the page; the status is 1 if Sansock has a gap, or bugs.txt says something else."""
    cases = read_cases()
    table = {role: verdicts(cases, role) for role in ("server", "client")}
    hosts = ", ".join({"node": "Node"}.get(peer.name, peer.name.capitalize()) for peer in OURS)
    parts = [INTRODUCTION.format(silence=SILENCE_SECONDS, hosts=hosts), versions(), counts(cases, table)]
    for role, title in (("server", "Peers as servers"), ("client", "Peers as clients")):
        parts.append(f"## {title}\n")
        of_role = [case for case in cases if role in case.roles]
        for section, rows in groupby(of_role, key=lambda case: case.section):
            parts.append(f"### {section}\n\n{rows_of(list(rows), table[role])}")
    PAGE.write_text("\n".join(parts))
    gaps = [
        f"Sansock as {role}: {name}: {verdict}"
        for role, peers in table.items()
        for name, verdict in peers[SANSOCK].items()
        if verdict.mark == WRONG
    ]
    complaints = gaps + disagreements(by_case(table))
    print("\n".join([*complaints, f"{PAGE.relative_to(ROOT)} is written, with {len(complaints)} complaints"]))
    return 1 if complaints else 0


Verdicts = dict[str, dict[str, Verdict]]
"""By the name of the peer, and the name of the case."""


def verdicts(cases: list[Case], role: str) -> Verdicts:
    """What each peer did in this role."""
    of_role = [case for case in cases if role in case.roles]
    found: Verdicts = {SANSOCK: {}}
    ours = [results.load(peer.name, role) for peer in OURS]
    for case in of_role:
        found[SANSOCK][case.vector.name] = agreed([judged(case, outcomes) for outcomes in ours])
    for peer in OTHERS:
        if role in peer.roles:
            outcomes = results.load(peer.name, role)
            found[peer.name] = {case.vector.name: judged(case, outcomes) for case in of_role}
    return found


def by_case(table: dict[str, Verdicts]) -> Measured:
    """The verdicts on the peers, both roles together."""
    found: Measured = {}
    for peers in table.values():
        for peer, cells in peers.items():
            for name, verdict in cells.items():
                found.setdefault((peer, name), []).append(verdict)
    return found


def judged(case: Case, outcomes: dict[str, Outcome]) -> Verdict:
    return judge(case.vector, outcomes[case.vector.name], case.tolerated)


def agreed(hosts: list[Verdict]) -> Verdict:
    """The verdict on all hosts of ours; they must not differ."""
    if all(verdict == hosts[0] for verdict in hosts):
        return hosts[0]
    return Verdict(WRONG, "hosts differ: " + ", ".join(map(str, hosts)))


def versions() -> str:
    rows = [[name, version] for name, version in results.versions().items()]
    return "## Versions\n\n" + markdown.table(["Peer", "Version"], rows)


def counts(cases: list[Case], table: dict[str, Verdicts]) -> str:
    """How many cases each peer has which mark in."""
    rows = []
    for role, peers in table.items():
        choices = sum(case.is_choice and role in case.roles for case in cases)
        for peer, cells in peers.items():
            marks = Counter(cell.mark for cell in cells.values())
            own_way = sum(cell.mark == RIGHT and notable(cell) for cell in cells.values())
            numbers = [str(number) for number in (marks[RIGHT], own_way, marks[WRONG], marks[NOT_APPLICABLE])]
            rows.append([peer, role, str(len(cells)), str(choices), *numbers])
    head = ["Peer", "As", "Cases", "of them choice", "✓", "of them in another way", "✗", "–"]
    return "## Counts\n\n" + markdown.table(head, rows, numbers=2)


def rows_of(cases: list[Case], table: Verdicts) -> str:
    rows = []
    for case in cases:
        name = case.vector.name
        link = f"[{name}](../../core/vectors/{case.vector.file})"
        about = f"*choice*: {case.note}" if case.is_choice else case.note
        cells = [markdown.plain(str(table[peer][name])) for peer in table]
        rows.append([link, section_of(case.vector.rfc), demanded(case), *cells, about])
    return markdown.table(["Case", "RFC", "Demanded", *table, "About"], rows)


def section_of(rfc: str) -> str:
    return rfc.replace(" ", " ")


def demanded(case: Case) -> str:
    """What the transcript of the vector says, in a word."""
    demand = expected(case.vector)
    if demand.end == OPEN:
        return "goes on"
    if demand.end == REFUSED:
        return "refuses"
    if any(line.startswith("closing ") for line in case.vector.transcript):
        return "closes"
    return f"fails {demand.code}" if demand.end == CLOSED and demand.code else "fails"


if __name__ == "__main__":
    raise SystemExit(main())
