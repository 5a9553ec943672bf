"""Thousands of hostile connections to an echo server, which must neither grow nor die, and then serve a good client.

    python soak.py [--hosts HOST,...] [--connections N]

Memory (RSS) and open descriptors are those of the server's whole process tree, as /proc says: Linux only.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import frames
import handshake
from demo import converse
from hosts import OUR_SERVERS, HostError, Server, end_orderly_on_sigterm, serving

AT_ONCE = 250
PATIENCE_SECONDS = 5.0
"""How long a hostile peer waits for an answer before it leaves."""

GROWTH_LIMIT = 48 << 20
"""Growth of memory from the end of the warm-up to the end, in bytes."""
STEADY_LIMIT = 2 << 20
"""Growth in a half of the run that is no growth. A leak of a few hundred bytes for each connection exceeds it."""
MAX_HALVES = 8
"""A collector may let a heap grow in the second half. More halves then show whether it is a leak, which keeps growing."""
DESCRIPTOR_SLACK = 8
"""Descriptors that a runtime may open once and keep: for a timer, a pipe, a thread."""

WAITING = 60
"""Connections of each silent kind that are left to the server's handshake deadline of 10 s."""
DEADLINE_RANGE = (8.0, 15.0)

REQUEST = handshake.request()
MASK = b"\x37\xfa\x21\x3d"


@dataclass
class Peer:
    """One connection of a hostile peer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    random: random.Random

    async def open_handshake(self) -> None:
        self.writer.write(REQUEST)
        await self.reader.readuntil(b"\r\n\r\n")

    async def until_eof(self) -> None:
        while await self.reader.read(65536):
            pass

    def vanish(self) -> None:
        """Leave, half of the times with a reset instead of a FIN."""
        if self.random.random() < 0.5 and not self.writer.is_closing():
            linger = struct.pack("ii", 1, 0)
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.close()


def frame(opcode: int, payload: bytes, claimed: int | None = None, fin: bool = True) -> bytes:
    """A masked frame, which may claim another length than it has."""
    return frames.frame(opcode | (frames.FIN if fin else 0), payload, MASK, claimed)


async def nothing(peer: Peer) -> None:
    await asyncio.sleep(0)


async def garbage(peer: Peer) -> None:
    peer.writer.write(peer.random.randbytes(peer.random.randint(1, 3000)) + b"\r\n\r\n")
    await peer.until_eof()


async def half_a_head(peer: Peer) -> None:
    peer.writer.write(REQUEST[: peer.random.randint(1, len(REQUEST) - 1)])
    await peer.writer.drain()


async def endless_head(peer: Peer) -> None:
    peer.writer.write(REQUEST[:-2] + b"X-Filler: " + b"x" * 40_000)
    await peer.until_eof()


async def half_a_frame(peer: Peer) -> None:
    await peer.open_handshake()
    whole = frame(1, b"x" * peer.random.choice((10, 200, 2000, 70_000)))
    peer.writer.write(whole[: peer.random.randint(1, len(whole) - 1)])
    await peer.writer.drain()


async def huge_claim(peer: Peer) -> None:
    await peer.open_handshake()
    peer.writer.write(frame(2, b"x" * 1000, claimed=16 << 20))
    await peer.writer.drain()


async def half_a_message(peer: Peer) -> None:
    await peer.open_handshake()
    peer.writer.write(frame(1, b"x" * 2000, fin=False) + frame(0, b"y" * 2000, fin=False))
    await peer.writer.drain()


async def garbage_frames(peer: Peer) -> None:
    await peer.open_handshake()
    peer.writer.write(b"\xff" + peer.random.randbytes(peer.random.randint(20, 500)))
    await peer.until_eof()


async def invalid_text(peer: Peer) -> None:
    await peer.open_handshake()
    peer.writer.write(frame(1, b"\xed\xa0\x80"))
    await peer.until_eof()


async def never_reads(peer: Peer) -> None:
    await peer.open_handshake()
    peer.writer.write(frame(2, b"z" * 20_000) * 8)
    await asyncio.sleep(0.05)


HOSTILE: tuple[Callable[[Peer], Awaitable[None]], ...] = (
    nothing,
    garbage,
    half_a_head,
    endless_head,
    half_a_frame,
    huge_claim,
    half_a_message,
    garbage_frames,
    invalid_text,
    never_reads,
)


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


@dataclass(frozen=True)
class Usage:
    """What the process tree of a server holds."""

    memory: int
    descriptors: int


def usage(pid: int) -> Usage:
    memory = descriptors = 0
    for process in tree(pid):
        try:
            status = Path(f"/proc/{process}/status").read_text()
            memory += int(status.split("VmRSS:")[1].split()[0]) * 1024
            descriptors += sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
        except (FileNotFoundError, IndexError):
            pass  # It ended meanwhile.
    return Usage(memory, descriptors)


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    found = [pid]
    for process in found:
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except FileNotFoundError:
                pass
    return found


def usage_when_quiet(server: Server, descriptors: int) -> Usage:
    """Usage once the connections of the past are gone, or after the close deadline and a little more."""
    give_up = time.monotonic() + 12
    while usage(server.process.pid).descriptors > descriptors and time.monotonic() < give_up:
        time.sleep(0.2)
    time.sleep(0.5)
    return usage(server.process.pid)


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


def growth(samples: list[Usage]) -> int:
    """Of memory, from the first to the last."""
    return samples[-1].memory - samples[0].memory


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", default=",".join(OUR_SERVERS))
    parser.add_argument("--connections", type=int, default=10_000)
    options = parser.parse_args()
    end_orderly_on_sigterm()

    hosts = options.hosts.split(",")
    failures = 0
    for host in hosts:
        print(f"{host + ':':16}", end="", flush=True)
        try:
            print(soak(host, options.connections))
        except HostError as error:
            failures += 1
            print(f"FAILED: {error}")
    print(
        f"\nsoak: {len(hosts) - failures} of {len(hosts)} servers hold, {options.connections} hostile connections each"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
