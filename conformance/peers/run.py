"""Tries every case on every peer, records what was seen, and writes the page: ``run.py [PEER...]``. `make peers` calls it.

The status is 0 only if Sansock does in every case what the RFC demands.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import page
import results
from cases import Case, read_cases
from hosts import HostError, end_orderly_on_sigterm
from outcome import ENDED, WRONG, Outcome, Verdict, judge
from peers import OTHERS, OURS, Clients, Peer, clients_of, server_port, versions
from probe import RawServer, probe_client, probe_server, raw_server
from vectors import show_bytes

AT_ONCE = 4
"""Cases that are tried on one peer at the same time."""
TRIES = 3
PRINT_SECONDS = 1.0
"""How long what a program prints may be behind what it sends."""

Cell = tuple[Outcome, Verdict]


class Attempt(Protocol):
    """How the cases reach a peer in one of its roles."""

    async def probe(self, case: Case) -> Outcome: ...

    @property
    def processes(self) -> int:
        """How many the peer has used up so far: a case that ends one disturbs those beside it."""


@dataclass
class ServerAttempt:
    """The echo server of a peer."""

    port: int
    processes: int = 1

    async def probe(self, case: Case) -> Outcome:
        return await probe_server(case.vector, self.port)


@dataclass
class ClientAttempt:
    """The clients of a peer."""

    raw: RawServer
    clients: Clients
    numbers: Iterator[int] = field(default_factory=itertools.count)

    @property
    def processes(self) -> int:
        return self.clients.processes

    async def probe(self, case: Case) -> Outcome:
        url = self.raw.url(next(self.numbers))
        connecting = self.clients.connect(url, case.vector.subprotocols, case.observed)
        outcome = await probe_client(case.vector, self.raw, url, connecting)
        if case.observed:
            await asyncio.sleep(PRINT_SECONDS)
            outcome.printed = [quoted(line) for line in self.clients.printed[url]]
        if outcome.end == ENDED and await self.clients.died():
            outcome.faults.append("its process ends")
        return outcome


def quoted(line: str) -> str:
    """A message of text as a transcript has it."""
    kind, _, text = line.partition(" ")
    return f"{kind} {show_bytes(text.encode())}"


async def try_server(peer: Peer, cases: list[Case]) -> dict[str, Cell]:
    """The cases against the server of a peer."""
    with server_port(peer) as port:
        return await try_all(cases, ServerAttempt(port))


async def try_client(peer: Peer, cases: list[Case]) -> dict[str, Cell]:
    """The cases against clients of a peer."""
    async with raw_server() as raw, clients_of(peer) as clients:
        return await try_all(cases, ClientAttempt(raw, clients))


async def try_all(cases: list[Case], attempt: Attempt) -> dict[str, Cell]:
    """First several cases at a time; then, alone, each that was not right or may have been disturbed."""
    places = asyncio.Semaphore(AT_ONCE)

    async def once(case: Case) -> Cell | None:
        async with places:
            before = attempt.processes
            cell = await try_case(case, attempt)
            return cell if cell[1].mark != WRONG and attempt.processes == before else None

    cells = await asyncio.gather(*map(once, cases))
    again = [cell or await try_again(case, attempt) for case, cell in zip(cases, cells, strict=True)]
    return {case.vector.name: cell for case, cell in zip(cases, again, strict=True)}


async def try_again(case: Case, attempt: Attempt) -> Cell:
    """What is not right counts only when it is seen twice."""
    seen: list[Cell] = []
    for _ in range(TRIES):
        cell = await try_case(case, attempt)
        if cell[1].mark != WRONG or cell in seen:
            return cell
        seen.append(cell)
    return seen[-1]


async def try_case(case: Case, attempt: Attempt) -> Cell:
    outcome = await attempt.probe(case)
    return outcome, judge(case.vector, outcome, case.tolerated)


async def main(names: list[str]) -> int:
    os.environ["DEFLATE"] = "1"
    cases = read_cases()
    started = time.monotonic()
    for role, attempt in (("server", try_server), ("client", try_client)):
        of_role = [case for case in cases if role in case.roles]
        peers = [peer for peer in (*OURS, *OTHERS) if role in peer.roles and (not names or peer.name in names)]
        found = await asyncio.gather(*(attempt(peer, of_role) for peer in peers))
        for peer, cells in zip(peers, found, strict=True):
            results.record(peer.name, role, {name: outcome for name, (outcome, _) in cells.items()})
        print(f"{time.monotonic() - started:4.0f} s: {len(of_role)} cases, peers as {role}", file=sys.stderr)
    tried = {"Sansock" if peer.ours else peer.name for peer in (*OURS, *OTHERS) if not names or peer.name in names}
    results.record_versions(versions(tried))
    return page.main()


if __name__ == "__main__":
    end_orderly_on_sigterm()
    try:
        sys.exit(asyncio.run(main(sys.argv[1:])))
    except HostError as error:
        sys.exit(f"error: {error}")
