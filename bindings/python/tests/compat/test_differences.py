"""The drop-ins and the originals take part in the same conversations, and every difference is one that is meant."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any

import pytest
import websockets.protocol
import wsproto
import wsproto.events
import wsproto.extensions

import sansock.compat.websockets
import sansock.compat.wsproto

import websockets_traces
import wsproto_traces
from conversations import CONT, Conversation, converse, recorded
from traces import Comparison, Entry

COUNT = int(os.environ.get("SANSOCK_CONVERSATIONS", "300"))
LIBRARIES: dict[str, tuple[Any, Any, Any]] = {
    "wsproto": (wsproto_traces, sansock.compat.wsproto, wsproto),
    "websockets": (websockets_traces, sansock.compat.websockets.Protocol, websockets.protocol.Protocol),
}
# A conversation for each rule, so that none explains nothing.
SEEDS = {
    ("wsproto", "the code 1014 is known"): 9,
    ("wsproto", "control frames inside a fragmented message leave its compression alone"): 4,
    ("wsproto", "compressed data ends where a block ends"): 94,
    ("wsproto", "a block may be the last of its stream, and more follows"): 5409,
    ("wsproto", "compressed data of no bytes is an empty message"): 12989,
    ("wsproto", "of several rules that are broken, the first one counts"): 445,
    ("wsproto", "a fault is reported with the first byte that shows it"): 233,
    ("websockets", "Close inside a fragmented message is answered as everywhere"): 81,
    ("websockets", "when both ends have sent Close, pings and pongs are refused"): 10,
    ("websockets", "no pong answers a ping when the same read has the answer to our Close"): 313,
    ("websockets", "a length is in its shortest form"): 5303,
    ("websockets", "compressed data that does not end as it should is not made data of"): 69,
    ("websockets", "text and compressed data are checked as they arrive, and fail with 1007"): 3,
    ("websockets", "of several rules that are broken, the first one counts"): 123,
    ("websockets", "a fault is reported with the first byte that shows it"): 256,
}


@pytest.fixture(autouse=True)
def _quiet() -> Iterable[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def compare(library: str, conversations: Iterable[tuple[Any, Conversation]]) -> Comparison:
    """Compares what both implementations make of conversations."""
    traces, ours, theirs = LIBRARIES[library]
    comparison = Comparison()
    for name, conversation in conversations:
        both = traces.trace(ours, conversation), traces.trace(theirs, conversation)
        comparison.add(name, conversation, *both, traces.RULES)
    return comparison


@pytest.mark.parametrize("library", LIBRARIES)
def test_random_conversations(library: str) -> None:
    comparison = compare(library, ((seed, converse(seed)) for seed in range(COUNT)))
    print(f"{library}: {comparison.same} alike, {comparison.explained}")
    assert comparison.unexplained == []
    assert comparison.same > COUNT / 2


@pytest.mark.parametrize("library", LIBRARIES)
def test_recorded_conversations(library: str) -> None:
    comparison = compare(library, recorded())
    assert comparison.unexplained == []
    assert comparison.same > 250


@pytest.mark.parametrize(
    ("library", "rule"), [(name, rule.name) for name, (traces, *_) in LIBRARIES.items() for rule in traces.RULES]
)
def test_each_rule_explains_something(library: str, rule: str) -> None:
    seed = SEEDS[library, rule]
    assert compare(library, [(seed, converse(seed))]).explained == {rule: 1}


def test_valid_conversations_are_read_as_they_were_meant() -> None:
    # With an original that is wrong now and then, this is what tells who is right.
    checked = 0
    for seed in range(COUNT):
        conversation = converse(seed)
        if not conversation.changed and not any(isinstance(step, tuple) for step in conversation.steps):
            checked += 1
            assert messages(wsproto_traces.trace(sansock.compat.wsproto, conversation)) == meant(conversation)
    assert checked > COUNT / 50


def messages(entries: list[Entry]) -> list[str | bytes]:
    """The messages in a trace, whole."""
    whole: list[str | bytes] = []
    pieces: list[Any] = []
    for entry in entries:
        if entry[0] == "message":
            pieces.append(entry[1])
            if entry[2]:
                whole.append(type(pieces[0])().join(pieces))
                pieces.clear()
    return whole


def meant(conversation: Conversation) -> list[str | bytes]:
    """The messages that the peer meant to send."""
    whole: list[str | bytes] = []
    inflater = conversation.inflater()
    text, compressed, payload = False, False, b""
    for frame in conversation.frames:
        if frame.opcode > 7:
            continue
        if frame.opcode != CONT:
            text, compressed, payload = frame.opcode == 1, frame.rsv == 4, b""
        payload += frame.payload
        if frame.fin:
            if compressed:
                payload = inflater.decompress(payload + b"\0\0\xff\xff")
                inflater = inflater if conversation.takeover else conversation.inflater()
            whole.append(payload.decode() if text else payload)
    return whole
