"""wsproto's interface over the engine: import it in place of ``wsproto``, or put it there with :func:`install`.

It stands in for wsproto 1.2 and 1.3, which need not be installed. COMPAT.md says what differs.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

from sansock.compat._installing import Modules, installed_version

from . import _engine, connection, events, extensions, frame_protocol, handshake, typing, utilities
from .connection import Connection, ConnectionState, ConnectionType
from .events import Event
from .handshake import H11Handshake
from .typing import Headers

__all__ = ["ConnectionType", "WSConnection", "install", "uninstall"]

__version__ = "1.3.2"
"""The version of wsproto whose interface this is."""


class WSConnection:
    """One end of a connection, from the request that opens it.

    Attributes:
        client: Whether this is the client's end.
        handshake: The opening handshake.
        connection: The connection, when the handshake has succeeded; None until then.
    """

    def __init__(self, connection_type: ConnectionType) -> None:
        self.client: bool = connection_type is ConnectionType.CLIENT
        self.handshake: H11Handshake = H11Handshake(connection_type)
        self.connection: Connection | None = None

    @property
    def state(self) -> ConnectionState:
        """The state, as far as the events have been read."""
        return (self.connection or self.handshake).state

    def initiate_upgrade_connection(self, headers: Headers, path: bytes | str) -> None:
        """Takes a request that the program has read: see ``H11Handshake.initiate_upgrade_connection``."""
        self.handshake.initiate_upgrade_connection(headers, path)

    def send(self, event: Event) -> bytes:
        """The bytes to write for an event: see ``H11Handshake.send`` and ``Connection.send``."""
        data = (self.connection or self.handshake).send(event)
        self.connection = self.handshake.connection
        return data

    def receive_data(self, data: bytes | None) -> None:
        """Takes bytes that were read: see ``H11Handshake.receive_data`` and ``Connection.receive_data``."""
        (self.connection or self.handshake).receive_data(data)
        self.connection = self.handshake.connection

    def events(self) -> Generator[Event, None, None]:
        """The events so far. The state changes as they are read."""
        yield from self.handshake.events()
        if self.connection is not None:
            yield from self.connection.events()


_modules = Modules(
    {
        "wsproto": sys.modules[__name__],
        "wsproto.connection": connection,
        "wsproto.events": events,
        "wsproto.extensions": extensions,
        "wsproto.frame_protocol": frame_protocol,
        "wsproto.handshake": handshake,
        "wsproto.typing": typing,
        "wsproto.utilities": utilities,
    }
)


def install(max_message_size: int | None = None) -> None:
    """Makes ``import wsproto`` find this package. Call it before anything imports wsproto.

    Args:
        max_message_size: The largest message to receive, in bytes, after inflation. By default there is no limit, as
            wsproto has none, and programs have their own.

    Raises:
        ImportError: wsproto is installed in a version that this package does not stand in for.
        InvalidArgument: The limit is not allowed.
    """
    installed_version("wsproto", (1, 2), (1, 4))
    if max_message_size is not None:
        _engine.new_engine(False, max_message_size=max_message_size)
        _engine.limits["max_message_size"] = max_message_size
    _modules.install()


def uninstall() -> None:
    """Makes ``import wsproto`` find what it found before. What has imported names keeps those."""
    _engine.limits.update(_engine.UNLIMITED)
    _modules.uninstall()
