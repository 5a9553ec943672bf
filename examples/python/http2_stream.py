"""Drives Sansock connections over HTTP/2 (RFC 8441) with the package ``h2`` and asyncio's streams, for both ends."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from sansock import Connection, Event, Head, Transport

READ_SIZE = 65536
STREAMS = 100
# The window of the connection, so large that a stream which is not read leaves room for the others.
WINDOW = STREAMS * 65535
# What a peer has, once we have ended our side of a stream, to end its own.
LINGER_SECONDS = 10


class Http2:
    """One connection of HTTP/2. A subclass handles the events that begin streams."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_client: bool) -> None:
        self.reader, self.writer = reader, writer
        self.h2 = H2Connection(H2Configuration(client_side=is_client, header_encoding=None))
        if not is_client:
            values = {SettingCodes.ENABLE_CONNECT_PROTOCOL: 1, SettingCodes.MAX_CONCURRENT_STREAMS: STREAMS}
            self.h2.local_settings = Settings(client=False, initial_values=values)
        self.streams: dict[int, WebSocketStream] = {}
        self.wake = asyncio.Event()

    def begin(self, event: h2.events.Event) -> None:
        """Handles an event that belongs to no stream of ours."""

    async def run(self) -> None:
        """Reads until the peer ends the connection or breaks its rules. What there is to write, a task writes."""
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(WINDOW)
        self.wake.set()
        writing = asyncio.ensure_future(self.write())
        try:
            with suppress(ProtocolError, OSError):
                await self.read()
        finally:
            writing.cancel()
            for stream in list(self.streams.values()):
                stream.lose()
            with suppress(OSError):
                self.writer.write(self.h2.data_to_send())  # GOAWAY, if the peer broke the rules
                self.writer.close()

    async def read(self) -> None:
        """Passes on what arrives."""
        while data := await self.reader.read(READ_SIZE):
            for event in self.h2.receive_data(data):
                self.handle(event)
            self.wake.set()  # for the answers of h2 itself, and for windows that have grown

    def handle(self, event: h2.events.Event) -> None:
        """Handles one event of HTTP/2."""
        stream = self.streams.get(getattr(event, "stream_id", None) or 0)
        match event:
            case h2.events.ConnectionTerminated():
                raise ConnectionResetError("h2 sends nothing after GOAWAY")
            case h2.events.DataReceived() if stream:
                stream.receive(event.data, event.flow_controlled_length)
            case h2.events.DataReceived(stream_id=stream_id):
                self.h2.acknowledge_received_data(event.flow_controlled_length, stream_id)
            case h2.events.StreamEnded() if stream:
                stream.receive_end()
            case h2.events.StreamReset() if stream:
                stream.lose()
            case h2.events.ResponseReceived() if stream:
                stream.receive_response(event.headers)
            case _:
                self.begin(event)

    async def write(self) -> None:
        """Writes, with a frame of each stream in turn, and no more than the peer reads."""
        with suppress(OSError):
            while await self.wake.wait():
                self.wake.clear()
                for stream in list(self.streams.values()):
                    if stream.write():
                        self.wake.set()
                self.writer.write(self.h2.data_to_send())
                await self.writer.drain()


