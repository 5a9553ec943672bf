"""Whether an engine has sent what it was to send."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from frames import FLUSH_TAIL, Frame, read_frames


def verify(sent: Path, arguments: Mapping[str, str | int]) -> None:
    """Compares the frames in a file with the messages of a cell, and deletes it. Raises `ValueError` if they differ."""
    written = read_frames(sent.read_bytes())
    sent.unlink()
    if written.cut:
        raise ValueError("its last frame is not whole")
    if any(bool(frame.key) != (arguments["role"] == "client") for frame in written.frames):
        raise ValueError("its frames are masked or not, against its role")
    payloads, size = Path(str(arguments["payloads"])).read_bytes(), int(arguments["size"])
    expected = [payloads[start : start + size] for start in range(0, len(payloads), size)]
    if list(messages(written.frames, bool(arguments["deflate"]))) != expected:
        raise ValueError("what it sent is not what was to be sent")


def messages(frames: list[Frame], deflate: bool) -> Iterator[bytes]:
    """The messages in these frames, inflated if they are compressed."""
    inflater = zlib.decompressobj(-15)
    parts: list[bytes] = []
    for frame in frames:
        parts.append(frame.payload)
        if frame.fin:
            message = b"".join(parts)
            parts = []
            try:
                yield inflater.decompress(message + FLUSH_TAIL) if deflate else message
            except zlib.error as error:
                raise ValueError(f"what it sent cannot be inflated: {error}") from None
