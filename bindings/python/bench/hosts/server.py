"""An echo server over one library, in a process of its own: ``server.py NAME [deflate]``. It prints its port.

Each is written as the documentation of its library shows it, with the limits on messages raised to 16 MiB where they
are lower. All run on the event loop of asyncio but socketify, which has its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
from importlib.metadata import version
from typing import Any

LIMIT = 16 << 20
HOST = "127.0.0.1"


def ready(port: int) -> None:
    """Tells the port."""
    print(port, flush=True)


async def sansock(deflate: bool) -> None:
    """Sansock's own server."""
    from sansock.asyncio import serve

    async def echo(websocket: Any) -> None:
        async for message in websocket:
            await websocket.send(message)

    async with serve(echo, HOST, 0, compression=deflate, backlog=1000) as server:
        ready(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()


async def websockets(deflate: bool) -> None:
    """The package ``websockets``."""
    from websockets.asyncio.server import serve

    async def echo(websocket: Any) -> None:
        async for message in websocket:
            await websocket.send(message)

    options: dict[str, Any] = {"compression": "deflate" if deflate else None, "max_size": LIMIT, "backlog": 1000}
    async with serve(echo, HOST, 0, **options) as server:
        ready(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()


async def drop_in(deflate: bool) -> None:
    """The package ``websockets``, with our layer under it."""
    import sansock.compat.websockets

    sansock.compat.websockets.install()
    await websockets(deflate)


async def aiohttp(deflate: bool) -> None:
    """The server of ``aiohttp``."""
    from aiohttp import WSMsgType, web

    async def echo(request: Any) -> Any:
        websocket = web.WebSocketResponse(compress=deflate, max_msg_size=LIMIT, heartbeat=20)
        await websocket.prepare(request)
        async for message in websocket:
            if message.type is WSMsgType.BINARY:
                await websocket.send_bytes(message.data)
        return websocket

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, HOST, 0, backlog=1000)
    await site.start()
    ready(runner.addresses[0][1])
    await asyncio.Event().wait()


async def picows(deflate: bool) -> None:
    """The package ``picows``, which does not compress, nor join fragments, nor wait for a peer that does not read."""
    from picows import WSListener, WSMsgType, ws_create_server

    if deflate:
        raise NotImplementedError

    class Echo(WSListener):
        def on_ws_frame(self, transport: Any, frame: Any) -> None:
            """Echoes a message, or answers Close."""
            if frame.msg_type == WSMsgType.CLOSE:
                transport.send_close(frame.get_close_code(), frame.get_close_message())
                transport.disconnect()
            else:
                transport.send(frame.msg_type, frame.get_payload_as_bytes())

    server = await ws_create_server(lambda _: Echo(), HOST, 0, backlog=1000, max_frame_size=LIMIT)
    ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def socketify(deflate: bool) -> None:
    """The package ``socketify``: uWebSockets, called from Python."""
    from socketify import App, CompressOptions

    def message(websocket: Any, data: Any, opcode: Any) -> None:
        websocket.send(data, opcode, deflate)

    app = App()
    options = {
        "compression": CompressOptions.DEDICATED_COMPRESSOR if deflate else CompressOptions.DISABLED,
        "max_payload_length": LIMIT,
        "max_backpressure": 1 << 30,
        "idle_timeout": 60,
        "message": message,
    }
    app.ws("/*", options)
    app.listen({"port": int(os.environ["PORT"]), "host": HOST}, lambda config: ready(config.port))
    app.run()


async def app(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application."""
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": message["bytes"]})


def uvicorn(protocol: str, deflate: bool) -> None:
    """A uvicorn with this protocol."""
    import socket

    import uvicorn as server

    sock = socket.create_server((HOST, 0), backlog=1000)
    options: dict[str, Any] = {"ws": protocol, "ws_per_message_deflate": deflate, "ws_max_size": LIMIT}
    config = server.Config(app, loop="asyncio", lifespan="off", log_level="critical", **options)
    ready(sock.getsockname()[1])
    server.Server(config).run(sockets=[sock])


UVICORN = {
    "uvicorn-sansock": "sansock.uvicorn:WebSocketProtocol",
    "uvicorn-websockets": "websockets-sansio",
    "uvicorn-wsproto": "wsproto",
}
HOSTS: dict[str, Any] = {
    "sansock": sansock,
    "websockets": websockets,
    "aiohttp": aiohttp,
    "picows": picows,
    "socketify": socketify,
}
DROP_IN = {"websockets-sansock": drop_in}
"""Of these another page tells."""


def versions() -> dict[str, str]:
    """The versions of all."""
    return {name: version(name) for name in (*HOSTS, "uvicorn", "wsproto")}


def main(name: str, deflate: bool) -> None:
    """Serves until the process is ended."""
    if name in UVICORN:
        uvicorn(UVICORN[name], deflate)
    elif name == "socketify":
        socketify(deflate)
    else:
        asyncio.run({**HOSTS, **DROP_IN}[name](deflate))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:] == ["deflate"])