class WebSocketStream:
    """One stream. A subclass handles its events, and calls ``drive`` after any call on the connection."""

    def __init__(self, http2: Http2, stream_id: int, connection: Connection) -> None:
        self.http2, self.h2, self.stream_id, self.connection = http2, http2.h2, stream_id, connection
        self.loop = asyncio.get_running_loop()
        self.head: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.unacknowledged = 0
        self.has_ended = self.peer_has_ended = False
        self.deadline: int | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.linger: asyncio.TimerHandle | None = None
        http2.streams[stream_id] = self

    def handle(self, event: Event) -> None:
        """Handles one event."""
        raise NotImplementedError

    def drive(self, events: list[Event]) -> None:
        """Does what a host does after any call: handle events, set the timer; the task that writes does the rest."""
        self.handle_all(events)
        self.set_timer()
        self.http2.wake.set()

    def handle_all(self, events: list[Event]) -> None:
        """Handles these events, and those that wait behind them."""
        while events or self.connection.more:
            for event in events:
                if isinstance(event, Head):
                    self.keep_head(event)
                else:
                    self.handle(event)
            events = self.connection.timeout() if self.connection.more else []

    def keep_head(self, head: Head) -> None:
        """Keeps a request, or the response to one, until it is sent. The peer may have reset the stream meanwhile."""
        fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.headers]
        if head.status is not None:
            fields.insert(0, (b":status", b"%d" % head.status))
        self.head, self.body = fields, head.body

    def write(self) -> bool:
        """Passes one frame of data to h2, if the peer's windows have room, and returns whether it did."""
        if self.head:
            self.h2.send_headers(self.stream_id, self.head)
            self.head = []
        self.acknowledge()
        data = b"" if self.has_ended else self.take()
        if data:
            self.h2.send_data(self.stream_id, data)
        self.set_timer()
        self.obey()
        return bool(data)

    def take(self) -> bytes:
        """Takes as much as the windows and a frame have room for: of the body of a refusal, and then of the output."""
        window = max(self.h2.local_flow_control_window(self.stream_id), 0)
        room = min(window, self.h2.max_outbound_frame_size)
        if self.body:
            data, self.body = self.body[:room], self.body[room:]
            return data
        return self.connection.take_output(room)

    def acknowledge(self) -> None:
        """Lets the peer send as much again as was received, unless what it does not read is in the way."""
        if self.unacknowledged and self.connection.writable:
            self.h2.acknowledge_received_data(self.unacknowledged, self.stream_id)
            self.unacknowledged = 0
            self.connection.resume()
        elif self.unacknowledged:
            self.connection.pause()

    def obey(self) -> None:
        """Ends our side of the stream behind all that is sent. The peer has some time to read it and to end its own."""
        transport = self.connection.transport
        if transport is Transport.OPEN:
            return
        if not (self.has_ended or self.body or self.connection.pending_output):
            self.h2.end_stream(self.stream_id)
            self.has_ended = True
        if transport is Transport.CLOSE and self.has_ended and self.peer_has_ended:
            self.leave()
        elif transport is Transport.CLOSE and not self.linger:
            self.linger = self.loop.call_later(LINGER_SECONDS, self.reset)

    def reset(self) -> None:
        """The peer has not ended its side in time."""
        self.h2.reset_stream(self.stream_id, ErrorCodes.CANCEL)
        self.lose()

    def lose(self) -> None:
        """The stream is gone."""
        self.handle_all(self.connection.receive_eof())
        self.leave()

    def leave(self) -> None:
        """Forgets the stream. The window of the connection gets back what it has taken."""
        del self.http2.streams[self.stream_id]
        for timer in filter(None, (self.timer, self.linger)):
            timer.cancel()
        if self.unacknowledged:
            with suppress(ProtocolError):
                self.h2.acknowledge_received_data(self.unacknowledged, self.stream_id)
        self.http2.wake.set()

    def set_timer(self) -> None:
        """Follows the engine's deadline. The clocks are the same; theirs counts seconds, ours milliseconds."""
        if self.deadline == self.connection.next_deadline:
            return
        if self.timer:
            self.timer.cancel()
        self.deadline, self.timer = self.connection.next_deadline, None
        if self.deadline is not None:
            self.timer = self.loop.call_at(self.deadline / 1000, self.time_is_up)

    def time_is_up(self) -> None:
        """Tells the engine."""
        self.deadline = self.timer = None
        self.drive(self.connection.timeout())

    # What arrives

    def receive_response(self, fields: list[tuple[bytes, bytes]]) -> None:
        """The answer to our request."""
        self.drive(self.connection.receive_response(int(dict(fields)[b":status"]), fields))

    def receive(self, data: bytes, length: int) -> None:
        """Some data, which took so much of the window."""
        self.unacknowledged += length
        self.drive(self.connection.receive(data))

    def receive_end(self) -> None:
        """The peer has ended its side."""
        self.peer_has_ended = True
        self.drive(self.connection.receive_eof())
