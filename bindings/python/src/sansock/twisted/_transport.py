"""The host of a session over a transport of Twisted: it reads, writes and waits."""

from __future__ import annotations

from collections.abc import Awaitable
from time import monotonic
from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, INegotiated, IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from .._connection import Connection
from .._enums import Transport
from .._progress import Patience, Reached, patience_of, reached_by
from .._session import Session
from .._settings import Settings
from ._websocket import WebSocket

__all__ = ["Once", "WebSocket", "WebSocketProtocol", "reactor_or_default"]


def reactor_or_default(reactor: Any) -> Any:
    """The reactor given, or the one that Twisted installs."""
    if reactor is None:
        from twisted.internet import reactor
    return reactor


@implementer(IHalfCloseableProtocol, IPushProducer)
class WebSocketProtocol(Protocol):
    """One connection: what Twisted calls, and what the session asks for.

    Attributes:
        websocket: The connection, as its users see it. It is there once the transport is.
        reason: Why the transport was lost, once it is.
    """

    make: Callable[[bool], Connection]
    settings: Settings
    reactor: Any
    may_write: bool
    patience: Patience | None = None
    is_reading: bool
    is_ended: bool
    is_shut_down: bool
    is_closing: bool
    is_busy: bool
    transport: Any
    session: Session
    websocket: WebSocket
    reason: Failure | None = None

    def __init__(self, connection: Callable[[bool], Connection], settings: Settings, reactor: Any) -> None:
        """Args: makes the engine, with TLS or without; the options; the reactor."""
        self.make, self.settings, self.reactor = connection, settings, reactor
        self.may_write = self.is_reading = True
        self.is_ended = self.is_shut_down = self.is_closing = self.is_busy = False
        self.due: int | None = None
        self.timer: Any = None
        self.woken: list[Deferred[None]] = []

    # What the session asks for

    def changed(self) -> None:
        """Writes, and does all else that may have become necessary."""
        self.drive()

    def sent(self) -> None:
        """Writes. Twisted collects what is written in one turn of the reactor."""
        self.write()

    def new_waiter(self) -> Deferred[None]:
        """A Deferred ends a wait."""
        return Deferred()

    def wake(self, waiter: Deferred[None]) -> None:
        """Ends a wait, once the session is done: who waits goes on within the call, and may use it."""
        self.woken.append(waiter)
        if len(self.woken) == 1 and not self.is_busy:
            self.reactor.callLater(0, self.wake_all)

    def wait(self, waiter: Deferred[None]) -> Awaitable[None]:
        """A Deferred is waited for as it is."""
        return waiter

    # What a host does

    def wake_all(self) -> None:
        """Lets those go on whose wait has ended."""
        woken, self.woken = self.woken, []
        for waiter in woken:
            if not waiter.called:
                waiter.callback(None)

    def drive(self) -> None:
        """Writes the output, reads or does not, sets the timer, obeys the transport instruction."""
        session = self.session
        if self.is_closing:
            return
        self.write()
        may_read = session.may_read
        if may_read is not self.is_reading and not self.is_ended:
            self.regulate(may_read)
        self.follow_deadline()
        instruction, pending = session.transport, session.connection.pending_output
        if instruction is Transport.CLOSE and not pending:
            self.close()
        elif instruction is Transport.SHUTDOWN_WRITE and not pending:
            self.shut_down_writing()

    def write(self) -> None:
        """Writes the output, unless the buffer of the transport is full."""
        connection = self.session.connection
        if (self.may_write or connection.transport is Transport.CLOSE) and not self.is_closing:
            output = connection.take_output()
            if output:
                self.transport.write(output)
            self.session.wrote()
        elif not self.may_write:
            # What waits to be written has a deadline.
            self.follow_deadline()

    def follow_deadline(self) -> None:
        """Sets the timer to the engine's deadline."""
        due = self.session.next_deadline
        # A deadline that has moved on is looked at when the timer for the old one comes.
        if due is not None and (self.due is None or due < self.due):
            self.set_timer(due)

    def regulate(self, may_read: bool) -> None:
        """Stops or goes on reading."""
        self.is_reading = may_read
        if may_read:
            self.transport.resumeProducing()
            self.session.resume()
        else:
            self.transport.pauseProducing()
            self.session.pause()

    def set_timer(self, due: int) -> None:
        """Follows the engine's deadline."""
        if self.patience is not None:
            due = self.patience.postponed(self.session, due)
            if due == self.due:
                return
        self.stop_timer()
        self.due, self.timer = due, self.reactor.callLater(max(0.0, due / 1000 - monotonic()), self.time_is_up)

    def stop_timer(self) -> None:
        """There is no deadline any more, or another one."""
        if self.timer is not None and self.timer.active():
            self.timer.cancel()

    def time_is_up(self) -> None:
        """Tells the engine, unless the deadline has moved on, or the peer reads slowly."""
        self.due = self.timer = None
        now = int(monotonic() * 1000)
        self.patience = patience_of(self.patience, self.session, self.settings, now, self.reached)
        if self.patience is None:
            self.take(self.session.timeout)
        else:
            self.drive()

    def reached(self) -> Reached | None:
        """How far the peer has come."""
        return reached_by(getattr(self.transport, "socket", None))

    def take(self, steps: Callable[..., None], *arguments: Any) -> None:
        """Has the session take an input, and acts on what has come of it."""
        self.is_busy = True
        try:
            steps(*arguments)
            self.drive()
        finally:
            self.is_busy = False
            self.wake_all()

    def shut_down_writing(self) -> None:
        """Ends our stream, behind all that was written. The peer's is still read. TLS knows no half."""
        if INegotiated.providedBy(self.transport):
            self.close()
        elif not self.is_shut_down:
            self.is_shut_down = True
            self.transport.unregisterProducer()
            self.transport.loseWriteConnection()

    def close(self) -> None:
        """Closes behind all that was written, for which the peer has ``close_timeout`` again."""
        self.is_closing = True
        self.stop_timer()
        self.timer = self.reactor.callLater(self.settings.close_timeout, self.transport.abortConnection)
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def abort(self) -> None:
        """Closes at once."""
        self.transport.abortConnection()

    # What Twisted calls

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name, as all below
        """The transport is there. A client's request is in the output."""
        connection = self.make(INegotiated.providedBy(self.transport))
        self.session = Session(
            connection, self, self.settings.max_queue, self.settings.parts, close_timeout=self.settings.close_timeout
        )
        self.websocket = WebSocket(self.session, self.transport)
        if getattr(self.transport.getHost(), "type", None) == "TCP":
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self.drive()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes were read."""
        self.take(self.session.receive, data)

    def readConnectionLost(self) -> None:  # noqa: N802
        """The peer has ended its stream."""
        self.is_ended = True
        self.take(self.session.receive_eof)

    def writeConnectionLost(self) -> None:  # noqa: N802
        """Our stream has ended, as it was told to."""

    def pauseProducing(self) -> None:  # noqa: N802
        """The buffer of the transport is full."""
        self.may_write = False

    def resumeProducing(self) -> None:  # noqa: N802
        """The buffer of the transport has room again."""
        self.may_write = True
        self.drive()

    def stopProducing(self) -> None:  # noqa: N802
        """The transport is lost, as ``connectionLost`` says."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The transport is closed."""
        self.is_closing, self.reason = True, reason
        self.stop_timer()
        self.take(self.session.lost)


class Once(Factory):
    """A factory for a protocol that is there already. It does not log."""

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self.made = protocol

    def buildProtocol(self, addr: Any) -> Protocol:  # noqa: N802
        """The protocol."""
        return self.made
