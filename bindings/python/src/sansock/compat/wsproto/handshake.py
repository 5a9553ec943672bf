"""The opening handshake: the counterpart of ``wsproto.handshake``."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from typing import cast

from sansock import _events as engine_events
from sansock._errors import InvalidArgument, InvalidState, SansockError

from ._engine import new_engine
from ._faults import request_error, response_error
from .connection import CLIENT, Connection, ConnectionState, ConnectionType, enabled_deflate
from .events import AcceptConnection, Event, RejectConnection, RejectData, Request
from .extensions import Extension, PerMessageDeflate
from .typing import Headers
from .utilities import LocalProtocolError, RemoteProtocolError

__all__ = [
    "WEBSOCKET_UPGRADE",
    "WEBSOCKET_VERSION",
    "H11Handshake",
    "client_extensions_handshake",
    "server_extensions_handshake",
]

WEBSOCKET_VERSION = b"13"
WEBSOCKET_UPGRADE = b"websocket"
_OF_REQUESTS = frozenset((b"host", b"sec-websocket-extensions", b"sec-websocket-protocol"))
"""Header fields of a request that have fields of their own in the event."""
_OF_RESPONSES = frozenset(
    (b"connection", b"sec-websocket-accept", b"sec-websocket-extensions", b"sec-websocket-protocol", b"upgrade")
)
_OF_THE_ENGINE = re.compile(rb"connection|content-length|transfer-encoding|upgrade|sec-websocket-.*", re.IGNORECASE)
"""Header fields of a refusal that the engine would write itself, and does not take from the program."""


class H11Handshake:
    """The opening handshake over HTTP/1.1. Its name is wsproto's; the HTTP is the engine's.

    Attributes:
        client: Whether this is the client's end.
    """

    def __init__(self, connection_type: ConnectionType) -> None:
        self.client: bool = connection_type is CLIENT
        self._state = ConnectionState.CONNECTING
        self._connection: Connection | None = None
        self._events: deque[Event] = deque()
        # A client's connection begins with the URL, which its request brings.
        self._engine = None if self.client else new_engine(False, deliver_http=True, deflate=True)
        self._request: Request | None = None
        # Whether the stream must not end here: a client awaits its response, or a server has a part of a request.
        self._is_within_head = self.client
        # What the engine does not take before the request is answered.
        self._backlog = b""
        self._is_chunked = False

    @property
    def state(self) -> ConnectionState:
        """The state."""
        return self._state

    @property
    def connection(self) -> Connection | None:
        """The connection, when the handshake has succeeded."""
        return self._connection

    def initiate_upgrade_connection(self, headers: Headers, path: bytes | str) -> None:
        """Takes a request that the program has read, on a server.

        Raises:
            LocalProtocolError: This is a client, or the path or a header has a line end in it.
            RemoteProtocolError: It is no valid opening request.
        """
        if self.client:
            raise LocalProtocolError("a client receives no request")
        target = path.encode("ascii") if isinstance(path, str) else path
        self.receive_data(_lines(b"GET %s HTTP/1.1" % target, _as_bytes(headers)))

    def send(self, event: Event) -> bytes:
        """The bytes to write for a request or a response.

        The body of a refusal whose headers give no length is sent in chunks (RFC 9112 section 7.1).

        Raises:
            LocalProtocolError: The event is none of the handshake, the state does not allow it, or it is malformed.
        """
        try:
            if isinstance(event, Request):
                return self._send_request(event)
            if isinstance(event, AcceptConnection):
                return self._accept(event)
            if isinstance(event, RejectConnection):
                return self._reject(event)
            if isinstance(event, RejectData):
                return self._send_reject_data(event)
        except SansockError as error:
            raise LocalProtocolError(f"{type(event).__name__} cannot be sent: {error}") from error
        raise LocalProtocolError(f"{event} cannot be sent during the handshake")

    def receive_data(self, data: bytes | None) -> None:
        """Takes bytes that were read; None or nothing for the end of the stream. Next: read ``events()``.

        Raises:
            LocalProtocolError: A client has not sent its request, or the connection is open and receives by itself.
            RemoteProtocolError: The request or the response breaks a rule.
        """
        engine = self._engine
        if engine is None or self._connection is not None:
            raise LocalProtocolError("no head is awaited")
        if self._backlog:
            self._backlog += data or b""
            return
        if data and self._request is None:
            self._is_within_head = True
        events = engine.receive(data, 0) if data else engine.receive_eof(0)
        if data and engine.unconsumed:
            self._backlog = bytes(data[-engine.unconsumed :])
        for number, event in enumerate(events):
            if isinstance(event, engine_events.Request):
                self._receive_request(event)
            elif isinstance(event, engine_events.Open):
                self._receive_acceptance(event, events[number + 1 :])
                break
            elif isinstance(event, engine_events.Rejected):
                self._receive_refusal(event)
            elif isinstance(event, engine_events.Closed) and self._is_within_head:
                raise RemoteProtocolError("Bad HTTP message", RejectConnection())

    def events(self) -> Generator[Event, None, None]:
        """The events so far."""
        while self._events:
            yield self._events.popleft()

    # A server's end

    def _receive_request(self, event: engine_events.Request) -> None:
        self._is_within_head = False
        if event.fault is not None:
            raise request_error(event)
        try:
            host = event.authority.encode("latin-1").decode("idna")
        except UnicodeError:
            host = event.authority
        headers = [pair for pair in _lowered(event.headers) if pair[0] not in _OF_REQUESTS]
        subprotocols = list(event.subprotocols)
        self._request = Request(host, event.target, list(event.extensions), headers, subprotocols)
        self._events.append(self._request)

    def _accept(self, event: AcceptConnection) -> bytes:
        engine, request = self._engine, self._request
        if engine is None or request is None or self.client:
            raise LocalProtocolError("no request awaits its decision")
        deflate = next((each for each in event.extensions if isinstance(each, PerMessageDeflate)), None)
        others = [each for each in event.extensions if each is not deflate]
        accepted = server_extensions_handshake(cast("Sequence[str]", request.extensions), others)
        enabled_deflate(others)
        try:
            events = engine.accept(
                event.subprotocol, event.extra_headers, 0, **(deflate.options if deflate else {"deflate": False})
            )
        except InvalidArgument as error:
            if event.subprotocol is not None and event.subprotocol not in request.subprotocols:
                raise LocalProtocolError(f"unexpected subprotocol {event.subprotocol}") from error
            raise
        opened = cast("engine_events.Open", events[0])
        if deflate and opened.extensions:
            deflate.agree(opened.extensions[0], client=False)
        self._open(events[1:])
        return _with_extensions(engine.take_output(), accepted)

    def _reject(self, event: RejectConnection) -> bytes:
        """The head of a refusal. Refusals are the program's HTTP: the engine checks them, and does not write them."""
        engine = self._engine
        if engine is None or self.client or self._state is not ConnectionState.CONNECTING:
            raise LocalProtocolError(f"a request cannot be refused in the state {self._state.name}")
        headers = _as_bytes(event.headers)
        names = {name.lower() for name, _ in headers}
        if not event.has_body:
            headers.append((b"content-length", b"0"))
        elif not names & {b"content-length", b"transfer-encoding"}:
            headers.append((b"transfer-encoding", b"chunked"))
        head = _lines(b"HTTP/1.1 %d " % event.status_code, headers)
        try:
            others = [pair for pair in headers if not _OF_THE_ENGINE.fullmatch(pair[0])]
            engine.respond(event.status_code, "", others, b"", 0)
        except InvalidState:
            # The engine has refused by itself what is no HTTP request, and its answer waits in the output.
            self._state = ConnectionState.CLOSED
            return engine.take_output()
        self._is_chunked = event.has_body and b"content-length" not in names
        self._state = ConnectionState.REJECTING if event.has_body else ConnectionState.CLOSED
        return head

    def _send_reject_data(self, event: RejectData) -> bytes:
        if self.client or self._state is not ConnectionState.REJECTING:
            raise LocalProtocolError(f"a refusal has no body in the state {self._state.name}")
        data = event.data
        if self._is_chunked:
            data = b"%x\r\n%s\r\n" % (len(data), data) if data else b""
        if event.body_finished:
            self._state = ConnectionState.CLOSED
            data += b"0\r\n\r\n" if self._is_chunked else b""
        return data

    # A client's end

    def _send_request(self, event: Request) -> bytes:
        if not self.client or self._engine is not None:
            raise LocalProtocolError("a request is sent once, by a client")
        host = event.host.encode("idna").decode("ascii")
        if set("/?#@\\") & set(host) or not event.target.startswith("/"):
            raise LocalProtocolError("the host or the target is malformed")
        extensions = cast("Sequence[Extension]", event.extensions)
        deflate = next((each for each in extensions if isinstance(each, PerMessageDeflate)), None)
        self._engine = new_engine(
            True,
            f"ws://{host}{event.target}",
            headers=event.extra_headers,
            subprotocols=event.subprotocols,
            **(deflate.options if deflate else {}),
        )
        self._request = event
        offers = ((each.name, each.offer()) for each in extensions if each is not deflate)
        return _with_extensions(self._engine.take_output(), _extensions_header(offers))

    def _receive_acceptance(self, event: engine_events.Open, behind: Sequence[engine_events.Event]) -> None:
        assert self._request is not None
        offered = cast("Sequence[Extension]", self._request.extensions)
        agreed = [each for each in offered if isinstance(each, PerMessageDeflate) and event.extensions]
        for deflate in agreed:
            deflate.agree(event.extensions[0], client=True)
        headers = [pair for pair in _lowered(event.headers) if pair[0] not in _OF_RESPONSES]
        self._events.append(AcceptConnection(event.subprotocol, cast("list[Extension]", agreed), headers))
        self._open(behind)

    def _receive_refusal(self, event: engine_events.Rejected) -> None:
        assert self._engine is not None
        if event.status == 101:
            raise response_error(event, self._engine.fault)
        self._events.append(RejectConnection(event.status, list(_lowered(event.headers)), True))
        if event.body:
            self._events.append(RejectData(event.body, False))
        self._events.append(RejectData(b"", True))
        self._state, self._is_within_head = ConnectionState.CLOSED, False

    def _open(self, behind: Iterable[engine_events.Event]) -> None:
        assert self._engine is not None
        self._connection = Connection.over(self._engine, self.client, behind)
        self._connection.receive_data(self._backlog)
        self._state = ConnectionState.OPEN

    def __repr__(self) -> str:
        return f"{type(self).__name__}(client={self.client}, state={self.state})"


