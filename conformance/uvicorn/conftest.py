"""Puts Sansock in the place of uvicorn's own protocols in uvicorn's own tests, and says which of them it does not pass.

It lies beside the tests for a run, so that its fixture comes before theirs.
"""

from __future__ import annotations

from typing import Any

import pytest
from sansock import State
from sansock.uvicorn import WebSocketProtocol

CLOSES = "an application that ends without websocket.close closes with a Close frame: 1000, or 1011 if it failed"
PRIVATE = "the test looks at an attribute of uvicorn's own protocols that is none of ASGI"
DEVIATIONS = {
    "test_duplicate_handshake": CLOSES,
    "test_asgi_return_value": CLOSES,
    "test_close_transport_on_asgi_return": CLOSES,
    "test_server_keepalive_ping_pong": PRIVATE,
    "test_server_keepalive_disabled": PRIVATE,
    "test_close_gives_up_when_the_peer_never_replies": PRIVATE,
    "test_server_keepalive_ping_timeout": "the reason in the Close frame has other words",
    "test_close_resumes_reads_paused_on_an_unconsumed_message": "ws_max_queue messages are read ahead, not one",
    "test_shutdown_while_the_close_reply_is_pending": "the peer's answer is awaited, so that no reset destroys data",
    "test_send_binary_data_to_server_bigger_than_default_on_websockets[{http}-max=defaults sent=defaults+1]": (
        "the server reads on after a fault, and the client of the test then aborts a transport that is closed"
    ),
}


@pytest.fixture
def ws_protocol_cls() -> type[WebSocketProtocol]:
    """The class that the tests are run with."""
    return WebSocketProtocol


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Marks what is expected to fail, and completes the transport in memory, which has no ``abort``."""
    for item in items:
        module = item.module
        module.WebSocketsSansIOProtocol = WebSocketProtocol
        module.MockWriteTransport.abort = module.MockWriteTransport.close
        module.MockWebSocketConnection.awaiting_close_reply = property(
            lambda self: self._protocol.session.connection.state is State.CLOSING
        )
        http = item.callspec.params["http_protocol_cls"].rsplit(".", 1)[1]
        http = {"H11Protocol": "h11", "HttpToolsProtocol": "httptools"}.get(http.split(":")[1], "zttp")
        reason = DEVIATIONS.get(item.name.replace(f"[{http}", "[{http}")) or DEVIATIONS.get(item.originalname)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
