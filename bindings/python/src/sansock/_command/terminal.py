"""Lines in and lines out, on a terminal or in a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterable, Iterator

__all__ = ["Terminal", "discard_output", "printable", "utf8_streams"]

_READ_AHEAD = 256
_PROMPT = "> "
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
_NEWLINES = {ord("\n"): "\\n", ord("\r"): "\\r"}
_COLOURS = {"received": "\x1b[32m", "note": "\x1b[2m"}


def utf8_streams() -> None:
    """Makes the standard streams UTF-8, whatever the locale. What comes in wrong goes out as it came."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace" if stream is not sys.stdin else "replace")


def discard_output() -> None:
    """Lets what is still written to standard output vanish: who read it has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def printable(text: str, is_terminal: bool = False) -> str:
    """A text as one line. On a terminal it has no control characters either: a peer must not steer that."""
    return text.translate({**_CONTROLS, **_NEWLINES} if is_terminal else _NEWLINES)


class Terminal:
    """The standard streams of an interactive program."""

    def __init__(self) -> None:
        self.is_interactive = sys.stdin.isatty() and sys.stdout.isatty()
        self.is_terminal = sys.stdout.isatty()
        self.is_coloured = self.is_terminal and "NO_COLOR" not in os.environ

    def message(self, text: str) -> None:
        """Prints a message."""
        self._print("received", text, printable(text, self.is_terminal))

    def note(self, text: str) -> None:
        """Says something that is no message: on standard error, so that messages alone are in a pipe."""
        if self.is_interactive:
            self._print("note", text, printable(text, True))
        else:
            print(f"sansock: {printable(text)}", file=sys.stderr, flush=True)

    def _print(self, colour: str, text: str, line: str) -> None:
        if self.is_coloured:
            line = f"{_COLOURS[colour]}{line}\x1b[0m"
        if self.is_interactive:
            # The line that is being typed moves below.
            print(f"\r\x1b[K{line}\n{_PROMPT}{_typed()}", end="", flush=True)
        else:
            print(line, flush=True)

    async def lines(self) -> AsyncIterator[str]:
        """Yields the lines of standard input, which a thread reads, as some systems cannot wait for it otherwise."""
        loop, room = asyncio.get_running_loop(), threading.Semaphore(_READ_AHEAD)
        queue: asyncio.Queue[str | None] = asyncio.Queue()

        def read() -> None:
            # The loop may be gone by then.
            with contextlib.suppress(RuntimeError):
                for line in _typed_lines() if self.is_interactive else _piped_lines(sys.stdin):
                    room.acquire()
                    loop.call_soon_threadsafe(queue.put_nowait, line)
                loop.call_soon_threadsafe(queue.put_nowait, None)

        threading.Thread(target=read, daemon=True).start()
        while True:
            line = await queue.get()
            if line is None:
                return
            room.release()
            yield line


def _piped_lines(stream: Iterable[str]) -> Iterator[str]:
    return (line.rstrip("\n") for line in stream)


def _typed_lines() -> Iterator[str]:
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - input() uses it
    with contextlib.suppress(EOFError):
        while True:
            yield input(_PROMPT)


def _typed() -> str:
    readline = sys.modules.get("readline")
    return readline.get_line_buffer() if readline else ""
