"""Thousands of hostile connections to an echo server, which must neither grow nor die, and then serve a good client.

    python soak.py [--hosts HOST,...] [--connections N]
    python soak.py [--hosts HOST,...] --minutes M [--seed S]

The second form holds 2,000 connections at once for M minutes, good, slow, hostile and dying ones (crowd.py), and looks at
what becomes of the good ones. Memory (RSS) and open descriptors are those of the server's whole process tree, as /proc
says: Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time

import crowd
from demo import converse
from hostile import HOSTILE, REQUEST, Peer
from hosts import OUR_SERVERS, HostError, Server, end_orderly_on_sigterm, serving
from usage import DESCRIPTOR_SLACK, GROWTH_LIMIT, Usage, usage, usage_when_quiet

AT_ONCE = 250
PATIENCE_SECONDS = 5.0
"""How long a hostile peer waits for an answer before it leaves."""

STEADY_LIMIT = 2 << 20
"""Growth in a half of the run that is no growth. A leak of a few hundred bytes for each connection exceeds it."""
MAX_HALVES = 8
"""A collector may let a heap grow in the second half. More halves then show whether it is a leak, which keeps growing."""
WAITING = 60
"""Connections of each silent kind that are left to the server's handshake deadline of 10 s."""
DEADLINE_RANGE = (8.0, 15.0)


async def attack(port: int, count: int, seed: int) -> int:
    """Make `count` hostile connections, each kind in turn; returns how many the server left without the answer due."""
    gate = asyncio.Semaphore(AT_ONCE)
    unanswered = 0

    async def one(number: int) -> None:
        nonlocal unanswered
        async with gate:
            try:
                streams = await asyncio.open_connection("127.0.0.1", port)
            except OSError as error:
                raise HostError(f"the server no longer accepts: {error}") from None
            peer = Peer(*streams, random.Random(seed + number))
            try:
                await asyncio.wait_for(HOSTILE[number % len(HOSTILE)](peer), PATIENCE_SECONDS)
            except asyncio.TimeoutError:
                unanswered += 1
            except (ConnectionError, asyncio.IncompleteReadError):
                pass  # A server may end such a connection in any way.
            finally:
                peer.vanish()

    await asyncio.gather(*(one(number) for number in range(count)))
    return unanswered


async def wait_for_deadline(port: int) -> list[float]:
    """Leave silent connections to the server's deadline; returns how many seconds each was kept."""

    async def one(number: int) -> float:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        started = time.monotonic()
        if number % 2:
            writer.write(REQUEST[: len(REQUEST) // 2])
        try:
            await asyncio.wait_for(reader.read(), DEADLINE_RANGE[1] + PATIENCE_SECONDS)
        except (ConnectionError, asyncio.TimeoutError):
            pass
        writer.close()
        return time.monotonic() - started

    return await asyncio.gather(*(one(number) for number in range(2 * WAITING)))


def good_client(server: Server) -> None:
    cell = converse("websockets", server)
    if cell.failure:
        raise HostError(f"a good client is not served: {cell.failure}")


def soak(host: str, count: int) -> str:
    """Run one host and say how it went in a line; raises `HostError` if it went wrong."""
    started = time.perf_counter()
    half = max(count // 2, 1)
    with serving(host) as server:
        good_client(server)
        base = usage(server.process.pid).descriptors + DESCRIPTOR_SLACK
        unanswered = asyncio.run(attack(server.port, max(half, 1000), seed=0))
        samples = [usage_when_quiet(server, base)]
        while len(samples) <= 2 or growth(samples[-2:]) > STEADY_LIMIT and len(samples) <= MAX_HALVES:
            unanswered += asyncio.run(attack(server.port, half, seed=len(samples) << 20))
            samples.append(usage_when_quiet(server, base))
        kept = asyncio.run(wait_for_deadline(server.port))
        silent = usage_when_quiet(server, base)
        good_client(server)
        server.stop()

    complaints = []
    if unanswered:
        complaints.append(f"{unanswered} bad connections were neither refused nor failed in {PATIENCE_SECONDS:.0f} s")
    if growth(samples) > GROWTH_LIMIT or growth(samples[-2:]) > STEADY_LIMIT:
        complaints.append("memory grows")
    most = max(sample.descriptors for sample in (*samples, silent))
    if most > base:
        complaints.append(f"{most} descriptors, which did not come back to {base}")
    if not all(DEADLINE_RANGE[0] < seconds < DEADLINE_RANGE[1] for seconds in kept):
        complaints.append(f"silent connections were kept {min(kept):.1f} to {max(kept):.1f} s, not 10 s")
    memory = " -> ".join(f"{sample.memory / (1 << 20):.1f}" for sample in samples)
    numbers = (
        f"{memory} MiB and {silent.descriptors} descriptors, measured every {half} connections; "
        f"silent ones kept {max(kept):.1f} s; {time.perf_counter() - started:.0f} s"
    )
    if complaints:
        raise HostError("; ".join(complaints) + f"\n    {numbers}")
    return numbers


def among_the_bad(host: str, minutes: float, seed: int) -> str:
    """Run one host with good connections, alone and among bad ones; as `soak` otherwise."""
    with serving(host) as server:
        good_client(server)
        base = usage(server.process.pid).descriptors + DESCRIPTOR_SLACK
        seen = crowd.hold(server, minutes * 60, seed)
        silent = usage_when_quiet(server, base)
        good_client(server)
        server.stop()
    complaints = seen.complaints()
    if silent.descriptors > base:
        complaints.append(f"{silent.descriptors} descriptors, which did not come back to {base}")
    if complaints:
        raise HostError("; ".join(complaints) + f"\n    {seen.numbers()}")
    return seen.numbers()


def growth(samples: list[Usage]) -> int:
    """Of memory, from the first to the last."""
    return samples[-1].memory - samples[0].memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default=",".join(OUR_SERVERS))
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    end_orderly_on_sigterm()

    def run(host: str) -> str:
        if options.minutes is None:
            return soak(host, options.connections)
        return among_the_bad(host, options.minutes, options.seed)

    hosts = options.hosts.split(",")
    failures = 0
    for host in hosts:
        print(f"{host + ':':16}", end="", flush=True)
        try:
            print(run(host))
        except HostError as error:
            failures += 1
            print(f"FAILED: {error}")
    each = f"{options.connections} hostile connections each"
    if options.minutes is not None:
        each = f"{crowd.CONNECTIONS} connections at once, seed {options.seed}"
    print(f"\nsoak: {len(hosts) - failures} of {len(hosts)} servers hold, {each}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
