"""Clients written with `wsproto`: each line of standard input is ``URL [SUBPROTOCOL...]``. Each echoes what it receives,
and prints ``URL text STRING`` or ``URL binary HEX`` for it.
"""

import asyncio
import sys
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import Request
from wsproto.extensions import PerMessageDeflate
from wsproto_echo import Echo, run


async def converse(url: str, subprotocols: list[str]) -> None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    connection = WSConnection(ConnectionType.CLIENT)
    request = Request(
        host=address.netloc, target=address.path, subprotocols=subprotocols, extensions=[PerMessageDeflate()]
    )
    writer.write(connection.send(request))
    await run(Echo(connection, lambda line: print(url, line, flush=True)), reader, writer)


async def main() -> None:
    loop = asyncio.get_running_loop()
    conversations = []
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        url, *subprotocols = line.split()
        conversations.append(asyncio.create_task(converse(url, subprotocols)))
    # What wsproto raises ends its own connection, and not the others.
    await asyncio.gather(*conversations, return_exceptions=True)


asyncio.run(main())
