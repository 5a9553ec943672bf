"""What the echo servers answer to plain HTTP, with HTTP=1: any request that cannot be accepted. There is one page."""

from __future__ import annotations

from sansock import Request
from sansock.asyncio import Response


def page_for(request: Request) -> Response | None:
    """The answer to a request; None if it opens a connection."""
    if request.fault is None:
        return None
    headers = {"Content-Type": "text/plain"}
    if request.method not in ("GET", "HEAD"):
        return Response(405, headers | {"Allow": "GET, HEAD"}, b"only GET and HEAD\n")
    if request.target != "/health":
        return Response(404, headers, b"no such page\n")
    return Response(200, headers, b"ok\n")
