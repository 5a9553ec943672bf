#!/usr/bin/env python3
"""The hosts in C and C++ that are installed as headers: their own tests, and their examples against peers that are not ours.

The examples that serve talk to `websockets` and `ws`, over TCP and TLS; the client talks to servers of both, directly and
through the proxies of conformance/proxies.
"""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import run as proxies
from repository import PYTHON, ROOT
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

import hostile
import slow

HOSTS = ROOT / "ffi" / "hosts"
TESTS = [
    "deadlines",
    "client",
    "client-clang",
    "uv",
    "uv-clang",
    "event",
    "event-clang",
    "asio-boost",
    "asio-standalone",
]
C, CPP = ROOT / "target" / "examples" / "c", ROOT / "target" / "examples" / "cpp"
SERVERS = {
    "epoll": (C / "epoll_echo_server", False),
    "io_uring": (C / "uring_echo_server", False),
    "libuv": (C / "uv_echo_server", True),
    "libevent": (C / "event_echo_server", True),
    "asio": (CPP / "asio_echo_server", True),
}
SLOW = ["client", "uv", "event"]
QUEUES = [C / "echo_server", *(SERVERS[name][0] for name in ("epoll", "io_uring"))]
"""The servers in C with loops of their own."""
CLIENTS = [C / "client_tls", CPP / "asio_client"]
CONNECTIONS = 20
MESSAGES: list[str | bytes] = ["hello", "Grüße", "", b"", b"\x07" * 300_000, "x" * 1_000_000]
CANNOT = 3
"""The status of a program that says that the system lacks what it needs."""
SECONDS = 30.0


class Failure(Exception):
    """Something is not as it must be."""


def make_certificate(folder: Path) -> tuple[str, str]:
    """A certificate for localhost and no other name, and its key."""
    certificate, key = str(folder / "only-localhost.pem"), str(folder / "only-localhost-key.pem")
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", *kind, "-keyout", key, "-out", certificate, *names]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


