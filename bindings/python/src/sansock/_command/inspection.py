"""``sansock inspect``: shows what is in a capture."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .terminal import discard_output, utf8_streams

if TYPE_CHECKING:
    from ..inspect import Inspector

__all__ = ["parser", "run"]

_PIECE = 1 << 20
_WHOLE = 64 << 20
"""More than any payload: the whole of it is written, which the inspector limits to this."""
_LINES, _JSON = range(2)
_EPILOG = """\
FILE is pcap, pcapng or HAR; a dump as of xxd, hexdump -C, tcpdump -X, or Wireshark (C arrays); hexadecimal, base64, or
the bytes themselves; - is standard input. Lines of hexadecimal may begin with > if the client sent them, and with < if
the server did. Otherwise it is seen from how it begins whose bytes they are.

The exit status is 1 if a rule is broken, or if the capture ends inside something.

examples:
  sansock inspect dump.pcap
  sansock inspect --client sent.bin --server received.bin --json
"""


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    parser = argparse.ArgumentParser(
        "sansock inspect",
        description="Shows what is in a capture: the opening handshake, frames, messages, the rules that are broken,"
        " and what answers them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("file", nargs="?", metavar="FILE", help="the capture; - is standard input")
    add("--client", metavar="FILE", help="what the client sent")
    add("--server", metavar="FILE", help="what the server sent")
    add("--json", action="store_true", help="write each entry as a line of JSON, with its whole payload")
    add(
        "--extensions",
        metavar="VALUE",
        help="what had been agreed on, if the opening handshake is not in the capture: the value of"
        ' Sec-WebSocket-Extensions in the response, "" without compression',
    )
    return parser


def run(options: argparse.Namespace) -> int:
    """Shows the capture, and returns the status."""
    from ..inspect import Inspector

    utf8_streams()
    if (options.file is None) is (options.client is options.server is None):
        parser().error("name one FILE, or --client, --server or both")
    preview: dict[str, Any] = {"preview": _WHOLE} if options.json else {}
    inspector = Inspector(extensions=options.extensions, **preview)
    form = _JSON if options.json else _LINES
    try:
        if options.client is not None:
            for piece in _read(options.client):
                inspector.push_from("client", piece)
        if options.server is not None:
            for piece in _read(options.server):
                inspector.push_from("server", piece)
        if options.file is not None:
            for piece in _read(options.file):
                inspector.push(piece)
                _write(inspector, form)
        try:
            inspector.finish()
        finally:
            _write(inspector, form)
    except BrokenPipeError:
        # Who reads the first lines only, such as head, ends the pipe: that is no error.
        discard_output()
        return 0
    return 1 if inspector.faults else 0


def _read(name: str) -> Iterator[bytes]:
    """The pieces of a file, as they come."""
    if name == "-":
        stream = cast(BufferedReader, sys.stdin.buffer)
        while piece := stream.read1(_PIECE):
            yield piece
        return
    with closing(Path(name).open("rb", buffering=0)) as file:
        while piece := file.read(_PIECE):
            yield piece


def _write(inspector: Inspector, form: int) -> None:
    """Writes what has been found: bytes, as the lines end in the same way on every system."""
    for piece in inspector._pieces(form):
        sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