def server_extensions_handshake(requested: Iterable[str], supported: Sequence[Extension]) -> bytes | None:
    """What a server answers to the extensions that a client offers, as ``Sec-WebSocket-Extensions``; None for nothing.

    The extensions that are agreed on are told so.
    """
    answers: dict[str, str | bool | None] = {}
    for offer in requested:
        name = offer.partition(";")[0].strip()
        for extension in supported:
            if extension.name == name and not answers.get(name):
                answers[name] = extension.accept(offer)
    return _extensions_header(answers.items())


def client_extensions_handshake(accepted: Iterable[str], supported: Sequence[Extension]) -> list[Extension]:
    """The extensions that a server has accepted. They are told so.

    Raises:
        RemoteProtocolError: One of them was not offered.
    """
    agreed = []
    for answer in accepted:
        name = answer.partition(";")[0].strip()
        extension = next((each for each in supported if each.name == name), None)
        if extension is None:
            raise RemoteProtocolError(f"unrecognized extension {name}", RejectConnection())
        extension.finalize(answer)
        agreed.append(extension)
    return agreed


def _extensions_header(extensions: Iterable[tuple[str, str | bool | None]]) -> bytes | None:
    """Names and parameters of extensions, as the value of a header; None for nothing."""
    parts = []
    for name, parameters in extensions:
        if parameters is True or parameters == "":
            parts.append(name)
        elif parameters:
            parts.append(f"{name}; {parameters}")
    return ", ".join(parts).encode("ascii") or None


def _lines(first: bytes, headers: Headers) -> bytes:
    """A head, as text."""
    lines = [first, *(b"%s: %s" % pair for pair in headers), b"", b""]
    if any(b"\r" in line or b"\n" in line for line in lines):
        raise LocalProtocolError("a line of the head has a line end in it")
    return b"\r\n".join(lines)


def _with_extensions(head: bytes, extensions: bytes | None) -> bytes:
    """Adds extensions that the engine does not know to its head. They end like it, with an empty line."""
    return head if extensions is None else head[:-2] + b"Sec-WebSocket-Extensions: %s\r\n\r\n" % extensions


def _as_bytes(headers: Iterable[tuple[bytes | str, bytes | str]]) -> Headers:
    """Header fields as wsproto takes them, which are also text."""
    pairs = (tuple(each.encode("ascii") if isinstance(each, str) else bytes(each) for each in pair) for pair in headers)
    return cast("Headers", list(pairs))


def _lowered(headers: engine_events.Headers) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
