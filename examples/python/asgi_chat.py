"""A chat as an ASGI application without a framework: each path is a room, and each text goes to all in it.

    uvicorn --ws sansock.uvicorn:WebSocketProtocol --app-dir examples/python asgi_chat:app

Nothing here knows of Sansock: it is uvicorn that is told to use it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

rooms: defaultdict[str, set[Send]] = defaultdict(set)


async def say(room: str, text: str) -> None:
    """Sends a text to all in a room. One whose connection has just ended is not there any more: that is an OSError."""
    message = {"type": "websocket.send", "text": text}
    await asyncio.gather(*(send(message) for send in list(rooms[room])), return_exceptions=True)


async def app(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    """The application, which is called for each connection."""
    if scope["type"] != "websocket":
        return
    room = scope["path"]
    await receive()
    await send({"type": "websocket.accept"})
    rooms[room].add(send)
    try:
        while (message := await receive())["type"] == "websocket.receive":
            if message.get("text") is not None:
                await say(room, message["text"])
    finally:
        rooms[room].discard(send)
        if not rooms[room]:
            del rooms[room]
