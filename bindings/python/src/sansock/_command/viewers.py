"""The page of the inspector, and who looks at it: browsers on this machine, which have the token."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import deque
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

from .. import ConnectionClosed
from ..asyncio import Response, Server, WebSocket, broadcast, serve
from .watching import Watch

__all__ = ["Viewers"]

_KEPT = 16 << 20
"""How much is kept for those who look later, in bytes. What is older is dropped."""
_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
_PAGE = Path(__file__).resolve().parents[1] / "inspector.html"


class Viewers:
    """Serves the page of the inspector on this machine, and shows it entries as they come.

    Args:
        watch: What shows them.
        everything: Whether all must be shown, or what fits in the time that there is.
    """

    server: Server

    def __init__(self, watch: Watch, *, everything: bool) -> None:
        self.watch, self.everything = watch, everything
        self.token = secrets.token_hex(16)
        self.websockets: set[WebSocket] = set()
        self.kept: deque[bytes] = deque()
        self.size = 0
        # How many were kept once and are no longer.
        self.dropped = 0
        self.closing: set[asyncio.Task[None]] = set()

    async def listen(self, port: int) -> str:
        """Listens for browsers. Returns the address for one: only who has it may look."""
        self.server = await serve(self.look, "127.0.0.1", port, compression=False, process_request=self.answer)
        own = self.server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{own}/#live={self.token}"

    def show(self, lines: bytes) -> None:
        """Shows entries: lines of JSON."""
        self.kept.append(lines)
        self.size += len(lines)
        while self.size > _KEPT:
            self.size -= len(self.kept.popleft())
            self.dropped += 1
        if not self.websockets:
            return
        for behind in broadcast(self.websockets, lines.decode()):
            # It can look again, and gets what is kept.
            self.websockets.discard(behind)
            task = asyncio.ensure_future(behind.close(1013, "it does not keep up"))
            self.closing.add(task)
            task.add_done_callback(self.closing.discard)

    def answer(self, websocket: WebSocket) -> Response | None:
        """The page; or None, which lets somebody look. Pages of other sites are refused after that."""
        path, _, query = websocket.request.target.partition("?") if websocket.request else ("", "", "")
        if path == "/entries":
            given = parse_qs(query).get("token", [""])[0]
            if hmac.compare_digest(given.encode(), self.token.encode()):
                return None
            return Response(403, _TEXT, b"Forbidden\n")
        if path != "/":
            return Response(404, _TEXT, b"Not Found\n")
        if not _PAGE.is_file():
            return Response(404, _TEXT, b"this package was built without the page\n")
        return Response(200, {**_TEXT, "Content-Type": "text/html; charset=utf-8"}, _PAGE.read_bytes())

    async def look(self, websocket: WebSocket) -> None:
        """Shows one viewer what is kept, and has it shown what comes."""
        self.watch.watch(everything=self.everything)
        try:
            # It says nothing: behind what is kept this waits for its end.
            with suppress(ConnectionClosed):
                await self.send_kept(websocket)
                self.websockets.add(websocket)
                while True:
                    await websocket.recv()
        finally:
            self.websockets.discard(websocket)
            self.watch.unwatch(everything=self.everything)

    async def send_kept(self, websocket: WebSocket) -> None:
        """Sends what is kept, also what comes meanwhile."""
        number = 0
        while number < self.dropped + len(self.kept):
            number = max(number, self.dropped)
            await websocket.send(self.kept[number - self.dropped].decode())
            number += 1
