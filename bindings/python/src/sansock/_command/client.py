"""``sansock URL``: lines become messages, and messages lines."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ssl
from pathlib import Path
from typing import Any

from .. import ConnectionClosed, InvalidArgument, SansockError, __version__, parse_proxy, parse_url
from ..asyncio import WebSocket, connect
from .terminal import Terminal, utf8_streams

__all__ = ["parser", "run"]

_CLEAN = frozenset({1000, 1001})
_EPILOG = """\
lines of standard input are sent as text messages, but for these:
  /binary HEX        a binary message, in hexadecimal; or of a file: /binary @FILE
  /ping [TEXT]       a ping; goes on when its pong has come
  /close [CODE [REASON]]
  //TEXT             a text message that begins with a slash
The end of the input closes the connection with 1000.

Each message is printed as one line: a line feed in a text as \\n, a binary message in hexadecimal. What is no message
is printed on standard error. The exit status is 0 only if the connection was closed cleanly, with 1000 or 1001.

other commands, each with --help of its own:
  sansock serve      a server that echoes, or that runs a program for each connection
  sansock inspect    shows what is in a capture
  sansock relay      passes connections on, and shows what is on them

examples:
  sansock wss://example.com/feed
  sansock --send '{"op":"subscribe"}' --wait 10 wss://example.com/feed
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "sansock",
        description="A WebSocket client for terminals and pipes.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "url",
        metavar="URL",
        type=_url,
        help="where to connect, such as wss://example.com/path; without a scheme it is ws:",
    )
    add("-H", "--header", action="append", default=[], type=_header, metavar="'NAME: VALUE'", help="a request header")
    add("-s", "--subprotocol", action="append", default=[], metavar="NAME", help="a subprotocol, the preferred first")
    add("-o", "--origin", help="the Origin header")
    add("--send", action="append", metavar="TEXT", help="send this instead of standard input; may be repeated")
    add("-b", "--binary", action="store_true", help="send lines, and what --send says, as binary messages")
    add("-w", "--wait", type=_seconds, metavar="S", help="seconds to go on receiving after the last line; default: 1")
    add("--proxy", metavar="URL", type=_proxy, help="a proxy, http: or socks5:; default: what the environment names")
    add("--insecure", action="store_true", help="accept any certificate")
    add("--ca", metavar="FILE", help="certificates to trust instead of the system's")
    add("--no-compression", action="store_true", help="offer no compression")
    add("--ping-interval", type=_seconds, default=20, metavar="S", help="seconds between pings; 0: none; default: 20")
    add("--timeout", type=_seconds, default=10, metavar="S", help="seconds to connect in; default: 10")
    add("--version", action="version", version=f"sansock {__version__}")
    return parser


def run(options: argparse.Namespace) -> int:
    """Connects, and returns the status."""
    utf8_streams()
    return asyncio.run(_Client(options).run())


class _Client:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.terminal = Terminal()
        self.has_failed = False
        # Answers to the last message need some time. Who sits at a terminal has seen them.
        default = 0 if self.terminal.is_interactive else 1
        self.wait = default if options.wait is None else options.wait

    async def run(self) -> int:
        url = self.options.url
        websocket = await connect(url, **_connect_options(self.options))
        if self.terminal.is_interactive:
            self.terminal.note(f"connected to {url}")
        closed = await self.talk(websocket)
        is_clean = closed.clean and closed.code in _CLEAN
        if not is_clean or self.terminal.is_interactive:
            self.terminal.note(str(closed))
        return 0 if is_clean and not self.has_failed else 1

    async def talk(self, websocket: WebSocket) -> ConnectionClosed:
        """Sends and receives until the connection has ended; says how."""
        receiving = asyncio.ensure_future(self.receive(websocket))
        sending = asyncio.ensure_future(self.send(websocket))
        await asyncio.wait({receiving, sending}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
            await asyncio.wait({receiving}, timeout=self.wait)
            await websocket.close()
        sending.cancel()
        return await receiving

    async def receive(self, websocket: WebSocket) -> ConnectionClosed:
        while True:
            try:
                message = await websocket.recv()
            except ConnectionClosed as closed:
                return closed
            self.terminal.message(message if isinstance(message, str) else message.hex())

    async def send(self, websocket: WebSocket) -> None:
        with contextlib.suppress(ConnectionClosed):
            for text in self.options.send or ():
                await websocket.send(text.encode() if self.options.binary else text)
            if self.options.send:
                return
            async for line in self.terminal.lines():
                try:
                    await self.do(websocket, line)
                except (SansockError, OSError, ValueError) as error:
                    self.terminal.note(str(error))
                    self.has_failed = not self.terminal.is_interactive

    async def do(self, websocket: WebSocket, line: str) -> None:
        """Does what a line says."""
        if not line.startswith("/") or line.startswith("//"):
            text = line[1:] if line.startswith("//") else line
            await websocket.send(text.encode() if self.options.binary else text)
            return
        name, _, rest = line[1:].partition(" ")
        if name == "binary":
            await websocket.send(Path(rest[1:]).read_bytes() if rest.startswith("@") else bytes.fromhex(rest))
        elif name == "ping":
            self.terminal.note(f"pong after {await websocket.ping(rest) * 1000:.1f} ms")
        elif name == "close":
            code, _, reason = rest.partition(" ")
            await websocket.close(int(code) if code else 1000, reason)
        else:
            raise ValueError(f"there is no command /{name}: use /binary, /ping, /close, or // for a text with a slash")


def _connect_options(options: argparse.Namespace) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "headers": options.header,
        "subprotocols": options.subprotocol,
        "origin": options.origin,
        "proxy": options.proxy or True,
        "compression": not options.no_compression,
        "ping_interval": options.ping_interval or None,
        "open_timeout": options.timeout,
        # What the peer sends before it answers our Close is printed too.
        "engine": {"receive_while_closing": True},
    }
    if parse_url(options.url).secure:
        context = ssl.create_default_context(cafile=options.ca)
        if options.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        chosen["ssl"] = context
    return chosen


def _url(text: str) -> str:
    url = text if "://" in text else f"ws://{text}"
    try:
        parse_url(url)
    except InvalidArgument:
        raise argparse.ArgumentTypeError(f"{text!r} is no WebSocket URL") from None
    return url


def _proxy(text: str) -> str:
    try:
        parse_proxy(text)
    except InvalidArgument:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL of a proxy") from None
    return text


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form 'NAME: VALUE'")
    return name.strip(), value.strip()


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value
