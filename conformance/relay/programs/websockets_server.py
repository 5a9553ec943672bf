"""The server behind a relay, written with `websockets`: see ../run.py. It prints how each connection was closed."""

import asyncio
import signal
from collections.abc import Sequence

from websockets import ConnectionClosed, Request, Response, ServerConnection, Subprotocol, serve

SUBPROTOCOL = Subprotocol("echo")


def choose_subprotocol(_: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def answer(connection: ServerConnection, request: Request) -> Response | None:
    return connection.respond(403, "not for you\n") if request.path == "/refused" else None


async def obey(connection: ServerConnection, message: str | bytes) -> None:
    """Do what a text says, or send the message back."""
    command, _, rest = message.partition(" ") if isinstance(message, str) else ("", "", "")
    assert connection.request
    if command == "tell":
        headers = connection.request.headers
        told = (connection.request.path, headers["Origin"], headers["Sec-WebSocket-Key"], connection.subprotocol or "")
        await connection.send(" ".join(told))
    elif command == "ping":
        await (await connection.ping(rest.encode()))
        await connection.send(f"pong {rest}")
    elif command == "close":
        await connection.close(int(rest[:4]), rest[5:])
    else:
        await connection.send(message)


async def talk(connection: ServerConnection) -> None:
    try:
        while True:
            await obey(connection, await connection.recv())
    except ConnectionClosed as closed:
        code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
        print(f"closed {code} {reason}".rstrip(), flush=True)


async def main() -> None:
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    async with serve(
        talk,
        "127.0.0.1",
        0,
        select_subprotocol=choose_subprotocol,
        subprotocols=[SUBPROTOCOL],
        process_request=answer,
        max_size=1 << 24,
        ping_interval=None,
        close_timeout=1,
    ) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await terminated.wait()


asyncio.run(main())
