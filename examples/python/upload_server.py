"""Takes uploads of any size in bounded memory: ``python upload_server.py PORT FOLDER``.

The path of a connection is the name of the file: letters, digits, ``.``, ``_`` and ``-``. Each binary message is one
version of it, which is written as it arrives, and is there under its name when all of it is. The answer to each is a
text, ``{"size": BYTES, "sha256": HEX}``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import sys
import tempfile
from pathlib import Path

from sansock.asyncio import ConnectionClosed, Response, WebSocket, serve

LARGEST = 1 << 40
NAME = re.compile(r"/([A-Za-z0-9_-][A-Za-z0-9._-]{0,99})")


def decide(websocket: WebSocket) -> Response | None:
    """Refuses what is no name of a file."""
    assert websocket.request is not None
    if NAME.fullmatch(websocket.request.target) is None:
        return Response(404, {"Content-Type": "text/plain"}, b"that is no name of a file\n")
    return None


async def receive_file(websocket: WebSocket, target: Path) -> dict[str, int | str]:
    """Writes one message to a file. What has come of one that is not completed is removed."""
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".", delete=False) as file:
        try:
            async for part in websocket.recv_parts():
                if isinstance(part, str):
                    raise ValueError("a file is a binary message")
                # Writing to a disk that is slow stops the loop, so a thread does it; meanwhile the peer waits.
                await asyncio.to_thread(file.write, part)
                digest.update(part)
                size += len(part)
            Path(file.name).replace(target)
        except BaseException:
            Path(file.name).unlink()
            raise
    return {"size": size, "sha256": digest.hexdigest()}


async def main(port: int, folder: Path) -> None:
    """Serves until SIGTERM or SIGINT."""

    async def upload(websocket: WebSocket) -> None:
        assert websocket.request is not None
        target = folder / websocket.request.target[1:]
        while True:
            try:
                answer = await receive_file(websocket, target)
            except ConnectionClosed:
                return
            except ValueError as error:
                await websocket.close(1003, str(error))
                return
            await websocket.send(json.dumps(answer))

    async with serve(upload, "127.0.0.1", port, parts=True, max_size=LARGEST, process_request=decide) as server:
        print(f"listening on ws://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
