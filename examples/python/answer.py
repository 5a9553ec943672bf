"""How the echo servers answer a request."""

from __future__ import annotations

from sansock import Connection, Event, Request


def answer(connection: Connection, request: Request) -> list[Event]:
    """Accepts a request of its own origin. A server may also look at its target and headers."""
    if request.fault is not None:
        return answer_page(connection, request)
    return connection.accept() if request.same_origin else connection.reject(403)


def answer_page(connection: Connection, request: Request) -> list[Event]:
    """Answers plain HTTP, which comes with HTTP=1: any request that cannot be accepted. There is one page."""
    headers = {"Content-Type": "text/plain"}
    if request.method not in ("GET", "HEAD"):
        return connection.respond(405, headers=headers | {"Allow": "GET, HEAD"}, body=b"only GET and HEAD\n")
    if request.target != "/health":
        return connection.respond(404, headers=headers, body=b"no such page\n")
    return connection.respond(200, headers=headers, body=b"ok\n")
