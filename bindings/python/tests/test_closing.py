"""The closing handshake, failing, and faults: in which order events, output and answers come."""

from __future__ import annotations

import pytest

from sansock import Closed, Closing, Connection, InvalidState, State, Text, Transport

from conftest import Pair, everything


def test_closing(pair: Pair) -> None:
    pair.client.close(4000, "enough")
    assert pair.client.state is State.CLOSING
    (closing,) = pair.to_server()
    assert closing == Closing(4000, "enough")
    assert everything(pair.server, []) == [Closed(4000, "enough", True, True, 4000, None)]
    events = everything(pair.client, pair.to_client())
    assert events == [Closing(4000, "enough"), Closed(4000, "enough", True, False, 4000, None)]
    assert pair.client.receive_eof(0) == []
    assert pair.client.transport is Transport.CLOSE


def test_close_is_answered_by_the_next_input_call(pair: Pair) -> None:
    pair.client.close(4000, "enough", 0)
    assert pair.to_server() == [Closing(4000, "enough")]
    assert pair.server.state is State.CLOSING
    assert pair.server.pending_output == 0
    assert pair.server.more
    assert pair.server.next_deadline == 0
    assert pair.server.transport is Transport.OPEN
    assert pair.server.timeout(0) == [Closed(4000, "enough", True, True, 4000, None)]
    assert pair.server.output() == b"\x88\x08\x0f\xa0enough"
    assert not pair.server.more
    assert pair.server.transport is Transport.CLOSE


def test_close_that_the_host_answers() -> None:
    pair = Pair({}, {"auto_close": False})
    pair.client.close(4000, "enough", 0)
    assert pair.to_server() == [Closing(4000, "enough")]
    assert not pair.server.more
    assert pair.server.timeout(0) == []
    assert pair.server.pending_output == 0
    pair.server.close(4001, now=0)
    assert pair.server.output() == b"\x88\x02\x0f\xa1"
    assert pair.server.more
    assert pair.server.timeout(0) == [Closed(4000, "enough", True, True, 4001, None)]


def test_messages_before_close_can_be_answered(pair: Pair) -> None:
    pair.client.send("last words")
    pair.client.close(now=0)
    assert pair.to_server() == [Text("last words"), Closing(1000, "")]
    pair.server.send("reply")
    everything(pair.server, [])
    with pytest.raises(InvalidState):
        pair.server.send("too late")
    assert pair.server.take_output() == b"\x81\x05reply\x88\x02\x03\xe8"


def test_failing_by_the_host(pair: Pair) -> None:
    pair.server.fail(1011, "out of order", 0)
    assert pair.server.more
    assert pair.server.next_deadline is not None
    (closed,) = pair.server.timeout(0)
    assert isinstance(closed, Closed)
    assert closed.sent_code == 1011
    assert not pair.server.more


def test_fault(server: Connection) -> None:
    assert server.fault is None
    (closed,) = server.receive(b"\x81\x05hello", 0)
    assert isinstance(closed, Closed)
    assert closed.fault is not None
    assert (closed.fault.number, closed.fault.name) == (202, "UNMASKED")
    assert closed.fault.text
    assert closed.fault == server.fault


def test_output_written_while_closing_moves_the_transport(pair: Pair) -> None:
    pair.server.send("last")
    pair.server.close(now=0)
    pair.client.receive(pair.server.take_output(), 0)
    everything(pair.client, [])
    everything(pair.server, pair.to_server())
    assert pair.server._block.written == 0
    assert pair.server.transport is Transport.CLOSE
