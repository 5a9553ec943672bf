"""Good connections among slow, hostile and dying ones, of which the good ones must not know.

    python crowd.py KIND PORT COUNT SEED      a process of bad connections, as `hold` starts it

A good one loses nothing: every echo comes back, also of what was sent with the Close; then the server's Close, then its FIN,
before the client closes, and no reset. What the bad ones do, and when, follows from the seed, as far as the system's
scheduler lets it.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import frames
from hostile import HOSTILE, REQUEST, Peer, frame
from hosts import Server
from usage import GROWTH_LIMIT, Usage, usage

GOOD = 200
BAD = {"slow": 900, "hostile": 800, "dying": 100}
CONNECTIONS = GOOD + sum(BAD.values())
IN_A_PROCESS = 450
"""Bad connections that one process holds."""

SIZES = (0, 20, 125, 126, 1_000, 20_000)
NORMAL = b"\x03\xe8"
PATIENCE_SECONDS = 120.0
"""For a whole conversation. How late a single echo is, is measured."""
START_SECONDS = 5.0
"""In which connections begin, so that they do not all come at once."""
LIVES_SECONDS = (0.5, 3.0)
"""After which a process of dying connections is killed."""


SAMPLE_SECONDS = 2.0
SAMPLES = 30
"""Fewer do not judge memory: heaps with a collector still find their size in the first minute."""


class Lost(Exception):
    """A good connection was not served as it must be."""


@dataclass
class Tally:
    """What good connections have seen."""

    latencies: list[float] = field(default_factory=list)
    conversations: int = 0
    faults: list[str] = field(default_factory=list)

    def times(self) -> str:
        ordered = sorted(self.latencies) or [0.0]
        middle, late, worst = (ordered[int(share * (len(ordered) - 1))] * 1000 for share in (0.5, 0.99, 1))
        return f"{middle:.1f} / {late:.1f} / {worst:.1f} ms"


@dataclass
class Seen:
    """What `hold` has seen."""

    alone: Tally
    among: Tally
    samples: list[Usage]

    def complaints(self) -> list[str]:
        faults = [*self.alone.faults, *self.among.faults]
        found = [f"{len(faults)} good connections were not served: {faults[0]}"] if faults else []
        if not self.alone.conversations or not self.among.conversations:
            found.append("no conversation has come to its end")
        if len(self.samples) >= SAMPLES and self.growth() > GROWTH_LIMIT:
            found.append("memory grows")
        return found

    def growth(self) -> int:
        """Of memory, from the second quarter of the time among bad connections to the last."""
        quarter = max(len(self.samples) // 4, 1)
        memory = [sample.memory for sample in self.samples] or [0]
        return max(memory[-quarter:]) - max(memory[quarter : 2 * quarter] or memory)

    def numbers(self) -> str:
        memory = max((sample.memory for sample in self.samples), default=0) / (1 << 20)
        descriptors = max((sample.descriptors for sample in self.samples), default=0)
        messages = len(self.alone.latencies) + len(self.among.latencies)
        return (
            f"{messages} echoes in {self.alone.conversations + self.among.conversations} conversations; "
            f"p50 / p99 / worst {self.alone.times()} alone, {self.among.times()} among the bad; "
            f"{descriptors} descriptors, {memory:.1f} MiB, {self.growth() / (1 << 20):+.1f} at last"
        )


def hold(server: Server, seconds: float, seed: int) -> Seen:
    """Hold good connections for a quarter of the time, then the same ones among bad ones."""
    samples: list[Usage] = []
    alone = asyncio.run(good_ones(server, seconds / 4, seed, []))
    with bad_ones(server.port, seed):
        among = asyncio.run(good_ones(server, seconds * 3 / 4, seed, samples))
    return Seen(alone, among, samples)


async def good_ones(server: Server, seconds: float, seed: int, samples: list[Usage]) -> Tally:
    tally = Tally()
    end = time.monotonic() + seconds

    async def one(number: int) -> None:
        rng = random.Random(f"{seed} good {number}")
        await asyncio.sleep(rng.random() * min(START_SECONDS, seconds / 2))
        while time.monotonic() < end and server.process.poll() is None:
            try:
                await asyncio.wait_for(converse(server.port, rng, tally, end), PATIENCE_SECONDS)
                tally.conversations += 1
            except (Lost, OSError, EOFError, asyncio.TimeoutError) as error:
                tally.faults.append(f"good connection {number}: {error!r}")
                return

    async def watch() -> None:
        await asyncio.sleep(min(2 * START_SECONDS, seconds / 2))
        while time.monotonic() < end:
            samples.append(await asyncio.to_thread(usage, server.process.pid))
            await asyncio.sleep(SAMPLE_SECONDS)

    await asyncio.gather(watch(), *(one(number) for number in range(GOOD)))
    return tally


async def converse(port: int, rng: random.Random, tally: Tally, end: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(rng.randint(3, 20)):
            payload = rng.randbytes(rng.choice(SIZES))
            started = time.perf_counter()
            writer.write(frame(frames.BINARY, payload))
            await expect(reader, frames.BINARY, payload)
            tally.latencies.append(time.perf_counter() - started)
            await asyncio.sleep(rng.random())
            if time.monotonic() > end:
                break
        await part(reader, writer, rng)
    finally:
        writer.close()


async def part(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rng: random.Random) -> None:
    """Send messages and the Close in one write, half of the times with the end of the stream right behind it; the echoes
    come, the Close comes, and the server closes TCP before this end does.
    """
    last = [rng.randbytes(rng.choice(SIZES)) for _ in range(5)]
    writer.write(b"".join(frame(frames.BINARY, payload) for payload in last) + frame(frames.CLOSE, NORMAL))
    if rng.random() < 0.5:
        writer.write_eof()
    await asyncio.sleep(rng.random() / 2)
    for payload in last:
        await expect(reader, frames.BINARY, payload)
    await expect(reader, frames.CLOSE, NORMAL)
    if rest := await reader.read():
        raise Lost(f"{len(rest)} bytes behind the Close")


async def expect(reader: asyncio.StreamReader, opcode: int, payload: bytes) -> None:
    """The next frame, which is a whole message without a mask."""
    wanted = frames.frame(frames.FIN | opcode, payload)
    found = await reader.readexactly(len(wanted))
    if found != wanted:
        raise Lost(f"{found[:16].hex()} instead of {wanted[:16].hex()}, of {len(wanted)} bytes")


# --- Bad connections -----------------------------------------------------------------------------------------------


async def drips(peer: Peer) -> None:
    """A request and a message in pieces of 20 bytes."""
    sent = REQUEST + frame(frames.BINARY, b"d" * 500)
    for at in range(0, len(sent), 20):
        peer.writer.write(sent[at : at + 20])
        await asyncio.sleep(0.9)


async def sips(peer: Peer) -> None:
    """Messages whose echoes are read 500 bytes at a time."""
    await peer.open_handshake()
    peer.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.writer.write(frame(frames.BINARY, b"s" * 20_000) * 4)
    for _ in range(40):
        await peer.reader.read(500)
        await asyncio.sleep(1)


async def idles(peer: Peer) -> None:
    """Open, and silent."""
    await peer.open_handshake()
    await asyncio.sleep(30)


async def chatters(peer: Peer) -> None:
    """A conversation that goes on until somebody ends it."""
    await peer.open_handshake()
    while not peer.reader.at_eof():
        peer.writer.write(frame(frames.BINARY, peer.random.randbytes(peer.random.choice(SIZES))))
        await peer.reader.read(65536)
        await asyncio.sleep(peer.random.random())


Behaviour = Callable[[Peer], Awaitable[None]]
KINDS: dict[str, Sequence[Behaviour]] = {
    "slow": (drips, sips, idles),
    "hostile": HOSTILE,
    "dying": (chatters, chatters, drips, sips, *HOSTILE),
}


async def bad(kind: str, port: int, count: int, seed: str) -> None:
    """Connections of a kind, each followed by another one, for ever."""

    async def one(number: int) -> None:
        rng = random.Random(f"{seed} {kind} {number}")
        await asyncio.sleep(rng.random() * (LIVES_SECONDS[0] if kind == "dying" else START_SECONDS))
        while True:
            try:
                peer = Peer(*await asyncio.open_connection("127.0.0.1", port), rng)
            except OSError:
                await asyncio.sleep(1)
                continue
            try:
                await asyncio.wait_for(rng.choice(KINDS[kind])(peer), 60)
                await asyncio.sleep(rng.uniform(2, 8))
            except (OSError, EOFError, asyncio.TimeoutError):
                pass
            finally:
                peer.vanish()

    await asyncio.gather(*(one(number) for number in range(count)))


def dying(port: int, count: int, seed: str) -> None:
    """Processes of connections, each killed at a time that it does not choose, and followed by another one."""
    rng = random.Random(seed)
    life = 0
    while True:
        life += 1
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(bad("dying", port, count, f"{seed} {life}"))
            finally:
                os._exit(1)
        time.sleep(rng.uniform(*LIVES_SECONDS))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@contextmanager
def bad_ones(port: int, seed: int) -> Iterator[None]:
    """Processes of bad connections, killed at the end of the `with` block."""
    processes = []
    try:
        for kind, count in BAD.items():
            each = count // 4 if kind == "dying" else IN_A_PROCESS
            for start in range(0, count, each):
                command = (sys.executable, __file__, kind, str(port), str(min(each, count - start)), f"{seed} {start}")
                processes.append(subprocess.Popen(command, start_new_session=True))
        yield
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main() -> None:
    kind, port, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if kind == "dying":
        dying(port, count, seed)
    else:
        asyncio.run(bad(kind, port, count, seed))


if __name__ == "__main__":
    main()
