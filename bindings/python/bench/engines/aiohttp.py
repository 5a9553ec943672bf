"""aiohttp: its compiled reader and its writer, between a transport in memory and a queue."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp._websocket.reader import WebSocketDataQueue, WebSocketReader
from aiohttp._websocket.writer import WebSocketWriter
from aiohttp.http import WSMsgType
from workloads import Message, Spec

VERSION = aiohttp.__version__

if not WebSocketReader.__module__.endswith("_c"):
    raise SystemExit("the compiled reader is missing")

LARGEST = 1 << 24


class Protocol:
    """What reader and writer need of the protocol."""

    _reading_paused = False
    _paused = False

    def pause_reading(self) -> None:
        """The queue is full."""
        raise SystemExit("the queue is full")


class Transport:
    """What the writer needs of the transport."""

    def __init__(self, output: list[Message]) -> None:
        self.write = output.append

    def is_closing(self) -> bool:
        """Never."""
        return False


async def drain(queue: Any) -> list[Message]:
    """The messages that wait; a read of one that is there does not suspend."""
    return [(await queue.read()).data for _ in range(len(queue._buffer))]


def receiver(spec: Spec) -> Callable[[memoryview], list[Message]]:
    """Takes reads."""
    queue = WebSocketDataQueue(Protocol(), 1 << 30, loop=asyncio.get_running_loop())  # type: ignore[arg-type]
    reader = WebSocketReader(queue, LARGEST, compress=bool(spec.deflate), decode_text=True)

    def feed(chunk: memoryview) -> list[Message]:
        reader.feed_data(bytes(chunk))
        messages: list[Message] = complete(drain(queue))
        return messages

    return feed


def sender(spec: Spec, output: list[Message]) -> Callable[[Message], None]:
    """Sends messages."""
    writer = WebSocketWriter(
        Protocol(),  # type: ignore[arg-type]
        Transport(output),  # type: ignore[arg-type]
        use_mask=not spec.server,
        compress=15 if spec.deflate else 0,
    )

    def send_text(payload: Message) -> None:
        assert isinstance(payload, str)
        complete(writer.send_frame(payload.encode(), WSMsgType.TEXT))

    def send_binary(payload: Message) -> None:
        assert isinstance(payload, bytes)
        complete(writer.send_frame(payload, WSMsgType.BINARY))

    return send_text if spec.text else send_binary


class Endpoint:
    """Reader and writer."""

    def __init__(self, spec: Spec, output: list[Message]) -> None:
        self.receive = receiver(spec)
        self.send = sender(spec, output)


def complete(coroutine: Any) -> Any:
    """Runs a coroutine that does not wait for anything."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise SystemExit("it waits")
