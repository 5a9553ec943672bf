"""Signals and forks: a call that is broken off leaves what can be used and freed, and no two processes share a key."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from test_freeing import CASES, Freed, Interruption, Owner, freed
from test_import import run

from sansock import Connection, SansockError, State, Tunnel, _errors, _ffi
from sansock._numbers import ERR_ENTROPY

from conftest import URL, masked

__all__ = ["freed"]


@pytest.fixture(autouse=True)
def _interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


def use(owner: Owner) -> None:
    """Whatever was left undone, what follows is answered, or refused as misuse is."""
    with contextlib.suppress(SansockError):
        if isinstance(owner, Tunnel):
            owner.receive(b"HTTP/1.1 200 OK\r\n\r\n", 0)
        else:
            owner.send("more")
            owner.receive(masked(0x81, b"text"), 0)
    owner.take_output()
    owner.timeout(0)
    owner.receive_eof(0)
    assert owner.state in (State.CLOSED, State.OPEN)


@pytest.mark.skipif(sys.version_info < (3, 10), reason="the signals that Python 3.9 raises itself are handled too late")
@pytest.mark.parametrize("case", CASES)
def test_a_signal_before_any_step(case: str, freed: Freed) -> None:
    create, act = CASES[case]
    step, interrupted = 0, 0
    while True:
        owner = create()
        before = len(freed.addresses)
        interruption = Interruption(step, interrupt)
        try:
            interruption.run(act, owner)
        except KeyboardInterrupt:
            interrupted += 1
        use(owner)
        assert len(freed.addresses) == before, "it was freed while it was used"
        owner.free()
        assert len(freed.addresses) == before + 1
        if interruption.left >= 0:
            break
        step += 1
    assert interrupted >= 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_keys_differ_after_a_fork() -> None:
    program = (
        "import os, sansock\n"
        "first = sansock.Connection.client('ws://example.com').take_output()\n"
        "read, write = os.pipe()\n"
        "child = os.fork()\n"
        "def draw():\n"
        "    found = set()\n"
        "    for _ in range(20):\n"
        "        client = sansock.Connection.client('ws://example.com', start_open=True)\n"
        "        client.send_binary(bytes(32))\n"
        "        found.add(client.take_output()[-36:-32].hex())\n"
        "        client = sansock.Connection.client('ws://example.com')\n"
        "        found.add(client.take_output().partition(b'Key: ')[2][:24].decode())\n"
        "    return found\n"
        "if not child:\n"
        "    os.write(write, ' '.join(draw()).encode())\n"
        "    os._exit(0)\n"
        "os.close(write)\n"
        "theirs = set(os.fdopen(read).read().split())\n"
        "assert os.waitpid(child, 0)[1] == 0\n"
        "ours = draw()\n"
        "assert len(ours) == len(theirs) == 40 and not ours & theirs\n"
        "assert not any(key.encode() in first for key in ours | theirs if len(key) == 24)\n"
    )
    result = run(program)
    assert (result.returncode, result.stderr) == (0, "")


def test_no_random_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    def conn_new(_configuration: Any, seed: Any, _now: int, _out: Any) -> int:
        assert seed is None, "a seed was made up"
        return ERR_ENTROPY

    monkeypatch.setattr(_ffi, "conn_new", conn_new)
    with pytest.raises(_errors.Entropy) as raised:
        Connection.client(URL)
    assert raised.value.name == "ENTROPY"
    monkeypatch.undo()
    assert Connection.client(URL).take_output().startswith(b"GET / ")
