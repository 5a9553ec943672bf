"""The examples that lead through proxies, against proxies and a server that are not ours.

Each example sends a message to an echo server, over TLS with a certificate made for the occasion: through an HTTP proxy
(tinyproxy), one that is reached over TLS (proxy.py), a SOCKS5 proxy (microsocks) and a SOCKS4a proxy (Twisted), with and
without a name and password. And each is refused: for the lack of a password, for a wrong one, and because nobody listens
behind the proxy.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from certificate import make_certificate
from repository import PYTHON, ROOT

PROGRAMS = ROOT / "conformance" / "proxies" / "programs"
EXAMPLES = {
    "c": [str(ROOT / "target" / "examples" / "c" / "through_proxy")],
    "python": [PYTHON, str(ROOT / "examples" / "python" / "through_proxy.py")],
    "node": ["node", str(ROOT / "examples" / "node" / "through_proxy.mjs")],
    "node-connect": ["node", str(ROOT / "examples" / "node" / "proxy_client.mjs")],
}
TEXT = "Grüße durch den Tunnel"
START_SECONDS = 10.0
RUN_SECONDS = 20.0

TINYPROXY = "Port {port}\nListen 127.0.0.1\nTimeout 30\nMaxClients 20\n"


class Failure(Exception):
    """A program did not do what it must."""


@dataclass
class Place:
    """Where everything is, for one run."""

    echo: int
    """The port of the echo server."""
    nobody: int
    """A port on which nobody listens."""
    tinyproxy: int
    tinyproxy_locked: int
    microsocks: int
    microsocks_locked: int
    socks4: int
    over_tls: int
    """A proxy that speaks HTTP over TLS, with a password."""


def free_port() -> int:
    """A port that was free a moment ago: none of these proxies says which one it was given."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def program(*command: str, output: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[str]]:
    """A program that runs in the `with` block."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # Some have processes of their own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def port_of_nobody(stack: ExitStack) -> int:
    """A port that is taken, but on which nobody listens."""
    taken = stack.enter_context(socket.socket())
    taken.bind(("127.0.0.1", 0))
    port: int = taken.getsockname()[1]
    return port


def await_port(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until a program listens."""
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > end:
                raise Failure(f"{process.args!r} does not listen") from None
            time.sleep(0.02)


def start(stack: ExitStack, *command: str, port: int) -> int:
    """Start a proxy on a port, which is returned."""
    await_port(port, stack.enter_context(program(*command)))
    return port


def start_tinyproxy(stack: ExitStack, folder: Path, more: str) -> int:
    port = free_port()
    config = folder / f"tinyproxy-{port}.conf"
    config.write_text(TINYPROXY.format(port=port) + more)
    return start(stack, "tinyproxy", "-d", "-c", str(config), port=port)


def start_microsocks(stack: ExitStack, *more: str) -> int:
    port = free_port()
    return start(stack, "microsocks", "-i", "127.0.0.1", "-p", str(port), *more, port=port)


def start_proxy_over_tls(stack: ExitStack, certificate: str, key: str) -> int:
    port = free_port()
    options = ["--hostname", "127.0.0.1", "--port", str(port), "--num-workers", "1", "--num-acceptors", "1"]
    tls = ["--cert-file", certificate, "--key-file", key, "--basic-auth", "me:secret"]
    return start(stack, PYTHON, "-m", "proxy", *options, *tls, port=port)


def start_echo_server(stack: ExitStack, certificate: str, key: str) -> int:
    command = [PYTHON, str(PROGRAMS / "echo_server.py"), certificate, key]
    process = stack.enter_context(program(*command, output=subprocess.PIPE))
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise Failure("the echo server did not start")
    return int(line)


def start_all(stack: ExitStack, folder: Path) -> Place:
    socks4 = free_port()
    certificate, key = make_certificate(folder)
    return Place(
        echo=start_echo_server(stack, certificate, key),
        nobody=port_of_nobody(stack),
        tinyproxy=start_tinyproxy(stack, folder, ""),
        tinyproxy_locked=start_tinyproxy(stack, folder, "BasicAuth me secret\n"),
        microsocks=start_microsocks(stack),
        microsocks_locked=start_microsocks(stack, "-u", "me", "-P", "secret"),
        socks4=start(stack, PYTHON, str(PROGRAMS / "socks4_server.py"), str(socks4), port=socks4),
        over_tls=start_proxy_over_tls(stack, certificate, key),
    )


