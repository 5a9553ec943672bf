"""The session alone, with simulated time: two of them, and no transport between them."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any

import pytest

from sansock import (
    ConcurrencyError,
    Connection,
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidState,
    State,
    Transport,
)
from sansock._session import MAX_QUEUE, Session
from sansock._websocket import WebSocket

from conftest import SEED, URL, masked


class Waiter:
    """Something to wait for."""

    def __init__(self) -> None:
        self.is_woken = False

    def __await__(self) -> Generator[None, None, None]:
        while not self.is_woken:
            yield


class Task:
    """A coroutine that is run by hand."""

    def __init__(self, steps: Coroutine[Any, Any, Any]) -> None:
        self.steps = steps
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False
        self.go_on()

    def go_on(self) -> Task:
        if not self.is_done:
            try:
                self.steps.send(None)
            except StopIteration as stop:
                self.result, self.is_done = stop.value, True
            except Exception as error:
                self.error, self.is_done = error, True
        return self

    def cancel(self) -> None:
        self.steps.close()
        self.is_done = True


class End:
    """One end: the host of a session, whose transport is the other end."""

    def __init__(self, connection: Connection, clock: list[int], **options: Any) -> None:
        self.clock = clock
        self.session = Session(connection, self, now=lambda: clock[0], **options)
        self.websocket = WebSocket(self.session)
        self.changes = 0

    def changed(self) -> None:
        self.changes += 1

    sent = changed

    def new_waiter(self) -> Waiter:
        return Waiter()

    def wake(self, waiter: Waiter) -> None:
        waiter.is_woken = True

    def wait(self, waiter: Waiter) -> Waiter:
        return waiter

    def do(self, steps: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine that need not wait."""
        task = Task(steps)
        assert task.is_done
        if task.error:
            raise task.error
        return task.result


class Link:
    """A client and a server that are open to each other."""

    def __init__(self, client: Any = (), server: Any = (), **options: Any) -> None:
        self.clock = [0]
        base: dict[str, Any] = {"batches": not options.get("parts"), "seed": SEED, "now": 0}
        self.client = End(Connection.client(URL, **base, **dict(client)), self.clock, **options)
        self.server = End(Connection.server(**base, **dict(server)), self.clock, **options)
        self.move()
        self.server.session.handle(self.server.session.connection.accept(now=0))
        self.move()
        assert self.client.session.opened
        assert self.server.session.opened

    def move(self) -> None:
        """Passes on all output, until there is none."""
        ends = (self.client, self.server)
        while any(end.session.connection.pending_output for end in ends):
            for end, other in (ends, ends[::-1]):
                data = end.session.connection.take_output()
                end.session.wrote()
                if data:
                    other.session.receive(data)

    def pass_time(self, to: int) -> None:
        """Lets time pass for both, deadline by deadline."""
        while True:
            dues = [end.session.next_deadline for end in (self.client, self.server)]
            due = min((each for each in dues if each is not None and each <= to), default=None)
            if due is None:
                break
            self.clock[0] = max(self.clock[0], due)
            for end in (self.client, self.server):
                end.session.timeout()
            self.move()
        self.clock[0] = to


def test_messages_wait_for_who_receives() -> None:
    link = Link()
    for message in ("one", b"two", "three"):
        link.client.do(link.client.websocket.send(message))
    link.move()
    assert [link.server.do(link.server.websocket.recv()) for _ in range(3)] == ["one", b"two", "three"]


def test_who_receives_waits_for_messages() -> None:
    link = Link()
    task = Task(link.server.websocket.recv())
    assert not task.go_on().is_done
    link.client.do(link.client.websocket.send("hello"))
    link.move()
    assert task.go_on().result == "hello"


def test_being_cancelled_loses_nothing() -> None:
    link = Link()
    task = Task(link.server.websocket.recv())
    link.client.do(link.client.websocket.send("hello"))
    link.move()
    task.cancel()
    assert link.server.do(link.server.websocket.recv()) == "hello"


def test_being_cancelled_between_parts_loses_nothing() -> None:
    link = Link(server={"parts": True}, parts=True)
    link.client.session.connection.send_part("one ", last=False)
    link.move()
    task = Task(link.server.websocket.recv())
    link.client.session.connection.send_part("two ", last=False)
    link.move()
    assert not task.go_on().is_done
    task.cancel()
    link.client.session.connection.send_part("three", last=True)
    link.move()
    assert link.server.do(link.server.websocket.recv()) == "one two three"


