"""When the peer's Close is answered: with simulated time, and over sockets."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from test_session import End, Link, Task

from sansock import Closed, Connection, ConnectionClosedError, ConnectionClosedOK, Event, State, Text

from conftest import SEED, URL, masked

HALF = 5000
"""Half of ``close_timeout``, in milliseconds."""


def link(is_handled: bool = True, **options: Any) -> Link:
    """A client and a server, which has a handler."""
    made = Link({"receive_while_closing": True}, **options)
    made.server.session.is_handled = is_handled
    return made


def say_and_close(made: Link, *messages: str, code: int = 1000) -> None:
    """The client sends these and its Close at once."""
    for message in messages:
        made.client.session.connection.send(message)
    made.client.session.connection.close(code, now=made.clock[0])
    made.move()


def received(made: Link) -> list[Any]:
    """What the client has got."""
    return list(made.client.session.messages)


def is_answered(made: Link) -> bool:
    made.move()
    assert (made.client.session.closed is not None) is (made.server.session.closed is not None)
    return made.client.session.closed is not None


def test_messages_before_a_close_can_be_answered() -> None:
    made = link()
    say_and_close(made, "one", "two", code=4000)
    assert made.server.websocket.state is State.CLOSING
    for expected in ("one", "two"):
        message = made.server.do(made.server.websocket.recv())
        assert message == expected
        made.server.do(made.server.websocket.send(message))
        assert not is_answered(made)
    error = Task(made.server.websocket.recv()).error
    assert isinstance(error, ConnectionClosedError)
    assert (error.code, error.sent_code, error.clean) == (4000, 4000, True)
    assert is_answered(made)
    assert received(made) == ["one", "two"]
    assert made.client.session.closed == Closed(4000, "", True, False, 4000, None)


def test_a_message_that_was_received_before_the_close_came_can_be_answered() -> None:
    made = link()
    made.client.session.connection.send("one")
    made.move()
    message = made.server.do(made.server.websocket.recv())
    say_and_close(made)
    assert not is_answered(made)
    made.server.do(made.server.websocket.send(message))
    made.server.do(made.server.websocket.send(message))
    assert not is_answered(made)
    assert isinstance(Task(made.server.websocket.recv()).error, ConnectionClosedOK)
    assert is_answered(made)
    assert received(made) == ["one", "one"]


def test_who_waits_for_messages_holds_nothing_up() -> None:
    made = link()
    receiving = Task(made.server.websocket.recv())
    say_and_close(made)
    assert is_answered(made)
    assert isinstance(receiving.go_on().error, ConnectionClosedOK)


def test_a_feed_ends_with_the_close() -> None:
    made = link()
    made.client.session.connection.send("subscribe")
    made.move()
    made.server.do(made.server.websocket.recv())
    made.server.do(made.server.websocket.send("news"))
    say_and_close(made)
    assert is_answered(made)
    assert isinstance(Task(made.server.websocket.send("more")).error, ConnectionClosedOK)


@pytest.mark.parametrize("is_handled", [True, False])
def test_a_loop_over_messages_comes_back_and_one_call_may_not(is_handled: bool) -> None:
    for steps, is_held in (("recv", is_handled), ("__anext__", True)):
        made = link(is_handled)
        made.client.session.connection.send("one")
        made.move()
        assert made.server.do(getattr(made.server.websocket, steps)()) == "one"
        say_and_close(made)
        assert is_answered(made) is not is_held


def test_messages_that_nobody_receives_hold_up_only_a_handler() -> None:
    for is_handled in (True, False):
        made = link(is_handled)
        say_and_close(made, "one")
        assert is_answered(made) is not is_handled
        assert made.server.do(made.server.websocket.recv()) == "one"


def test_the_close_is_answered_in_time_whatever_the_handler_does() -> None:
    made = link()
    say_and_close(made, "one", "two")
    made.server.do(made.server.websocket.recv())
    assert made.server.session.next_deadline == HALF
    made.clock[0] = HALF - 1
    made.server.session.timeout()
    assert not is_answered(made)
    made.server.do(made.server.websocket.send("in time"))
    made.clock[0] = HALF
    made.server.session.timeout()
    assert is_answered(made)
    assert received(made) == ["in time"]
    assert made.client.session.closed == Closed(1000, "", True, False, 1000, None)
    assert isinstance(Task(made.server.websocket.send("late")).error, ConnectionClosedOK)
    assert made.server.do(made.server.websocket.recv()) == "two"


def test_the_time_follows_the_option() -> None:
    made = link(close_timeout=1.0)
    made.clock[0] = 70
    say_and_close(made, "one")
    assert made.server.session.next_deadline == 570


@pytest.mark.parametrize(("code", "sent"), [(1000, 4000), (1011, 1011)])
def test_the_end_of_a_handler_answers_and_its_failure_says_so(code: int, sent: int) -> None:
    made = link()
    say_and_close(made, "one", code=4000)
    closing = Task(made.server.websocket.close(code))
    assert is_answered(made)
    assert made.client.session.closed is not None
    assert made.client.session.closed.code == sent
    made.server.session.lost()
    assert closing.go_on().is_done


def test_waiting_for_the_end_answers() -> None:
    made = link()
    say_and_close(made, "one")
    waiting = Task(made.server.websocket.wait_closed())
    assert is_answered(made)
    made.server.session.lost()
    assert waiting.go_on().is_done


def test_nothing_is_read_while_the_answer_waits() -> None:
    made = link()
    say_and_close(made, "one")
    session = made.server.session
    assert not session.may_read
    session.receive(b"\x81\x80\0\0\0\0")
    session.connection.read_buffer[:6] = b"\x81\x80\0\0\0\0"
    session.receive_read_buffer(6)
    assert not is_answered(made)
    changes = made.server.changes
    made.server.do(made.server.websocket.recv())
    assert isinstance(Task(made.server.websocket.recv()).error, ConnectionClosedOK)
    assert made.server.changes == changes + 1
    assert session.may_read


def test_a_peer_that_ends_its_stream_can_still_read() -> None:
    made = link()
    say_and_close(made, "one")
    made.server.session.receive_eof()
    message = made.server.do(made.server.websocket.recv())
    made.server.do(made.server.websocket.send(message))
    assert isinstance(Task(made.server.websocket.recv()).error, ConnectionClosedOK)
    assert is_answered(made)
    assert received(made) == ["one"]


def test_a_transport_that_is_lost_ends_the_wait() -> None:
    made = link()
    say_and_close(made, "one", "two")
    waiting = Task(made.server.session.until_lost())
    made.server.session.lost()
    assert waiting.go_on().is_done
    assert made.server.do(made.server.websocket.recv()) == "one"
    assert isinstance(Task(made.server.websocket.send("late")).error, ConnectionClosedOK)
    assert made.server.do(made.server.websocket.recv()) == "two"


@pytest.mark.parametrize("count", [300, 5000])
def test_many_messages_that_come_with_the_request_are_all_received(count: int) -> None:
    end = End(Connection.server(batches=True, seed=SEED, now=0), [0])
    end.session.is_handled = True
    end.session.receive(Connection.client(URL, seed=SEED, now=0).take_output())
    sent = [f"message {number}" for number in range(count)]
    data = b"".join(masked(0x81, message.encode()) for message in sent) + masked(0x88, b"")
    while data and end.session.may_read:
        end.session.receive(data[:60_000])
        data = data[60_000:]
    end.session.handle(end.session.connection.accept(now=0))
    found = []
    while end.session.closed is None:
        if data and end.session.may_read:
            end.session.receive(data[:60_000])
            data = data[60_000:]
        task = Task(end.websocket.recv())
        if task.result is not None:
            found.append(task.result)
            end.do(end.websocket.send("answer"))
        task.cancel()
    assert found == sent


@pytest.mark.parametrize("how", ["receive", "receive_read_buffer", "receive_messages"])
def test_what_a_host_reads_all_the_same_is_kept(how: str) -> None:
    end = End(Connection.server(batches=True, seed=SEED), [0])
    session, connection = end.session, end.session.connection
    session.is_handled = True
    session.receive(Connection.client(URL, seed=SEED, now=0).take_output())
    sent = [str(number) for number in range(2000)]
    session.receive(b"".join(masked(0x81, text.encode()) for text in sent[:1990]))
    session.handle(connection.accept())
    assert session.held_until is not None
    for text in sent[1990:]:
        frame = masked(0x81, text.encode())
        if how == "receive":
            session.receive(frame)
        else:
            connection.read_buffer[: len(frame)] = frame
            getattr(session, how)(len(frame))
    found: list[Any] = []
    while len(found) < len(sent):
        found.append(end.do(end.websocket.recv()))
        end.do(end.websocket.send("answer"))
        connection.take_output()
    assert found == sent


def test_a_client_that_loops_can_answer_too() -> None:
    made = Link(server={"receive_while_closing": True})
    looping = Task(made.client.websocket.__anext__())
    made.server.session.connection.send("one")
    made.server.session.connection.close(now=0)
    made.move()
    assert looping.go_on().result == "one"
    made.client.do(made.client.websocket.send("answer"))
    assert isinstance(Task(made.client.websocket.__anext__()).error, StopAsyncIteration)
    assert is_answered(made)
    assert list(made.server.session.messages) == ["answer"]


def test_messages_before_a_fault_can_be_answered() -> None:
    made = link()
    # A message, and a reserved opcode.
    made.server.session.receive(masked(0x81, b"one") + masked(0x83, b""))
    message = made.server.do(made.server.websocket.recv())
    made.server.do(made.server.websocket.send(message))
    assert made.server.websocket.state is State.OPEN
    assert not is_answered(made)
    error = Task(made.server.websocket.recv()).error
    assert isinstance(error, ConnectionClosedError)
    assert error.sent_code == 1002
    assert error.fault is not None
    made.move()
    assert received(made) == ["one"]
    assert made.client.session.closed is not None
    assert made.client.session.closed.code == 1002


def test_a_fault_is_answered_in_time_and_at_once_where_nobody_answers_more() -> None:
    made = link()
    made.server.session.receive(masked(0x81, b"one") + masked(0x83, b""))
    assert made.server.session.next_deadline == HALF
    made.clock[0] = HALF
    made.server.session.timeout()
    assert made.server.session.closed is not None
    made = link()
    made.server.session.receive(masked(0x83, b""))
    assert made.server.session.closed is not None


def test_who_has_closed_answers_no_more() -> None:
    made = Link({"receive_while_closing": True}, {"receive_while_closing": True})
    made.server.session.is_handled = True
    closing = Task(made.server.websocket.close(4001))
    made.server.session.receive(masked(0x81, b"one") + masked(0x83, b""))
    assert made.server.session.closed is not None
    made.server.session.lost()
    assert closing.go_on().is_done


def test_parts_of_messages_before_a_close() -> None:
    made = link(server={"parts": True}, parts=True)
    for number in range(3):
        made.client.session.connection.send_part(f"part {number} ", last=number == 2)
    say_and_close(made, "whole")
    assert made.server.do(made.server.websocket.recv()) == "part 0 part 1 part 2 "
    assert made.server.do(made.server.websocket.recv()) == "whole"
    made.server.do(made.server.websocket.send("answer"))
    assert not is_answered(made)
    assert isinstance(Task(made.server.websocket.recv()).error, ConnectionClosedOK)
    assert is_answered(made)
    assert [part.data for part in received(made)] == ["answer"]


class SocketPeer:
    """A client that can send at once what others send one by one."""

    def __init__(self, address: Any, behind_the_request: bytes = b"") -> None:
        self.sock = socket.create_connection(address[:2], 20)
        self.engine = Connection.client("ws://127.0.0.1/", receive_while_closing=True)
        self.sock.sendall(self.engine.take_output() + behind_the_request)
        self.events: list[Event] = []
        self.until(lambda: self.engine.state is not State.CONNECTING)

    def write(self) -> None:
        self.sock.sendall(self.engine.take_output())

    def until(self, condition: Any) -> None:
        while not condition():
            data = self.sock.recv(65536)
            self.events += self.engine.receive(data) if data else self.engine.receive_eof()
            self.events = everything_now(self.engine, self.events)

    def texts(self) -> list[str]:
        return [event.data for event in self.events if isinstance(event, Text)]

    def end(self) -> Closed:
        """Waits for the end. Returns how it came."""
        self.until(lambda: self.engine.state is State.CLOSED)
        self.sock.close()
        (closed,) = (event for event in self.events if isinstance(event, Closed))
        return closed


def everything_now(engine: Connection, events: list[Event]) -> list[Event]:
    while engine.more:
        events += engine.timeout()
    return events


class TestServers:
    @pytest.mark.parametrize("ends_its_stream", [False, True])
    def test_all_that_came_before_the_close_is_answered(self, adapter: Any, ends_its_stream: bool) -> None:
        async def handler(websocket: Any) -> None:
            async for message in websocket:
                await websocket.send(message)
                await websocket.send("and " + message)

        with adapter.serve(handler) as served:
            peer = SocketPeer(served.address)
            for number in range(50):
                peer.engine.send(str(number))
            peer.engine.close(4000, "enough")
            peer.write()
            if ends_its_stream:
                peer.sock.shutdown(socket.SHUT_WR)
            assert peer.end() == Closed(4000, "enough", True, False, 4000, None)
            assert peer.texts() == [text for number in range(50) for text in (str(number), f"and {number}")]

    def test_all_of_it_may_come_with_the_request(self, adapter: Any) -> None:
        async def handler(websocket: Any) -> None:
            async for message in websocket:
                await websocket.send(message)

        with adapter.serve(handler) as served:
            peer = SocketPeer(served.address, masked(0x81, b"hi") + masked(0x88, b"\x03\xe8"))
            assert peer.end().clean
            assert peer.texts() == ["hi"]

    def test_a_handler_that_takes_its_time(self, adapter: Any) -> None:
        async def handler(websocket: Any) -> None:
            message = await websocket.recv()
            # Its pong comes together with the Close.
            await websocket.ping()
            await websocket.send(message)

        with adapter.serve(handler) as served:
            peer = SocketPeer(served.address)
            peer.engine.send("hello")
            peer.write()
            peer.until(lambda: peer.engine.pending_output)
            peer.engine.close(4000)
            peer.write()
            assert peer.end().code == 4000
            assert peer.texts() == ["hello"]

    def test_a_handler_that_does_not_come_back(self, adapter: Any) -> None:
        errors: list[BaseException] = []

        async def handler(websocket: Any) -> None:
            await websocket.recv()
            try:
                # No pong comes.
                await websocket.ping()
            except ConnectionClosedOK as error:
                errors.append(error)

        with adapter.serve(handler, close_timeout=0.2) as served:
            peer = SocketPeer(served.address)
            peer.engine.send("hello")
            peer.engine.close()
            peer.write()
            assert peer.end().clean
        assert len(errors) == 1
