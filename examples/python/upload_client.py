"""Sends a file as one message, in bounded memory: ``python upload_client.py URL FILE``; see ``upload_server.py``.

The file is read as fast as the server takes it. The status is 0 if the server has what was sent.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from sansock.sync import connect

PIECE = 256 * 1024


def pieces(path: Path, digest: hashlib._Hash) -> Iterator[bytes]:
    """The file in pieces. Each becomes a fragment of the message, once the one before has gone."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            yield piece


def main(url: str, path: Path) -> int:
    """Sends the file."""
    digest = hashlib.sha256()
    with connect(url, compression=False) as websocket:
        websocket.send(pieces(path, digest) if path.stat().st_size else b"")
        answer = json.loads(websocket.recv())
    print(f"{answer['size']} bytes")
    return 0 if answer["sha256"] == digest.hexdigest() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