def test_one_may_receive() -> None:
    link = Link()
    first, second = Task(link.server.websocket.recv()), Task(link.server.websocket.recv())
    assert isinstance(second.error, ConcurrencyError)
    link.client.do(link.client.websocket.send("hello"))
    link.move()
    assert first.go_on().result == "hello"
    assert not Task(link.server.websocket.recv()).is_done


def test_reading_stops_while_messages_are_not_received() -> None:
    link = Link()
    session = link.server.session
    size = 1000
    count = 0
    while session.may_read:
        link.client.do(link.client.websocket.send(b"m" * size))
        link.move()
        count += 1
    assert count == MAX_QUEUE // (size + 64) + 1
    changes = link.server.changes
    link.server.do(link.server.websocket.recv())
    assert session.may_read
    assert link.server.changes == changes + 1


def test_many_empty_messages_are_too_many() -> None:
    link = Link(max_queue=1000)
    for _ in range(16):
        link.client.do(link.client.websocket.send(""))
    link.move()
    assert not link.server.session.may_read
    for _ in range(16):
        assert link.server.do(link.server.websocket.recv()) == ""
    assert link.server.session.may_read


def test_a_queue_that_is_full_does_not_stop_the_closing_handshake() -> None:
    link = Link(max_queue=10)
    link.client.do(link.client.websocket.send("hello"))
    link.move()
    assert not link.server.session.may_read
    closing = Task(link.server.websocket.close())
    assert link.server.session.may_read
    link.move()
    link.server.session.lost()
    assert closing.go_on().is_done
    assert link.server.do(link.server.websocket.recv()) == "hello"
    with pytest.raises(ConnectionClosedOK):
        link.server.do(link.server.websocket.recv())


def test_senders_wait_while_the_peer_does_not_read() -> None:
    link = Link(client={"output_soft_limit": 1000})
    link.client.do(link.client.websocket.send(b"m" * 900))
    waiting = Task(link.client.websocket.send(b"m" * 900))
    assert not waiting.is_done
    link.move()
    assert waiting.go_on().is_done
    assert len(link.server.session.messages) == 2


def test_senders_wait_for_the_hard_limit() -> None:
    link = Link(client={"output_soft_limit": 1000, "output_hard_limit": 2000})
    first = Task(link.client.websocket.send(b"a" * 1500))
    second = Task(link.client.websocket.send(b"b" * 1500))
    assert not first.is_done
    assert not second.is_done
    link.move()
    assert first.go_on().is_done
    second.go_on()
    link.move()
    assert second.go_on().is_done
    assert [link.server.do(link.server.websocket.recv())[:1] for _ in range(2)] == [b"a", b"b"]


def test_a_message_in_fragments_is_not_interrupted() -> None:
    link = Link(client={"output_soft_limit": 100})
    first = Task(link.client.websocket.send(["a" * 100, "b" * 100]))
    second = Task(link.client.websocket.send("c"))
    assert not first.is_done
    assert not second.is_done
    while not (first.go_on().is_done and second.go_on().is_done):
        link.move()
    link.move()
    assert link.server.do(link.server.websocket.recv()) == "a" * 100 + "b" * 100
    assert link.server.do(link.server.websocket.recv()) == "c"


def test_fragments_that_fail_end_the_connection() -> None:
    link = Link()

    def parts() -> Any:
        yield "one"
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        link.client.do(link.client.websocket.send(parts()))
    link.move()
    with pytest.raises(ConnectionClosedError) as caught:
        link.server.do(link.server.websocket.recv())
    assert caught.value.code == 1011


@pytest.mark.parametrize("first", ["a" * 50, "a" * 200])
def test_fragments_that_are_cancelled_end_the_connection(first: str) -> None:
    link = Link(client={"output_soft_limit": 100})
    sending = Task(link.client.websocket.send([first, "b" * 100, "c"]))
    assert not sending.is_done
    sending.cancel()
    link.move()
    with pytest.raises(ConnectionClosedError) as caught:
        link.server.do(link.server.websocket.recv())
    assert caught.value.code == 1011


def test_a_message_in_fragments_that_is_complete_is_not_taken_back() -> None:
    link = Link(client={"output_soft_limit": 100})
    sending = Task(link.client.websocket.send(["a" * 90]))
    assert not sending.is_done
    sending.cancel()
    link.move()
    assert link.server.do(link.server.websocket.recv()) == "a" * 90
    assert link.client.session.connection.state is State.OPEN


def test_no_fragment_is_no_message() -> None:
    link = Link()
    link.client.do(link.client.websocket.send([]))
    assert link.client.session.connection.pending_output == 0
    assert link.client.session.connection.state is State.OPEN


