"""What hostile peers do to a server, each in a connection of its own."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import frames
import handshake

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