def output_of(*command: object, text: str = "", **variables: str) -> str:
    """What a program prints. It must succeed."""
    words = [str(word) for word in command]
    result = subprocess.run(
        words,
        check=False,
        capture_output=True,
        input=text,
        text=True,
        timeout=SECONDS,
        env={**os.environ, **variables},
    )
    if result.returncode:
        raise Failure(f"{' '.join(words)}: status {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


def run_tests(certificate: str, key: str) -> None:
    """The tests that are programs."""
    for name in TESTS:
        takes_files = not name.startswith(("client", "deadlines"))
        arguments = [certificate, key] if takes_files else []
        output = output_of(ROOT / "target" / "hosts" / name, *arguments)
        if not output.endswith(" checks, 0 failed\n"):
            raise Failure(f"{name}:\n{output}")
        print(f"{name}: {output.strip()}")


@contextmanager
def server(*command: object) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A program that says where it listens: its port is last in the line."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise Failure(f"{command[0]} does not listen: status {process.wait()}")
        yield int(line.replace(":", " ").split()[-1]), process
    finally:
        process.kill()
        process.communicate()


async def converse(connection: ClientConnection) -> None:
    """Every message comes back, alone and many at once; pings are answered."""
    for message in MESSAGES:
        await connection.send(message)
        if await connection.recv() != message:
            raise Failure("a message is not its echo")
    await asyncio.gather(*(connection.send(str(number)) for number in range(500)))
    for number in range(500):
        if await connection.recv() != str(number):
            raise Failure("messages are not in order")
    await (await connection.ping())


async def crowd(url: str, context: ssl.SSLContext | None) -> None:
    """Many connections at once, each closed cleanly."""

    async def one() -> int | None:
        async with connect(url, ssl=context, max_size=None, proxy=None) as connection:
            await converse(connection)
        return connection.close_code

    codes = await asyncio.wait_for(asyncio.gather(*(one() for _ in range(CONNECTIONS))), SECONDS)
    if set(codes) != {1000}:
        raise Failure(f"closed with {set(codes)}")


def check_server(name: str, certificate: str, key: str) -> None:
    """An echo server, over TCP, and over TLS if it has it; also while other connections end badly."""
    program, has_tls = SERVERS[name]
    if (
        name == "io_uring"
        and subprocess.run([program, "wrong", "usage"], check=False, capture_output=True).returncode != 2
    ):
        raise Failure("uring_echo_server does not know its usage")
    for tls in [False, True] if has_tls else [False]:
        arguments = [certificate, key] if tls else []
        with server(program, "0", *arguments) as (port, process):
            url = f"{'wss' if tls else 'ws'}://localhost:{port}/"
            context = ssl.create_default_context(cafile=certificate) if tls else None
            asyncio.run(crowd(url, context))
            output_of("node", HOSTS / "ws_client.mjs", url, *arguments[:1])
            hostile.check_answers(port, context, Failure)
            left = hostile.assault(port, context)
            asyncio.run(crowd(url, context))
            for connection in left:
                connection.close()
            if name != "asio":
                process.send_signal(signal.SIGTERM)
                if process.wait(SECONDS) != 0:
                    raise Failure(f"{name} ends with {process.returncode}")
        peers = f"websockets and ws, {CONNECTIONS} connections at once, and among {hostile.CONNECTIONS} that end badly"
        print(f"{name}: {peers}{', over TLS' if tls else ''}")


def check_slow_readers() -> None:
    """Who reads slowly is kept, by each host."""
    slow.run_programs(ROOT / "target" / "hosts", SLOW, Failure)
    for program in QUEUES:
        if program != SERVERS["io_uring"][0] or has_io_uring():
            with server(program, "0") as (port, _):
                slow.check_queue(program.name, port, Failure)


def has_io_uring() -> bool:
    """Whether the kernel lets programs use it: the example says so itself."""
    process = subprocess.Popen([SERVERS["io_uring"][0], "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    process.kill()
    _, errors = process.communicate()
    if not line and process.returncode == CANNOT:
        print(f"io_uring: not tested: {errors.strip()}")
        return False
    return True


def status_of(url: str, method: str = "GET") -> tuple[int, str]:
    """The status and the body of a page."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=SECONDS) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


async def check_origin(url: str) -> None:
    """Pages of this origin may connect, others may not."""
    port = url.rsplit(":", 1)[1]
    async with connect(
        f"ws://127.0.0.1:{port}/echo", origin=Origin(f"http://127.0.0.1:{port}"), proxy=None
    ) as connection:
        await converse(connection)
    try:
        async with connect(f"ws://127.0.0.1:{port}/echo", origin=Origin("http://elsewhere.example"), proxy=None):
            raise Failure("a page of another site may connect")
    except InvalidStatus as error:
        if error.response.status_code != 403:
            raise Failure(f"refused with {error.response.status_code}") from error


def check_http() -> None:
    """Pages and a WebSocket on one port."""
    with server(C / "http_server", "0") as (port, _):
        url = f"http://127.0.0.1:{port}"
        asyncio.run(check_origin(url))
        found = [status_of(url + page)[0] for page in ("/", "/health", "/nothing", "/echo")]
        found.append(status_of(url, "POST")[0])
        if found != [200, 200, 404, 426, 405] or status_of(url + "/health")[1] != "ok\n":
            raise Failure(f"http_server answers {found}")
    print("http: pages, a health check and a WebSocket on one port")


async def fan_out(port: int, process: subprocess.Popen[str], count: int) -> str:
    """All get what one sends; what the server then says of its memory."""
    url = f"ws://127.0.0.1:{port}/"
    connections: list[ClientConnection] = []
    while len(connections) < count:
        connections += await asyncio.gather(*(connect(url, proxy=None, compression=None) for _ in range(50)))
    await connections[0].send("to all")
    if await asyncio.gather(*(each.recv() for each in connections)) != ["to all"] * count:
        raise Failure("a message does not come to all")
    process.send_signal(signal.SIGUSR1)
    assert process.stdout is not None
    line = process.stdout.readline()
    await asyncio.gather(*(each.close() for each in connections[1:]))
    await connections[0].send("to me")
    if await connections[0].recv() != "to me":
        raise Failure("who is left gets no message")
    await connections[0].close()
    return line


def check_fan_out() -> None:
    """One message to many connections, and what an idle one takes."""
    count = 500
    with server(C / "fanout_server", "0") as (port, process):
        line = asyncio.run(fan_out(port, process, count))
    words = line.split()
    if not line.startswith(f"{count} connections, ") or int(words[2]) > 2000 or int(words[8]) > 2_000:
        raise Failure(f"fanout_server says {line!r}")
    print(f"fan-out: {line.strip()}")


def check_client(url: str, *more: str) -> None:
    """The clients send lines, print their echoes and close."""
    text = "hello\nGrüße\n" + "x" * 4000 + "\n"
    for program in CLIENTS:
        if output_of(program, url, *more, text=text) != f"{text}closed 1000\n":
            raise Failure(f"{program.name} {url} {more}: another output")


def check_refused(expected: str, *arguments: str) -> None:
    """The clients say why they have no connection, that in C in these words, and show no password."""
    for program in CLIENTS:
        result = subprocess.run(
            [program, *arguments], check=False, input="", capture_output=True, text=True, timeout=SECONDS
        )
        says = result.stderr.strip()
        fits = expected in says if program.name == "client_tls" else len(says.splitlines()) == 1
        if result.returncode != 1 or not fits or "secret" in says:
            raise Failure(f"{program.name} {arguments}: status {result.returncode}, {says!r}")


def check_clients(folder: Path) -> None:
    """The clients in C and C++ with servers that are not ours, and through proxies."""
    with ExitStack() as stack:
        place = proxies.start_all(stack, folder)
        plain, _ = stack.enter_context(server("node", HOSTS / "ws_server.mjs"))
        files = (os.environ["SSL_CERT_FILE"], str(folder / "key.pem"))
        tls, _ = stack.enter_context(server("node", HOSTS / "ws_server.mjs", *files))
        for url in (f"ws://localhost:{plain}/", f"wss://localhost:{tls}/", f"wss://127.0.0.1:{tls}/"):
            check_client(url)
        echo = f"wss://localhost:{place.echo}/"
        check_client(echo)
        http, over_tls = f"127.0.0.1:{place.tinyproxy}", f"me:secret@localhost:{place.over_tls}"
        ways = [f"http://{http}", f"http://me:secret@127.0.0.1:{place.tinyproxy_locked}", f"https://{over_tls}"]
        ways += [f"socks5h://127.0.0.1:{place.microsocks}", f"socks5://127.0.0.1:{place.microsocks}"]
        ways += [f"socks5h://me:secret@127.0.0.1:{place.microsocks_locked}", f"socks4a://127.0.0.1:{place.socks4}"]
        for way in ways:
            check_client(echo, way)
        check_client(f"ws://localhost:{plain}/", ways[2])
        check_client(f"ws://127.0.0.1:{plain}/", ways[3])
        check_refused("proxy 127.0.0.1", echo, f"http://127.0.0.1:{place.tinyproxy_locked}")
        check_refused("proxy 127.0.0.1", echo, f"http://me:secret@127.0.0.1:{place.microsocks}")
        check_refused("proxy 127.0.0.1", f"wss://localhost:{place.nobody}/", ways[3])
        check_refused("Connection refused", f"ws://127.0.0.1:{place.nobody}/")
        check_refused("proxy", echo, "ftp://127.0.0.1")
        os.environ["SSL_CERT_FILE"] = os.devnull
        check_refused("TLS: ", echo)
    print(f"clients: ws and websockets over TCP and TLS, {len(ways)} ways through proxies")


def main() -> None:
    """Runs everything."""
    if not Path(PYTHON).exists():
        sys.exit("error: there is no .venv: use make test-c-hosts")
    with tempfile.TemporaryDirectory(prefix="sansock-hosts-") as name:
        folder = Path(name)
        certificate, key = make_certificate(folder)
        try:
            run_tests(certificate, key)
            for host in SERVERS:
                if host != "io_uring" or has_io_uring():
                    check_server(host, certificate, key)
            check_slow_readers()
            check_http()
            check_fan_out()
            check_clients(folder)
        except (Failure, proxies.Failure) as failure:
            sys.exit(f"error: {failure}")


if __name__ == "__main__":
    main()