def test_pings_are_answered_in_turn() -> None:
    link = Link()
    first, second = Task(link.client.websocket.ping("a")), Task(link.client.websocket.ping("b"))
    server = link.server.session.connection
    server.receive(link.client.session.connection.take_output(), 0)
    server.take_output()
    server.pong(b"b")
    link.client.session.receive(server.take_output())
    assert first.go_on().is_done
    assert second.go_on().is_done
    assert first.error is second.error is None


def test_a_ping_without_an_answer_ends_with_the_connection() -> None:
    link = Link()
    task = Task(link.client.websocket.ping())
    link.client.session.connection.take_output()
    link.client.session.receive_eof()
    assert isinstance(task.go_on().error, ConnectionClosedError)


def test_keepalive() -> None:
    link = Link(client={"ping_interval": 1000, "pong_timeout": 500})
    link.pass_time(10_500)
    assert link.client.session.connection.state is State.OPEN
    link.client.session.pause()
    link.client.session.resume()
    receiving = Task(link.client.websocket.recv())
    # The server does not answer any more.
    while link.client.session.closed is None:
        due = link.client.session.next_deadline
        assert due is not None
        link.clock[0] = max(link.clock[0], due)
        link.client.session.timeout()
        link.client.session.connection.take_output()
    error = receiving.go_on().error
    assert isinstance(error, ConnectionClosedError)
    assert error.fault is not None
    assert error.fault.name == "PONG_TIMEOUT"
    assert 11_000 <= link.clock[0] <= 12_500


def test_latency() -> None:
    link = Link(client={"ping_interval": 1000})
    assert link.client.websocket.latency == 0
    link.clock[0] = 1000
    link.client.session.timeout()
    ping = link.client.session.connection.take_output()
    link.clock[0] = 1030
    link.server.session.receive(ping)
    link.move()
    assert link.client.websocket.latency == 0.03


def test_closing() -> None:
    link = Link()
    closing = Task(link.client.websocket.close(4000, "enough"))
    link.move()
    assert link.server.session.transport is Transport.CLOSE
    with pytest.raises(ConnectionClosedError) as caught:
        link.server.do(link.server.websocket.recv())
    assert (caught.value.code, caught.value.reason, caught.value.by_peer) == (4000, "enough", True)
    link.client.session.receive_eof()
    assert link.client.session.transport is Transport.CLOSE
    assert not closing.go_on().is_done
    link.client.session.lost()
    assert closing.go_on().is_done
    assert (link.client.websocket.close_code, link.client.websocket.state) == (4000, State.CLOSED)


def test_sending_while_closing_says_how_it_closed() -> None:
    link = Link()
    closing, sending = Task(link.client.websocket.close()), Task(link.client.websocket.send("late"))
    assert not sending.is_done
    link.move()
    assert isinstance(sending.go_on().error, ConnectionClosedOK)
    closing.cancel()


def test_closing_takes_the_close_timeout_at_most() -> None:
    link = Link(client={"close_timeout": 100})
    closing = Task(link.client.websocket.close())
    link.client.session.connection.take_output()
    due = link.client.session.next_deadline
    assert due == 100
    link.clock[0] = due
    link.client.session.timeout()
    assert link.client.session.transport is Transport.CLOSE
    link.client.session.lost()
    assert closing.go_on().is_done


def test_nothing_is_sent_before_it_is_open() -> None:
    end = End(Connection.client(URL, seed=SEED, now=0), [0])
    with pytest.raises(InvalidState):
        end.do(end.websocket.send("early"))


def test_a_lost_transport_wakes_all() -> None:
    link = Link(client={"output_soft_limit": 10})
    client = link.client.websocket
    sending = Task(client.send("x" * 100))
    others = [Task(client.recv()), Task(client.ping()), Task(client.wait_closed())]
    link.client.session.lost()
    for task in (sending, *others):
        assert task.go_on().is_done


@pytest.mark.parametrize("from_read_buffer", [True, False])
def test_what_comes_before_the_request_is_answered_is_kept_and_not_read_on(from_read_buffer: bool) -> None:
    clock = [0]
    end = End(Connection.server(batches=True, seed=SEED, now=0), clock)
    session, connection = end.session, end.session.connection
    session.receive(Connection.client(URL, seed=SEED, now=0).take_output())
    sent = 0
    while session.may_read:
        data = masked(0x82, bytes([sent]) * 30_000)
        if from_read_buffer:
            connection.read_buffer[: len(data)] = data
            session.receive_read_buffer(len(data))
        else:
            session.receive(data)
        sent += 1
        assert sent < 10
    session.handle(connection.accept(now=0))
    assert session.may_read
    assert [end.do(end.websocket.recv()) for _ in range(sent)] == [bytes([n]) * 30_000 for n in range(sent)]
