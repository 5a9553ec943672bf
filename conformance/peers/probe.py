"""A raw client and a raw server: they send the bytes of a case to a peer, and note what it does."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import handshake
from frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    FLUSH_TAIL,
    NO_KEY,
    PING,
    PLAIN_KEY,
    PONG,
    RSV1,
    TEXT,
    Frame,
    Written,
    message,
    read_frame,
    read_frames,
)
from heads import (
    Head,
    faults_of_agreement,
    faults_of_refusal,
    faults_of_request,
    faults_of_response,
    parameters,
    read_head,
)
from hosts import START_SECONDS, HostError
from outcome import CLOSED, ENDED, NOT_TRIED, OPEN, REFUSED, Outcome, closing_handshake
from vectors import Vector, show_bytes

SILENCE_SECONDS = 4.0
"""How long a peer may do nothing. Only peers that do nothing take this time."""
AFTERMATH_SECONDS = 1.0
"""How long a peer is listened to after its Close, if it leaves TCP open."""
MARKER = b"after the case"
LONG_MARKER = hashlib.shake_256(MARKER).hexdigest(150).encode() * 6
"""What comes again 300 bytes later: compressed in a window of 256 bytes, it is not referred to."""
KEY_OF_VECTORS = "8jH5/9F6xl5EBfMl1+lAqg=="
LONGEST_HEADER = 14
MIB = 1 << 20
CUT_SHORT = (asyncio.IncompleteReadError, ConnectionError)


@dataclass
class Stream:
    """One TCP connection to a peer."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def write(self, data: bytes) -> None:
        # A peer that has already failed the connection may be gone: what it did is read all the same.
        with suppress(ConnectionError):
            self.writer.write(data)
            await self.writer.drain()

    async def head(self) -> Head:
        return read_head((await self.reader.readuntil(b"\r\n\r\n"))[:-4])

    async def ends(self) -> bool:
        """Whether the peer ends the connection by itself."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self.reader.read()
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


class Listener:
    """Reads the frames of a peer, and checks them."""

    def __init__(self, stream: Stream, outcome: Outcome, masks: bool, agreed: dict[str, str] | None) -> None:
        self.stream = stream
        self.outcome = outcome
        self.masks = masks
        self.agreed = agreed
        self.keys: set[bytes] = set()
        self.inflater = self.new_inflater()
        self.buffer = bytearray()
        self.parts: list[bytes] = []
        self.first = 0

    async def listen(self, marker: bytes | None, closing: bool) -> None:
        """Notes what comes, until the echo of the marker or its pong, a Close, or the end. A Close is answered, unless we
        are closing ourselves; nothing may come behind it.
        """
        try:
            while not self.take(await self.frame(), marker):
                pass
            if self.outcome.end == CLOSED:
                if not closing:
                    await self.stream.write(message(CLOSE, b"", NO_KEY if self.masks else PLAIN_KEY))
                await self.listen_on()
        except CUT_SHORT:
            self.outcome.end = ENDED
        except zlib.error:
            self.outcome.faults.append("what it compresses cannot be inflated in the window agreed on")

    async def listen_on(self) -> None:
        """Whether the Close of the peer was its last frame."""
        with suppress(*CUT_SHORT, TimeoutError):
            async with asyncio.timeout(AFTERMATH_SECONDS):
                await self.frame()
                self.outcome.faults.append("it sends frames behind its Close")

    async def frame(self) -> Frame:
        while not (found := read_frame(bytes(self.buffer[:LONGEST_HEADER]), 0)) or not self.is_whole(found[0]):
            data = await self.stream.reader.read(MIB)
            if not data:
                raise ConnectionResetError
            self.buffer += data
        frame, end = read_frame(bytes(self.buffer), 0) or found
        del self.buffer[:end]
        return frame

    def is_whole(self, frame: Frame) -> bool:
        """Whether all of the frame has come that begins so."""
        return len(self.buffer) >= frame.missing + min(len(self.buffer), LONGEST_HEADER)

    def take(self, frame: Frame, marker: bytes | None) -> bool:
        """Notes one frame; whether it is the last of the case."""
        self.check(frame)
        if frame.opcode == CLOSE:
            self.outcome.end, self.outcome.code = CLOSED, int.from_bytes(frame.payload[:2], "big")
            return True
        if frame.opcode in (PING, PONG):
            return self.take_control(frame, marker)
        if frame.opcode != CONTINUATION:
            self.first = frame.first
        self.parts.append(frame.payload)
        return frame.fin and self.take_message(marker)

    def take_control(self, frame: Frame, marker: bytes | None) -> bool:
        if frame.opcode == PONG and frame.payload == marker:
            self.outcome.end = OPEN
            return True
        if frame.opcode == PONG:
            self.outcome.pongs.append(show_bytes(frame.payload))
        return False

    def take_message(self, marker: bytes | None) -> bool:
        payload = b"".join(self.parts)
        self.parts = []
        if self.first & RSV1:
            payload = self.inflate(payload)
        if payload == marker:
            self.outcome.end = OPEN
            return True
        shown = show_bytes(payload) if len(payload) < MIB else f"of {len(payload) // MIB} MiB"
        self.outcome.messages.append(f"{'text' if self.first & 0x0F == TEXT else 'binary'} {shown}")
        return False

    def check(self, frame: Frame) -> None:
        """What every frame of a peer must be like."""
        rsv = frame.first & 0x70
        compressed = rsv == RSV1 and self.agreed is not None and frame.opcode in (TEXT, BINARY)
        checks = {
            "its frames are not masked": bool(frame.key) or not self.masks,
            "its frames are masked": not frame.key or self.masks,
            "it masks two frames alike": not frame.key or frame.key not in self.keys,
            "its lengths are not minimal": frame.minimal,
            "its frames have reserved bits": not rsv or compressed,
            "its control frames are fragmented": frame.opcode < CLOSE or frame.fin,
        }
        self.keys.add(frame.key)
        self.outcome.faults += [fault for fault, passed in checks.items() if not passed]

    def new_inflater(self) -> zlib._Decompress:
        side = "client" if self.masks else "server"
        bits = (self.agreed or {}).get(f"{side}_max_window_bits", "15")
        return zlib.decompressobj(-int(bits or 15))

    def inflate(self, payload: bytes) -> bytes:
        side = "client" if self.masks else "server"
        if f"{side}_no_context_takeover" in (self.agreed or {}):
            self.inflater = self.new_inflater()
        return self.inflater.decompress(payload + FLUSH_TAIL)


def marker_for(written: Written, agreed: dict[str, str] | None) -> bytes | None:
    """What is sent behind these frames, if they leave room for it."""
    if written.cut or any(True for _ in written.close_codes):
        return None
    return MARKER if agreed is None or written.inside_a_message else LONG_MARKER


async def converse(
    stream: Stream, outcome: Outcome, vector: Vector, peer_role: str, agreed: dict[str, str] | None
) -> None:
    """Sends the frames of the case and a marker behind them, and listens. Of a handshake, everything was sent before."""
    outcome.compression = agreed is not None
    key = PLAIN_KEY if peer_role == "server" else NO_KEY
    written = read_frames(vector.bytes if vector.starts_open else b"")
    # Only a case for the other role is masked anew: whether a frame is masked may be what a case is about.
    data = written.encoded(key) if vector.role != peer_role else vector.bytes if vector.starts_open else b""
    marker = marker_for(written, agreed)
    if marker:
        data += message(PING if written.inside_a_message else TEXT, marker, key)
    listener = Listener(stream, outcome, masks=not key, agreed=agreed)
    sending = asyncio.create_task(stream.write(data))
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            await listener.listen(marker, any(True for _ in written.close_codes))
            if outcome.end == OPEN:
                await stream.write(message(CLOSE, b"\x03\xe8", key))
    except TimeoutError:
        pass
    finally:
        sending.cancel()


def request(vector: Vector) -> bytes:
    """A request that every server accepts."""
    extensions = [f"Sec-WebSocket-Extensions: {offer(vector)}"] if vector.compresses else []
    return handshake.request("/chat", *extensions)


def offer(vector: Vector) -> str:
    takeover = "; client_no_context_takeover" if vector.options.get("client_no_context_takeover") else ""
    return f"permessage-deflate{takeover}"


def sends_takeover(vector: Vector) -> bool:
    """Whether a compressed message of the case refers to one before it."""
    parts: list[bytes] = []
    compressed = False
    for frame in read_frames(vector.bytes).frames if vector.starts_open and vector.compresses else ():
        if frame.opcode >= CLOSE:
            continue
        compressed = bool(frame.first & RSV1) if frame.opcode else compressed
        parts.append(frame.payload)
        if frame.fin and compressed and refers_back(b"".join(parts)):
            return True
        parts = [] if frame.fin else parts
    return False


def refers_back(payload: bytes) -> bool:
    try:
        zlib.decompressobj(-15).decompress(payload)
    except zlib.error as error:
        return "distance" in str(error)
    return False


def why_not(vector: Vector, agreed: dict[str, str] | None, side: str) -> str:
    """Why the case cannot be sent from this side with the compression agreed on, if it cannot."""
    if not vector.starts_open or not vector.compresses:
        return ""
    if agreed is None:
        return "no compression"
    alone = f"{side}_no_context_takeover" in agreed
    return "no context takeover" if alone and sends_takeover(vector) else ""


async def probe_server(vector: Vector, port: int) -> Outcome:
    """The case against a server."""
    outcome = Outcome()
    stream = Stream(*await asyncio.open_connection("127.0.0.1", port, limit=MIB))
    asked = request(vector) if vector.starts_open else vector.bytes
    try:
        await stream.write(asked)
        async with asyncio.timeout(SILENCE_SECONDS):
            head = await stream.head()
        while head.status // 100 == 1 and head.status != 101:
            head = await stream.head()
        wanted = read_head(asked.partition(b"\r\n\r\n")[0])
        if head.status != 101:
            outcome.end, outcome.code = REFUSED, head.status
            outcome.faults += faults_of_refusal(wanted, head)
            return outcome
        key = next(iter(wanted.all("sec-websocket-key")), "")
        outcome.faults += faults_of_response(head, key, wanted.tokens("sec-websocket-protocol"))
        agreed = parameters(head)
        outcome.faults += faults_of_agreement(wanted, agreed)
        if reason := why_not(vector, agreed, "client"):
            return Outcome(NOT_TRIED, reason=reason)
        await converse(stream, outcome, vector, "server", agreed)
        if outcome.end == CLOSED and closing_handshake(vector) and not await stream.ends():
            outcome.faults.append("it leaves TCP open")
    except TimeoutError:
        pass
    except CUT_SHORT:
        outcome.end = ENDED
    finally:
        await stream.close()
    return outcome


def response(vector: Vector, key: str) -> bytes:
    """The answer to a client: as the vector has it, for the key of this client; or a good one."""
    if not vector.starts_open:
        accept = handshake.accept_of(KEY_OF_VECTORS).encode()
        return (
            vector.bytes.replace(accept.swapcase(), handshake.accept_of(key).swapcase().encode())
            .replace(accept, handshake.accept_of(key).encode())
            .replace(KEY_OF_VECTORS.encode(), key.encode())
        )
    extensions = [f"Sec-WebSocket-Extensions: {answer(vector)}"] if vector.compresses else []
    return handshake.response(key, *extensions)


def answer(vector: Vector) -> str:
    """The parameters of a vector for a server bind its peer: seen from a client the sides are changed."""
    side = "server" if vector.role == "server" else "client"
    takeover = f"; {side}_no_context_takeover" if vector.options.get("client_no_context_takeover") else ""
    return f"permessage-deflate{takeover}"


class RawServer:
    """Listens for clients; a case is known by the path that its client asks for."""

    def __init__(self) -> None:
        self.port = 0
        self.waiting: dict[str, asyncio.Future[tuple[Stream, Head]]] = {}

    def url(self, number: int) -> str:
        return f"ws://127.0.0.1:{self.port}/{number}"

    def expect(self, url: str) -> asyncio.Future[tuple[Stream, Head]]:
        """The connection of the client that is told this URL."""
        arrived = asyncio.get_running_loop().create_future()
        self.waiting[url.rpartition("/")[2]] = arrived
        return arrived

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = Stream(reader, writer)
        try:
            head = await stream.head()
            self.waiting.pop(head.start.split(" ")[1].removeprefix("/")).set_result((stream, head))
        except (*CUT_SHORT, KeyError, IndexError, asyncio.InvalidStateError):
            await stream.close()


@asynccontextmanager
async def raw_server() -> AsyncIterator[RawServer]:
    raw = RawServer()
    async with await asyncio.start_server(raw.accept, "127.0.0.1", 0, limit=MIB) as server:
        raw.port = server.sockets[0].getsockname()[1]
        yield raw


async def probe_client(vector: Vector, raw: RawServer, url: str, connecting: Awaitable[None]) -> Outcome:
    """The case against the client that connects to this URL."""
    outcome = Outcome()
    arrived = raw.expect(url)
    await connecting
    try:
        async with asyncio.timeout(START_SECONDS):
            stream, head = await arrived
    except TimeoutError:
        raise HostError(f"{vector.name}: the client has not connected in {START_SECONDS:.0f} s") from None
    offered = parameters(head)
    if vector.compresses and offered is None:
        await stream.close()
        return Outcome(NOT_TRIED, reason="no compression")
    outcome.faults += faults_of_request(head)
    answered = response(vector, head.all("sec-websocket-key")[0])
    agreed = parameters(read_head(answered.partition(b"\r\n\r\n")[0]))
    try:
        await stream.write(answered)
        await converse(stream, outcome, vector, "client", agreed)
    finally:
        await stream.close()
    return outcome
