"""Echo server written with `wsproto`: python wsproto_server.py"""

import asyncio

from wsproto import ConnectionType, WSConnection
from wsproto_echo import Echo, run


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await run(Echo(WSConnection(ConnectionType.SERVER)), reader, writer)


async def main() -> None:
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


asyncio.run(main())