def run(name: str, proxy: str, address: str) -> subprocess.CompletedProcess[str]:
    """Run an example. Its errors are what is printed last on standard error."""
    command = [*EXAMPLES[name], proxy, f"wss://{address}/", TEXT]
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"not over after {RUN_SECONDS:.0f} s") from None


def check_echo(name: str, proxy: str, address: str) -> None:
    """The message comes back, and the connection is closed cleanly."""
    result = run(name, proxy, address)
    if result.returncode != 0 or result.stdout.splitlines() != [TEXT, "closed 1000"]:
        raise Failure(f"status {result.returncode}, {result.stdout!r}, {result.stderr!r}")


def check_refusal(name: str, proxy: str, address: str, *expected: str) -> None:
    """The example says why there is no tunnel, and shows no password."""
    result = run(name, proxy, address)
    lines = result.stderr.splitlines()
    fits = len(lines) == len(expected) and all(line.startswith(start) for line, start in zip(lines, expected))
    if result.returncode != 1 or result.stdout or not fits or "wrong" in result.stderr:
        raise Failure(f"status {result.returncode}, {result.stdout!r}, {result.stderr!r}")


def check(name: str, place: Place) -> int:
    """Run an example everywhere. Returns how often it failed."""
    http, socks5, socks4 = f"127.0.0.1:{place.tinyproxy}", f"127.0.0.1:{place.microsocks}", f"127.0.0.1:{place.socks4}"
    locked_http, locked_socks5 = f"127.0.0.1:{place.tinyproxy_locked}", f"127.0.0.1:{place.microsocks_locked}"
    echo, by_address, nobody = f"localhost:{place.echo}", f"127.0.0.1:{place.echo}", f"localhost:{place.nobody}"
    refused = "the proxy refused: "
    cases: list[tuple[str, str, tuple[str, ...]]] = [
        (f"http://{http}", echo, ()),
        (f"http://{http}", by_address, ()),
        (f"http://me:secret@{locked_http}/", echo, ()),
        (f"http://{locked_http}", echo, (f"{refused}407", "TUNNEL_AUTHENTICATION: ")),
        (f"http://me:wrong@{locked_http}", echo, (f"{refused}40", "TUNNEL_")),
        (f"http://{http}", nobody, (f"{refused}50", "TUNNEL_REFUSED: ")),
        (f"socks5h://{socks5}", echo, ()),
        (f"socks5h://{socks5}", by_address, ()),
        (f"socks5://{socks5}", echo, ()),
        (f"socks5h://me:secret@{locked_socks5}", echo, ()),
        (f"socks5h://{locked_socks5}", echo, ("TUNNEL_AUTHENTICATION: ",)),
        (f"socks5h://me:wrong@{locked_socks5}", echo, ("TUNNEL_AUTHENTICATION: ",)),
        (f"socks5h://{socks5}", nobody, (f"{refused}5", "TUNNEL_REFUSED: ")),
        (f"socks4a://{socks4}", echo, ()),
        (f"socks4a://me@{socks4}", by_address, ()),
        (f"socks4a://{socks4}", nobody, (f"{refused}91", "TUNNEL_REFUSED: ")),
        (f"http://{socks5}", echo, ("TUNNEL_",)),
    ]
    if name != "c":
        over_tls = f"localhost:{place.over_tls}"
        cases += [
            (f"https://me:secret@{over_tls}", echo, ()),
            (f"https://{over_tls}", echo, (f"{refused}407", "TUNNEL_AUTHENTICATION: ")),
        ]
    failed = 0
    for proxy, address, expected in cases:
        try:
            if expected:
                check_refusal(name, proxy, address, *expected)
            else:
                check_echo(name, proxy, address)
        except Failure as failure:
            failed += 1
            print(f"{name}: {proxy} to {address}: {failure}")
    print(f"{name}: {len(cases) - failed} of {len(cases)} ways through proxies")
    return failed


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        try:
            place = start_all(stack, Path(folder))
        except Failure as failure:
            sys.exit(f"error: {failure}")
        return 1 if sum(check(name, place) for name in EXAMPLES) else 0


if __name__ == "__main__":
    sys.exit(main())
