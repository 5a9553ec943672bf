"""The opening handshake of a connection: the answer to a request, and heads that the host passes as fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _ffi
from ._arguments import (
    HeadersInput,
    HttpVersion,
    chosen_subprotocol,
    header,
    header_pairs,
    http_version_number,
    milliseconds,
    milliseconds_argument,
    response,
    unsigned,
)
from ._errors import check
from ._events import Event
from ._options import deflate_limits
from ._sending import Sender

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Opening"]

_sizes = _ffi.sizes


class Opening(Sender):
    """The opening handshake of a :class:`Connection`."""

    __slots__ = ()

    # The answer to a request

    def add_response_header(self, name: str | bytes, value: str | bytes) -> None:
        """Adds a header to the response of the next :meth:`accept`, :meth:`reject` or :meth:`respond`.

        It comes before those passed there. If that call raises an exception, this header is dropped.

        Args:
            name: The name. A str is encoded as ISO 8859-1.
            value: The value, likewise.

        Raises:
            InvalidState: No request awaits its decision.
            InvalidArgument: It is malformed, or the handshake writes this header itself.
            TypeError: The name or the value is of another type.
        """
        self._add_response_header(*header(name, value))

    def accept(
        self,
        subprotocol: str | None = None,
        headers: HeadersInput = (),
        now: int | None = None,
        *,
        deflate: bool = True,
        server_no_context_takeover: bool = False,
        client_no_context_takeover: bool = False,
        server_max_window_bits: int = 15,
        client_max_window_bits: int = 15,
    ) -> list[Event]:
        """Accepts the request. Returns ``Open``, and the events of what arrived after the request.

        If the request was made of fields, ``Head`` comes before ``Open``: send it.

        Next: write the output, handle the events, set the timer. If it raises an exception, the request can still be
        answered, and no header waits for that answer: those of :meth:`add_response_header` are dropped as well.

        The last five arguments narrow what the options of the same names allow to agree on, for this connection alone.
        Their defaults narrow nothing.

        Args:
            subprotocol: One that the client offers. Default: the first configured one that it offers, if any.
            headers: Headers to add to the response: a mapping, or an iterable of pairs of a name and a value.
            now: The time, in milliseconds.
            deflate: False declines compression.
            server_no_context_takeover: True compresses each message of the server alone.
            client_no_context_takeover: True asks that of the client.
            server_max_window_bits: The largest window of the server, 8 to 15.
            client_max_window_bits: The largest window of the client, 8 to 15.

        Raises:
            InvalidState: No request awaits its decision, or this one has a ``fault`` and cannot be accepted.
            InvalidArgument: The client does not offer the subprotocol, a header is not allowed, or a number is not in
                its range.
            TypeError: An argument is of another type.
        """
        try:
            choice = b"" if subprotocol is None else chosen_subprotocol(subprotocol)
            pairs, time = header_pairs(headers), milliseconds_argument(now)
            limits = deflate_limits(
                deflate,
                server_no_context_takeover,
                client_no_context_takeover,
                server_max_window_bits,
                client_max_window_bits,
            )
            self._add_response_headers(pairs)
            for option, value in limits:
                check(_ffi.conn_limit_deflate(self._handle, option, value))
            check(_ffi.conn_accept(self._handle, choice, _sizes[len(choice)], time), "subprotocol")
        except BaseException:
            self._clear_response()
            raise
        return self._events()

    def reject(
        self,
        status: int,
        headers: HeadersInput = (),
        body: Buffer = b"",
        now: int | None = None,
    ) -> list[Event]:
        """Refuses the request, with the usual reason phrase of the status. Otherwise it is :meth:`respond`.

        Args:
            status: An HTTP status from 200 to 599. Use 403 for an origin that is not allowed.
            headers: Headers to add to the response: a mapping, or an iterable of pairs of a name and a value.
            body: The body of the response; empty for 204 and 304.
            now: The time, in milliseconds.

        Raises:
            InvalidState: No request awaits its decision.
            InvalidArgument: The status, a header or the body is not allowed.
            TypeError: An argument is of another type.
        """
        return self.respond(status, "", headers, body, now)

    def respond(
        self,
        status: int,
        reason: str | bytes = "",
        headers: HeadersInput = (),
        body: Buffer = b"",
        now: int | None = None,
    ) -> list[Event]:
        """Answers the request with a response that opens no connection: a page, a health check, a refusal.

        Returns ``Closed``, with the fault ``REFUSED``. If the request was made of fields, ``Head`` comes before it:
        send it.

        With the option ``deliver_http``, requests are delivered that are no opening requests. The body of such a
        request is not read, and no further request on this transport. ``Content-Length`` and ``Connection: close`` are
        added to the response; that to a HEAD request gets no body. If the request asks for another version of
        WebSocket, ``Sec-WebSocket-Version`` is added, whatever the status (RFC 6455 §4.4).

        Next: write the output, obey :attr:`transport`, set the timer. If it raises an exception, the request can still
        be answered, and no header waits for that answer: those of :meth:`add_response_header` are dropped as well.

        Args:
            status: An HTTP status from 200 to 599.
            reason: The reason phrase. A str is encoded as ISO 8859-1. Default: the usual one of the status. HTTP/2 and
                HTTP/3 have none.
            headers: Headers to add to the response: a mapping, or an iterable of pairs of a name and a value.
            body: The body of the response; empty for 204 and 304.
            now: The time, in milliseconds.

        Raises:
            InvalidState: No request awaits its decision.
            InvalidArgument: The status, the reason, a header or the body is not allowed.
            TypeError: An argument is of another type.
        """
        try:
            status, phrase, raw = response(status, reason, body)
            pairs, now = header_pairs(headers), milliseconds(now)
            self._add_response_headers(pairs)
            # All but the reason has been checked.
            check(_ffi.conn_respond(self._handle, status, phrase, len(phrase), raw, len(raw), now), "reason")
        except BaseException:
            self._clear_response()
            raise
        return self._events()

    # Heads as fields

    def receive_request(
        self, fields: HeadersInput, http_version: HttpVersion = "1.1", now: int | None = None
    ) -> list[Event]:
        """Receives a request as fields, on a server whose host has an HTTP of its own: HTTP/1.1, HTTP/2 or HTTP/3.

        Call it before any other input call. Returns ``Request``; or ``Head`` with a refusal, and ``Closed``.

        Next: answer the request; the answer comes as a ``Head`` to send, and the output has only frames. Pass what
        arrives behind the head to :meth:`receive`. On a stream of HTTP/2 or HTTP/3 the output goes into DATA frames,
        and :attr:`transport` says how the stream ends (RFC 8441 section 5): ``SHUTDOWN_WRITE`` is END_STREAM behind the
        last byte; ``CLOSE`` is the same, and then RST_STREAM with CANCEL unless the peer has ended the stream too.
        END_STREAM and RST_STREAM from the peer are :meth:`receive_eof`.

        Args:
            fields: A mapping, or an iterable of pairs of a name and a value. A str is encoded as ISO 8859-1. First come
                the pseudo-header fields: ``:method`` and ``:path``, which is the target, and for HTTP/2 and HTTP/3
                ``:scheme``, ``:authority`` and ``:protocol``.
            http_version: ``"1.1"``, ``"2"`` or ``"3"``.
            now: The time, in milliseconds.

        Raises:
            InvalidState: Something has been received, or this is a client.
            InvalidArgument: There is no such version, or a str is not in ISO 8859-1.
            TypeError: An argument is of another type.
        """
        pairs = header_pairs(fields, "fields")
        version, now = http_version_number(http_version), milliseconds(now)
        table, _data = _ffi.field_table(pairs)
        check(_ffi.conn_receive_request(self._handle, version, table, len(pairs), now))
        return self._events()

    def request_fields(self, http_version: HttpVersion = "1.1", now: int | None = None) -> list[Event]:
        """Takes a client's request as fields, in place of the text in the output. Returns ``Head``.

        Next: send it with an HTTP of the host's, and pass on the answer with :meth:`receive_response`. What is true of
        output and :attr:`transport` after :meth:`receive_request` is true here.

        Args:
            http_version: ``"1.1"``, ``"2"`` or ``"3"``.
            now: The time, in milliseconds.

        Raises:
            InvalidState: Output was written, something has been received, or this is a server.
            InvalidArgument: There is no such version.
            TypeError: An argument is of another type.
        """
        version, now = http_version_number(http_version), milliseconds(now)
        check(_ffi.conn_request_fields(self._handle, version, now))
        return self._events()

    def receive_response(self, status: int, fields: HeadersInput = (), now: int | None = None) -> list[Event]:
        """Receives the response to a request that was made of fields. Returns ``Open``, or nothing.

        After a refusal, pass its body to :meth:`receive`. ``Rejected`` and ``Closed`` come when it has ended: by its
        Content-Length, or by :meth:`receive_eof`. Interim responses may be passed on or left out.

        Args:
            status: The HTTP status.
            fields: As for :meth:`receive_request`, without ``:status``, or with it in front of the others.
            now: The time, in milliseconds.

        Raises:
            InvalidState: No response to a request made of fields is awaited.
            InvalidArgument: The status is not from 0 to 65,535, or a str is not in ISO 8859-1.
            TypeError: An argument is of another type.
        """
        number, pairs, now = unsigned(status, 16, "status"), header_pairs(fields, "fields"), milliseconds(now)
        table, _data = _ffi.field_table(pairs)
        check(_ffi.conn_receive_response(self._handle, number, table, len(pairs), now))
        return self._events()

    # Private

    def _add_response_header(self, name: bytes, value: bytes, argument: str = "") -> None:
        check(_ffi.conn_add_response_header(self._handle, name, len(name), value, len(value)), argument)

    def _add_response_headers(self, pairs: tuple[tuple[bytes, bytes], ...]) -> None:
        for number, (name, value) in enumerate(pairs):
            self._add_response_header(name, value, f"headers[{number}]")

    def _clear_response(self) -> None:
        """Drops what waits for an answer: headers and limits. That no request awaits one is no error here."""
        _ffi.conn_clear_response(self._handle)

    def _events(self) -> list[Event]:
        """The events of the last input call, which Connection can tell."""
        raise NotImplementedError
