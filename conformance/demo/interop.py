"""Thousands of numbered messages between each of our hosts and each peer: none lost, none reordered, none changed.

python interop.py [--messages N] [--pairs CLIENT:SERVER,...]
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from hosts import (
    OUR_CLIENTS,
    OUR_SERVERS,
    PEERS,
    HostError,
    Server,
    abridged,
    command_client,
    end_orderly_on_sigterm,
    exchange_lines,
    run_client,
    serving,
)

PAIR_SECONDS = 120.0

# Every form of the frame header many times, reads that cut frames, frames that fill reads.
SIZES = (8, 20, 125, 126, 127, 300, 1000, 1400, 4096, 40)
RARE_SIZES = {99: 65535, 199: 65536, 299: 16384, 399: 70000, 1999: 1 << 20}
FILLER = "Grüße, 世界! Καλημέρα 🦀🌍 " * (1 << 16)


def message(number: int) -> tuple[str, str]:
    """The command that sends message `number`, and the line that its echo prints."""
    size = SIZES[number % len(SIZES)]
    for remainder, rare in RARE_SIZES.items():
        if number % (remainder + 1) == remainder:
            size = rare
    start = number % 25
    content = f"{number} {FILLER[start : start + size]}".encode()[:size].decode(errors="ignore").rstrip()
    if number % 10 == 3:
        return f"binary {content.encode().hex()}", f"binary {content.encode().hex()}"
    if number % 10 == 7:
        return f"parts text {2 + number % 5} {content}", f"text {content}"
    return f"text {content}", f"text {content}"


class Echoes:
    """Checks what a client prints against what was sent, line by line, as it comes."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.bytes = 0
        self._expected = self._lines()

    def _lines(self) -> Iterator[str]:
        yield "open chat"
        for number in range(self.count):
            yield message(number)[1]
        yield "closing 1000"
        yield "closed 1000"

    def check(self, line: str) -> None:
        expected = next(self._expected, "")
        self.bytes += len(line)
        if line != expected:
            raise HostError(f"expected {abridged(expected)!r}, but the client printed {abridged(line)!r}")

    def missing(self) -> int:
        return sum(1 for _ in self._expected)


def commands(count: int) -> Iterator[bytes]:
    yield b"wait open"
    for number in range(count):
        yield message(number)[0].encode()
    # Close only when every echo is there, for a peer that drops what waits when it is asked to close.
    for number in range(count):
        yield b"wait " + message(number)[1].split(" ", 1)[0].encode()


def exchange(client: str, server: Server, count: int) -> str:
    """Run one pair and say how it went in a line; raises `HostError` if it went wrong."""
    echoes = Echoes(count)
    started = time.perf_counter()
    command = command_client(client, server.url, "--subprotocol", "chat")
    session = run_client(command, commands(count), PAIR_SECONDS, echoes.check)
    seconds = time.perf_counter() - started
    missing = echoes.missing()
    if session.timed_out or session.status != 0 or missing:
        ending = f"not over after {PAIR_SECONDS:.0f} s" if session.timed_out else f"status {session.status}"
        raise HostError(f"{missing} lines missing, {ending}\n{session.errors}")
    return f"{count} messages, {echoes.bytes / 1e6:.1f} MB each way, {seconds:.1f} s, {count / seconds:,.0f} per second"


def exchange_texts(client: str, server: Server, count: int) -> str:
    """The same for the texts among the messages, by the client that users are shown."""
    events = (message(number)[1] for number in range(count))
    lines = [event.removeprefix("text ") for event in events if event.startswith("text ")]
    started = time.perf_counter()
    exchange_lines(client, server, lines, PAIR_SECONDS)
    return f"{len(lines)} lines, {time.perf_counter() - started:.1f} s"


def pairs() -> Iterator[tuple[str, str]]:
    """Client and server, one of them a peer's, ordered by server."""
    for server in OUR_SERVERS:
        for peer in PEERS:
            yield peer, server
    for peer in PEERS:
        for client in OUR_CLIENTS:
            yield client, peer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--pairs", help="CLIENT:SERVER,... instead of every host of ours with every peer")
    options = parser.parse_args()
    end_orderly_on_sigterm()

    chosen = [tuple(pair.split(":")) for pair in options.pairs.split(",")] if options.pairs else list(pairs())
    started = time.perf_counter()
    failures = 0
    for name in dict.fromkeys(server for _, server in chosen):
        for client in [client for client, server in chosen if server == name]:
            print(f"{client + ' -> ' + name:30}", end="", flush=True)
            try:
                with serving(name) as server:
                    results = [exchange(client, server, options.messages)]
                    if client not in PEERS:
                        results.append(exchange_texts(client, server, options.messages))
                    print("; ".join(results))
                    server.stop()
            except HostError as error:
                failures += 1
                print(f"FAILED: {error}")
    seconds = time.perf_counter() - started
    print(
        f"\ninterop: {len(chosen) - failures} of {len(chosen)} pairs hold, {options.messages} messages each, {seconds:.0f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
