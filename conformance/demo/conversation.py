"""What every client says to every server, and what must come back, line by line."""

from __future__ import annotations

from dataclasses import dataclass

SUBPROTOCOLS = ("--subprotocol", "echo", "--subprotocol", "chat")
"""The server prefers `chat` to `echo`, in whatever order the client offers them."""

MULTIBYTE = "Grüße, 世界! Καλημέρα 🦀🌍"


@dataclass(frozen=True)
class Step:
    """Commands for a client, and the lines that it prints for them."""

    title: str
    commands: tuple[str, ...]
    output: tuple[str, ...]


def echoed(title: str, command: str, event: str) -> Step:
    return Step(title, (command, f"wait {event.split(' ', 1)[0]}"), (event,))


def text(title: str, content: str) -> Step:
    return echoed(title, f"text {content}", f"text {content}".rstrip(" "))


def binary(title: str, content: bytes) -> Step:
    return echoed(title, f"binary {content.hex()}", f"binary {content.hex()}".rstrip(" "))


def characters(size: int) -> str:
    """Text of exactly `size` bytes in which most reads and fragments cut a character somewhere."""
    filler = "é世🌍" * (size // 9)
    return filler + "x" * (size - len(filler.encode()))


# The last length of each form of the frame header, and the first of the next.
LENGTHS = (125, 126, 65535, 65536)

STEPS = (
    Step("handshake with subprotocol", ("wait open",), ("open chat",)),
    text("text", "hello"),
    text("multi-byte text", MULTIBYTE),
    binary("binary", bytes(range(256))),
    text("empty text", ""),
    binary("empty binary", b""),
    *(text(f"text of {size} bytes", characters(size)) for size in LENGTHS),
    *(binary(f"binary of {size} bytes", bytes(i * 7 & 255 for i in range(size))) for size in LENGTHS),
    echoed("text in 7 fragments", f"parts text 7 {MULTIBYTE}", f"text {MULTIBYTE}"),
    echoed("one byte in each fragment", "parts text 8 🦀🌍", "text 🦀🌍"),
    echoed("binary in 4 fragments", f"parts binary 4 {MULTIBYTE}", f"binary {MULTIBYTE.encode().hex()}"),
    text("text of 1 MiB", characters(1 << 20)),
    echoed("1 MiB in 100 fragments", f"parts text 100 {characters(1 << 20)}", f"text {characters(1 << 20)}"),
    echoed("ping", "ping are you there?", "pong are you there?"),
    echoed("ping without payload", "ping ", "pong"),
    echoed("ping of 125 bytes", f"ping {'p' * 125}", f"pong {'p' * 125}"),
    Step(
        "burst",
        (*(f"text message {i} of 5" for i in range(1, 6)), *(["wait text"] * 5)),
        tuple(f"text message {i} of 5" for i in range(1, 6)),
    ),
    Step("pong nobody asked for", ("pong unsolicited", "text still here", "wait text"), ("text still here",)),
    Step(
        "close with code and reason",
        ("close 4001 bye ✓", "wait closed"),
        ("closing 4001 bye ✓", "closed 4001 bye ✓"),
    ),
)

COMMANDS = tuple(command for step in STEPS for command in step.commands)
OUTPUT = tuple(line for step in STEPS for line in step.output)

LINES = ("one", "", "drei ✓", *(command[5:] for command in COMMANDS if command.startswith("text ")))
"""What the clients of the examples are given: every text of the conversation, at once."""


def is_message(line: str) -> bool:
    return line.split(" ", 1)[0] in ("text", "binary", "parts")
