"""The chat of the examples, in two processes on one port, with each broker."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import sansock.sync
from sansock.sync import ConnectionClosed, WebSocket, connect

from programs import CAN_RUN, ENVIRONMENT, EXAMPLES

CHAT = EXAMPLES / "chat"
WAIT = 30
HAS_REUSE_PORT = sys.platform == "linux"

pytestmark = pytest.mark.skipif(not (CAN_RUN and HAS_REUSE_PORT), reason="the system shares no ports out")
BROKERS = {
    "redis": ("redis", "redis-server", "--save", "", "--bind", "127.0.0.1", "--port"),
    "nats": ("nats", "nats-server", "-a", "127.0.0.1", "-p"),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture(params=BROKERS, scope="module")
def broker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a broker that runs."""
    package, program, *options = BROKERS[request.param]
    pytest.importorskip(package, exc_type=ImportError)
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program}")
    port = free_port()
    folder = tmp_path_factory.mktemp(package)
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([found, *options, str(port)], cwd=folder, **silent) as process:
        try:
            while True:
                assert process.poll() is None
                with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                    break
            yield f"{request.param}://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextlib.contextmanager
def started(port: int, broker: str, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process of the chat, and its port."""
    command = [sys.executable, str(CHAT / "server.py"), str(port), "--broker", broker, *options]
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on ws://127.0.0.1:")
            yield process, int(line.rsplit(":", 1)[1])
        finally:
            process.terminate()
            process.wait(WAIT)


def joined(port: int, room: str = "tea") -> tuple[WebSocket, int]:
    """A member, and the process that has it. With two processes starting, one may not listen yet."""
    member = connect(f"ws://127.0.0.1:{port}/rooms/{room}")
    welcome = json.loads(member.recv(WAIT))
    assert welcome["joined"] == room
    return member, welcome["process"]


def members_of_both(port: int, processes: set[int], each: int) -> dict[int, list[WebSocket]]:
    """So many members in each process. Who has which is the system's choice."""
    found: dict[int, list[WebSocket]] = {process: [] for process in processes}
    for _ in range(500):
        member, process = joined(port)
        if len(found[process]) < each:
            found[process].append(member)
        else:
            member.close()
        if all(len(members) == each for members in found.values()):
            return found
    raise AssertionError("the system has given all connections to one process")


def heard(member: WebSocket, until: str) -> list[Any]:
    """What a member gets, up to this."""
    texts = []
    while True:
        text = member.recv(WAIT)
        texts.append(text)
        if text == until:
            return texts


def test_a_process_that_is_killed_takes_no_message_of_the_rest_with_it(broker: str) -> None:
    with started(0, broker) as (first, port), started(port, broker) as (second, _):
        members = members_of_both(port, {first.pid, second.pid}, 3)
        staying, dying = members[first.pid], members[second.pid]
        doomed, half_way = dying[0], threading.Event()

        def speak_and_die() -> None:
            with contextlib.suppress(ConnectionClosed):
                for number in range(1000):
                    doomed.send(f"doomed {number}")
                    # No faster than the others hear.
                    doomed.recv()
                    if number == 100:
                        half_way.set()

        speaking = threading.Thread(target=speak_and_die)
        speaking.start()
        for number in range(1000):
            staying[0].send(f"staying {number}")
            if number == 500:
                assert half_way.wait(WAIT)
                second.send_signal(signal.SIGKILL)
        second.wait(WAIT)
        staying[0].send("the end")
        texts = [heard(member, "the end") for member in staying]
        speaking.join(WAIT)
        # All who stay have got the same, in the same order of each speaker.
        for each in texts:
            assert [text for text in each if text.startswith("staying")] == [f"staying {n}" for n in range(1000)]
            of_the_doomed = [text for text in each if text.startswith("doomed")]
            assert of_the_doomed == [f"doomed {n}" for n in range(len(of_the_doomed))]
        assert len({tuple(sorted(each)) for each in texts}) == 1
        # Who was there can come back, to the process that is left.
        again, process = joined(port)
        assert process == first.pid
        again.send("back")
        assert heard(staying[1], "back") == ["back"]
        for member in (*staying, again):
            member.close()


def test_rooms_are_apart(broker: str) -> None:
    with started(0, broker) as (_, port):
        (tea, _), (work, _), (more_tea, _) = joined(port), joined(port, "work"), joined(port)
        tea.send("for tea")
        work.send("for work")
        assert more_tea.recv(WAIT) == tea.recv(WAIT) == "for tea"
        assert work.recv(WAIT) == "for work"
        tea.close()
        more_tea.close()
        # The first in a room again after the last has gone.
        tea, _ = joined(port)
        tea.send("again")
        assert tea.recv(WAIT) == "again"
        tea.close()
        work.close()


def test_the_page_and_what_is_none(broker: str) -> None:
    with started(0, broker) as (_, port):
        for target, status in (("/", 200), ("/rooms/", 404), ("/rooms/a/b", 404)):
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT)) as plain:
                plain.request("GET", target)
                answer = plain.getresponse()
                assert answer.status == status
                assert (b"<title>Chat" in answer.read()) is (status == 200)
        with pytest.raises(sansock.InvalidStatus):
            connect(f"ws://127.0.0.1:{port}/other")


def test_a_supervisor_starts_processes_again(broker: str) -> None:
    with started(0, broker, "--processes", "2") as (_, port):
        seen: set[int] = set()
        while len(seen) < 3:
            with contextlib.suppress(OSError, sansock.InvalidHandshake, ConnectionClosed):
                member, process = joined(port)
                if not seen:
                    os.kill(process, signal.SIGKILL)
                seen.add(process)
                member.close()


def test_a_broker_that_is_not_there() -> None:
    pytest.importorskip("redis", exc_type=ImportError)
    command = [sys.executable, str(CHAT / "server.py"), "0", "--broker", f"redis://127.0.0.1:{free_port()}"]
    result = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=WAIT, check=False)
    assert result.returncode != 0
    assert result.stdout == ""
