"""The way to a server through a proxy: HTTP CONNECT, SOCKS5, SOCKS4a."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import _ffi
from ._arguments import HeadersInput, header_pairs, milliseconds, octets, string, unsigned
from ._details import DETAILED, rare_event, read_fault
from ._errors import InvalidArgument, check
from ._events import Event, Fault, _Value
from ._memory import thread_local
from ._numbers import OPTIONS
from ._owner import NEVER, Owner

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Proxy", "Tunnel", "parse_proxy"]

_SIZE = _ffi.RECORD_SIZE


@dataclass(frozen=True)
class Proxy(_Value):
    """Where to connect for the URL of a proxy. Credentials are not kept.

    Attributes:
        secure: True for ``https:``. Connect to the proxy with TLS.
        host: The host, without the brackets of an IPv6 address.
        port: The port: as given, else 80 for ``http:``, 443 for ``https:``, 1080 for SOCKS.
        resolves_names: Whether the proxy takes names. If not (``socks5:``), look the name up, and pass the address to
            ``Tunnel``.
    """

    __slots__ = ("secure", "host", "port", "resolves_names")
    secure: bool
    host: str
    port: int
    resolves_names: bool


def parse_proxy(url: str) -> Proxy:
    """Reads the URL of a proxy: ``http:``, ``https:``, ``socks4a:``, ``socks5:`` or ``socks5h:``.

    It may have a ``user:password@``. Next: connect the transport, with TLS if the proxy is secure, and create a
    :class:`Tunnel` with the same URL.

    Raises:
        InvalidArgument: It is not a valid URL of a proxy.
        TypeError: It is not a str.
    """
    data, parts = string(url, "url"), _ffi.ProxyParts()
    check(_ffi.proxy_parse(data, len(data), _ffi.by_reference(parts)), "url")
    host = data[parts.host_offset : parts.host_offset + parts.host_len]
    return Proxy(bool(parts.secure), host.decode(), parts.port, bool(parts.resolves_names))


class Tunnel(Owner):
    """One tunnel through a proxy: bytes in, events and bytes out, no I/O.

    It is driven as a :class:`Connection` is. After any call: write the output, handle the events that the call
    returned, set a timer to :attr:`next_deadline`, and obey :attr:`transport` once all output is written.

    The outcome is one of these, once:

    - ``Open``: the tunnel is through. The :attr:`unconsumed` bytes at the end of the last input, and all that arrive
      from now on, are for the next layer: TLS, or a connection.
    - ``Rejected``, then ``Closed``: the proxy refused. The status is that of HTTP, or the reply code of SOCKS.
    - ``Closed``: anything else went wrong, which its fault names.

    Input calls return events: ``receive``, ``receive_eof``, ``timeout``. Its memory is freed by :meth:`free`, at the
    end of a ``with`` block, or when the object is garbage.

    Attributes:
        unconsumed: How many bytes at the end of the last input were not consumed: they are for the next layer.
    """

    __slots__ = ("__weakref__", "unconsumed")
    unconsumed: int

    def __init__(
        self,
        proxy: str,
        host: str,
        port: int,
        *,
        headers: HeadersInput = (),
        timeout: int | None = None,
        max_head_size: int | None = None,
        max_line_size: int | None = None,
        max_headers: int | None = None,
        now: int | None = None,
    ) -> None:
        """Creates a tunnel. Its first message to the proxy is in the output.

        Next: connect the transport to where :func:`parse_proxy` says. Write the output to it, and pass what arrives to
        :meth:`receive`, until that returns an event.

        Args:
            proxy: The URL of the proxy. The name and password in it are sent to the proxy.
            host: The host that the tunnel leads to: a name, which the proxy resolves, or an address.
            port: The port there.
            headers: Headers to add to the request to an HTTP proxy: a mapping, or an iterable of pairs.
            timeout: Time for the proxy to answer, in milliseconds. Default: 10,000.
            max_head_size: The largest HTTP head to receive, interim responses included, in bytes. Default: 16 KiB.
            max_line_size: The longest line of an HTTP head, in bytes. Default: 8 KiB.
            max_headers: The largest number of headers in an HTTP head. Default: 128.
            now: The time, in milliseconds of a monotonic clock. Default: ``time.monotonic_ns() // 1_000_000``.

        Raises:
            InvalidArgument: An argument is not allowed. A name is not with ``socks5:``, an IPv6 address with
                ``socks4a:``; and of the headers, those that the request has anyway.
            TypeError: An argument is of another type.
            NoMemory: There is no memory for it.
        """
        numbers = {
            "timeout": timeout,
            "max_head_size": max_head_size,
            "max_line_size": max_line_size,
            "max_headers": max_headers,
        }
        time, config, tunnel = milliseconds(now), _new_config(proxy, host, port), _ffi.Handle()
        try:
            for number, (name, value) in enumerate(header_pairs(headers)):
                status = _ffi.tunnel_config_add_header(config, name, len(name), value, len(value))
                check(status, f"headers[{number}]")
            for option, choice in numbers.items():
                if choice is not None:
                    _set_number(config, option, choice)
            check(_ffi.tunnel_new(config, time, _ffi.by_reference(tunnel)))
        finally:
            _ffi.tunnel_config_free(config)
        block = _ffi.tunnel_block(tunnel)
        self._own(tunnel.value or 0, block, _ffi.tunnel_memory_at(block))
        self.unconsumed = 0

    # Input

    def receive(self, data: Buffer, now: int | None = None) -> list[Event]:
        """Takes bytes that were read from the proxy, up to the last one of its answer, and returns the events.

        Next: write the output, handle the events. After ``Open``, pass the :attr:`unconsumed` bytes to the next layer.

        Args:
            data: Any bytes-like object. It is copied, and may be empty.
            now: The time, in milliseconds.
        """
        raw = octets(data)
        check(_ffi.tunnel_receive(self._handle, raw, len(raw), milliseconds(now)))
        self.unconsumed = len(raw) - self._block.consumed
        return self._events()

    def receive_eof(self, now: int | None = None) -> list[Event]:
        """Reports that the proxy has ended its stream. It may be called in every state, any number of times.

        Once the tunnel is open it means nothing here: it is for the next layer.
        """
        check(_ffi.tunnel_receive_eof(self._handle, milliseconds(now)))
        return self._events()

    def timeout(self, now: int | None = None) -> list[Event]:
        """Acts on the deadline, if it has passed. Call it when :attr:`next_deadline` has come; early it is harmless."""
        check(_ffi.tunnel_timeout(self._handle, milliseconds(now)))
        return self._events()

    # Output

    def written(self, length: int) -> None:
        """Reports that the first ``length`` bytes of the output were written. Next: obey ``transport``.

        Raises:
            InvalidArgument: There is less output.
        """
        check(_ffi.tunnel_written(self._handle, unsigned(length, _ffi.SIZE_BITS, "length")))

    def take_output(self, limit: int | None = None) -> bytes:
        """Returns the bytes to write, up to ``limit`` of them, and reports them as written. Next: write the bytes."""
        data = self.output(limit)
        self.written(len(data))
        return data

    # State

    @property
    def next_deadline(self) -> int | None:
        """When to call :meth:`timeout`, in milliseconds of the clock of ``now``. None: never."""
        deadline = self._block.next_deadline
        return None if deadline == NEVER else deadline % 2**64

    @property
    def fault(self) -> Fault | None:
        """Why there is no tunnel; None if nothing went wrong."""
        return read_fault(self._block, self._handle, _ffi.tunnel_fault_text)

    # Private

    def _events(self) -> list[Event]:
        """The events of the last input call. None of them refers to its input."""
        block, events = self._block, []
        raw = self._records[: block.event_count * _SIZE] if block.event_count else b""
        at = 0
        while at < len(raw):
            record = _ffi.RECORD.unpack_from(raw, at)
            at += _SIZE
            # Byte 0 of a record is its kind, and the fourth field the number of details.
            details = raw[at : at + record[3] * _SIZE] if record[0] in DETAILED else b""
            at += len(details)
            read_buffer = thread_local.read_buffer
            event = rare_event(block, self._handle, read_buffer, record, details, _ffi.tunnel_fault_text)
            if event is not None:
                events.append(event)
        return events


def _new_config(proxy: str, host: str, port: int) -> _ffi.Handle:
    raw_proxy, raw_host = string(proxy, "proxy"), string(host, "host")
    config, number = _ffi.Handle(), unsigned(port, 16, "port")
    place = _ffi.by_reference(config)
    status = _ffi.tunnel_config_new(raw_proxy, len(raw_proxy), raw_host, len(raw_host), number, place)
    check(status, "proxy, host, port")
    return config


def _set_number(config: _ffi.Handle, name: str, value: int) -> None:
    option = OPTIONS["handshake_timeout" if name == "timeout" else name]
    try:
        check(_ffi.tunnel_config_set(config, option.number, unsigned(value, 64, name)))
    except InvalidArgument as error:
        allowed = f"it must be from {option.minimum} to {option.maximum}"
        raise InvalidArgument(f"{name} cannot be {value}: {allowed}") from error
