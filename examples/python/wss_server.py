"""An echo server over TLS: ``python wss_server.py PORT --cert FILE --key FILE``.

With a new certificate in the files, SIGHUP makes connections from then on use it, and ends none of the others.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import ssl

from sansock.asyncio import WebSocket, serve


async def echo(websocket: WebSocket) -> None:
    """Sends every message back."""
    async for message in websocket:
        await websocket.send(message)


async def main(port: int, cert: str, key: str) -> None:
    """Serves until SIGTERM or SIGINT."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # WebSocket over TLS is HTTP/1.1, which clients that know more have to be told.
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(cert, key)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, context.load_cert_chain, cert, key)
    async with serve(echo, "127.0.0.1", port, ssl=context) as server:
        print(f"listening on wss://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="An echo server over TLS.")
    parser.add_argument("port", type=int)
    parser.add_argument("--cert", required=True, metavar="FILE")
    parser.add_argument("--key", required=True, metavar="FILE")
    arguments = parser.parse_args()
    asyncio.run(main(arguments.port, arguments.cert, arguments.key))
