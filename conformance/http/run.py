"""The echo servers with HTTP=1, as clients that are not ours see them: curl, http.client, Node's fetch and websockets.

    python run.py [HOST ...]

Each must serve its page, refuse what it does not have, and answer a request whose body it does not read without a reset;
and WebSocket must work on the same port as before. Without HTTP=1 there must be no page.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from hosts import OUR_SERVERS, HostError, Server, end_orderly_on_sigterm, serving

SECONDS = 10.0
BIG_BODY = bytes(8 << 20)
"""A server that closed before it has read this would reset the connection."""

FETCH = """
const response = await fetch(process.argv[1]);
console.log(response.status, response.headers.get("content-type"), JSON.stringify(await response.text()));
"""
WEBSOCKET = "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="


class Failure(Exception):
    """A server did not answer as it must."""


FAILURES = Failure, OSError, http.client.HTTPException, WebSocketException
"""How a check fails: by what it found, or by what the client says."""


def expect(expected: object, found: object) -> None:
    if found != expected:
        raise Failure(f"expected {expected!r}, found {found!r}")


def run(*command: str, body: bytes = b"") -> bytes:
    """What a program prints; it must succeed."""
    try:
        result = subprocess.run(command, check=False, capture_output=True, input=body, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise Failure(f"{command[0]} is not over after {SECONDS:.0f} s") from None
    if result.returncode != 0:
        errors = result.stderr.decode(errors="replace").strip()
        raise Failure(f"{command[0]} ended with status {result.returncode}: {errors}")
    return result.stdout


def response(status: str, body: str, *more: str, first: tuple[str, ...] = (), shown: bool = True) -> bytes:
    """A response as it is on the wire. `shown`: the body follows its length."""
    fields = [*first, "Content-Type: text/plain", *more, "Connection: close", f"Content-Length: {len(body)}"]
    return "\r\n".join([f"HTTP/1.1 {status}", *fields, "", body if shown else ""]).encode()


OK = response("200 OK", "ok\n")
NOT_FOUND = response("404 Not Found", "no such page\n")
OTHER_VERSION = response("404 Not Found", "no such page\n", first=("Sec-WebSocket-Version: 13",))
NOT_ALLOWED = response("405 Method Not Allowed", "only GET and HEAD\n", "Allow: GET, HEAD")


def curl(server: Server, path: str, expected: bytes, *options: str, body: bytes = b"") -> None:
    """curl prints the whole response, and succeeds only if it has arrived in full."""
    fixed = ["--silent", "--show-error", "--include", "--noproxy", "*"]
    expect(expected, run("curl", *fixed, *options, f"http://127.0.0.1:{server.port}{path}", body=body))


def curl_upgrade(server: Server, expected: bytes, *fields: str) -> None:
    """An upgrade with a fault cannot be accepted: it is a request like any other."""
    options = [option for field in (*WEBSOCKET, *fields) for option in ("--header", field)]
    curl(server, "/", expected, *options)


def http_client(server: Server, method: str, status: int, expected: bytes, body: bytes = b"") -> None:
    """http.client reads the response only after it has sent the whole body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        connection.request(method, "/health", body)
        answer = connection.getresponse()
        expect((status, "text/plain", expected), (answer.status, answer.getheader("Content-Type"), answer.read()))
    finally:
        connection.close()


def fetch(server: Server) -> None:
    printed = run("node", "--input-type=module", "--eval", FETCH, f"http://127.0.0.1:{server.port}/health")
    expect('200 text/plain "ok\\n"', printed.decode().strip())


def echo(server: Server, path: str) -> None:
    with connect(f"{server.url}{path}", proxy=None, open_timeout=SECONDS, close_timeout=SECONDS) as connection:
        for message in ("Grüße", b"\x00\xff", "x" * 100_000):
            connection.send(message)
            expect(message, connection.recv(SECONDS))
    expect(1000, connection.close_code)


def foreign_page(server: Server) -> None:
    """An upgrade that a page of another site asks for is refused, as without HTTP=1."""
    try:
        with connect(server.url, proxy=None, open_timeout=SECONDS, origin=Origin("http://evil.example")):
            raise Failure("a page of another site was accepted")
    except InvalidStatus as refusal:
        expect(403, refusal.response.status_code)


def without_switch(server: Server) -> None:
    """A request that asks for no upgrade is refused by the engine."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        connection.request("GET", "/health")
        expect(426, connection.getresponse().status)
    finally:
        connection.close()


Check = Callable[[Server], None]
POST = ("--data-binary", "@-")
NO_EXPECT = ("--header", "Expect:")
"""curl sends a large body at once, and does not ask first."""

CHECKS: dict[str, Check] = {
    "curl": lambda server: curl(server, "/health", OK),
    "curl, HTTP/1.0": lambda server: curl(server, "/health", OK, "--http1.0"),
    "curl, HEAD": lambda server: curl(server, "/health", response("200 OK", "ok\n", shown=False), "--head"),
    "curl, no such page": lambda server: curl(server, "/", NOT_FOUND),
    "curl, POST": lambda server: curl(server, "/health", NOT_ALLOWED, *POST, body=b"a=b"),
    "curl, POST of much": lambda server: curl(server, "/health", NOT_ALLOWED, *POST, *NO_EXPECT, body=BIG_BODY),
    "curl, POST of much that asks first": lambda server: curl(server, "/health", NOT_ALLOWED, *POST, body=BIG_BODY),
    "curl, upgrade without a version": lambda server: curl_upgrade(server, NOT_FOUND),
    "curl, upgrade to version 8": lambda server: curl_upgrade(server, OTHER_VERSION, "Sec-WebSocket-Version: 8"),
    "http.client": lambda server: http_client(server, "GET", 200, b"ok\n"),
    "http.client, POST of much": lambda server: http_client(server, "POST", 405, b"only GET and HEAD\n", BIG_BODY),
    "fetch": fetch,
    "websockets": lambda server: echo(server, "/"),
    "websockets, to the path of the page": lambda server: echo(server, "/health"),
    "websockets, from a page of another site": foreign_page,
}
CHECKS_WITHOUT: dict[str, Check] = {
    "http.client, without HTTP=1": without_switch,
    "websockets, without HTTP=1": lambda server: echo(server, "/health"),
}


def check(host: str, switch: str, checks: dict[str, Check]) -> int:
    """Put one server to the checks. Returns how many hold."""
    os.environ["HTTP"] = switch
    held = 0
    try:
        with serving(host) as server:
            for name, run_check in checks.items():
                try:
                    run_check(server)
                    held += 1
                except FAILURES as error:
                    print(f"{host}: {name}: {error or type(error).__name__}")
            server.stop()
            expect("", server.errors())
    except (HostError, Failure) as error:
        print(f"{host}: {error}")
        return 0
    return held


def main() -> int:
    end_orderly_on_sigterm()
    started = time.perf_counter()
    wanted = len(CHECKS) + len(CHECKS_WITHOUT)
    failed = 0
    for host in sys.argv[1:] or OUR_SERVERS:
        held = check(host, "1", CHECKS) + check(host, "", CHECKS_WITHOUT)
        failed += wanted - held
        print(f"{host}: {held} of {wanted} checks of plain HTTP", flush=True)
    print(f"http: {time.perf_counter() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
