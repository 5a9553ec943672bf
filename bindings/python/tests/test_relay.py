"""``sansock relay``: it changes no byte, keeps what TCP says beside them, and shows what it sees to who may see it."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import random
import re
import shutil
import sys
from pathlib import Path
from typing import Any, Callable
from urllib.parse import urlsplit

import pytest

pytest.importorskip("sansock.inspect", exc_type=ImportError)

from relays import WAIT, behind, relaying

import sansock
from sansock import ConnectionClosed, InvalidStatus
from sansock._command.relaying import Relay, Target
from sansock._command.viewers import Viewers
from sansock._command.watching import Watch
from sansock.asyncio import connect, serve

from conftest import masked
from drivers import PEMS, Certificates

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it ends by signals")

WebSocket = Any


def is_eof(entry: Any) -> bool:
    return bool(entry["type"] == "eof")


async def echo(websocket: WebSocket) -> None:
    async for message in websocket:
        await websocket.send(message)


async def greet(port: int) -> None:
    async with connect(f"ws://127.0.0.1:{port}/", proxy=None) as websocket:
        await websocket.send("hello")
        assert await websocket.recv() == "hello"


def unwatched() -> Watch:
    return Watch(256, lines=False, show=lambda *_: None, complain=pytest.fail)


async def read(reader: asyncio.StreamReader, count: int = -1) -> bytes:
    return await asyncio.wait_for(reader.readexactly(count) if count >= 0 else reader.read(), WAIT)


# Bytes


def test_no_byte_is_changed() -> None:
    async def main() -> None:
        choice = random.Random(1)
        async with behind(["--quiet"]) as (_, client, server):
            for _ in range(50):
                for (_, writer), (reader, _) in ((client, server), (server, client)):
                    data = choice.randbytes(choice.choice([1, 2, 125, 1000, 70_000]))
                    writer.write(data)
                    assert await read(reader, len(data)) == data

    asyncio.run(main())


def test_large_transfers_both_ways_at_once() -> None:
    async def main() -> None:
        choice = random.Random(2)
        sent = [choice.randbytes(8 << 20), choice.randbytes(8 << 20)]
        async with behind(["--quiet"]) as (_, client, server):
            client[1].write(sent[0])
            server[1].write(sent[1])
            got = await asyncio.gather(read(server[0], len(sent[0])), read(client[0], len(sent[1])))
            assert list(got) == sent

    asyncio.run(main())


@pytest.mark.parametrize("first", ["client", "server"])
def test_an_end_that_has_said_all_still_listens(first: str) -> None:
    async def main() -> None:
        async with behind(["--quiet"]) as (_, client, server):
            one, other = (client, server) if first == "client" else (server, client)
            one[1].write(b"last words")
            one[1].write_eof()
            assert await read(other[0]) == b"last words"
            other[1].write(b"heard")
            assert await read(one[0], 5) == b"heard"
            other[1].write(b"x" * 1_000_000)
            other[1].write_eof()
            assert await read(one[0]) == b"x" * 1_000_000

    asyncio.run(main())


def test_a_slow_reader_stops_the_writer() -> None:
    async def main() -> None:
        async with behind(["--quiet"], limit=1) as (_, client, server):
            # Nobody reads: what the system and the relay hold is filled, and then there is no more room.
            client[1].transport.set_write_buffer_limits(high=1)
            written, piece = 0, bytes(1 << 20)
            with contextlib.suppress(asyncio.TimeoutError):
                while written < 200 << 20:
                    client[1].write(piece)
                    written += len(piece)
                    await asyncio.wait_for(client[1].drain(), 1)
            assert written < 100 << 20
            assert await read(server[0], written) == bytes(written)
            await asyncio.wait_for(client[1].drain(), WAIT)
            # And the way is free again.
            client[1].write(b"more")
            assert await read(server[0], 4) == b"more"

    asyncio.run(main())


def test_an_end_that_fails_takes_the_other_with_it() -> None:
    async def main() -> None:
        async with behind(["--quiet"]) as (_, client, server):
            client[1].write(b"x")
            assert await read(server[0], 1) == b"x"
            client[1].transport.abort()
            with contextlib.suppress(ConnectionError):
                assert await read(server[0]) == b""

    asyncio.run(main())


def test_a_server_that_cannot_be_reached() -> None:
    async def main() -> None:
        complaints: list[str] = []
        shown: list[bytes] = []
        with contextlib.closing(await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)) as server:
            port = server.sockets[0].getsockname()[1]
        await server.wait_closed()
        target = Target(sansock.parse_url(f"ws://127.0.0.1:{port}"), None)
        watch = Watch(256, lines=False, show=lambda json_lines, _: shown.append(json_lines), complain=pytest.fail)
        watch.watch(everything=True)
        relay = Relay(target, watch, complaints.append)
        address = await relay.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        with contextlib.suppress(ConnectionError):
            assert await read(reader) == b""
        writer.close()
        await relay.close()
        assert [text.partition(":")[0] for text in complaints] == ["connection 1"]
        assert b'"type":"connection"' in b"".join(shown)

    asyncio.run(main())


def test_tls_to_the_server(certificates: Certificates, tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_bytes(PEMS[certificates.client])

    async def main() -> None:
        async with behind(["--quiet", "--ca", str(authority)], ssl=certificates.server) as (_, client, server):
            client[1].write(b"question")
            assert await read(server[0], 8) == b"question"
            server[1].write(b"answer" * 100_000)
            server[1].close()
            assert await read(client[0]) == b"answer" * 100_000
        async with serve(echo, "127.0.0.1", 0, ssl=certificates.server) as target:
            port = target.sockets[0].getsockname()[1]
            async with relaying(f"wss://127.0.0.1:{port}", "--insecure") as relay:
                await greet(relay.port)
        assert "text message of 5 bytes: hello" in relay.output

    asyncio.run(main())


def test_tls_knows_no_half(certificates: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sansock._command.relaying._LINGER", 0.1)

    async def main() -> None:
        accepted: asyncio.Queue[Any] = asyncio.Queue()
        server = await asyncio.start_server(
            lambda *ends: accepted.put_nowait(ends), "127.0.0.1", 0, ssl=certificates.server
        )
        target = Target(sansock.parse_url(f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}"), certificates.client)
        relay = Relay(target, unwatched(), pytest.fail)
        address = await relay.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        theirs = await asyncio.wait_for(accepted.get(), WAIT)
        writer.write(b"question")
        writer.write_eof()
        assert await read(theirs[0], 8) == b"question"
        # The end of the client's stream comes later, so that this is on its way before.
        theirs[1].write(b"answer")
        assert await read(reader, 6) == b"answer"
        assert await read(theirs[0]) == b""
        theirs[1].close()
        assert await read(reader) == b""
        writer.close()
        await relay.close()
        server.close()

    asyncio.run(main())


# What is shown


def talk(*options: str) -> tuple[list[Any], str]:
    """One conversation through a relay: what a viewer gets who comes later, and what is printed."""

    async def main() -> tuple[list[Any], str]:
        async with serve(echo, "127.0.0.1", 0, compression=False) as server:
            port = server.sockets[0].getsockname()[1]
            # Without a scheme it is ws:.
            async with relaying(f"127.0.0.1:{port}", *options) as relay:
                assert relay.to == f"127.0.0.1:{port}"
                async with connect(f"ws://127.0.0.1:{relay.port}/", proxy=None) as websocket:
                    await websocket.send("hello")
                    assert await websocket.recv() == "hello"
                    await websocket.send(bytes(5000))
                    await websocket.recv()
                seen: list[Any] = []

                def is_last(entry: Any) -> bool:
                    seen.append(entry)
                    return sum(map(is_eof, seen)) == 2

                entries = await relay.entries(is_last)
        return entries, relay.output

    return asyncio.run(main())


def test_lines_and_viewers() -> None:
    entries, output = talk()
    assert [entry["id"] for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0]["type"] == "connection"
    assert entries[0]["client"].startswith("127.0.0.1:")
    assert [entry["kind"] for entry in entries if entry["type"] == "head"] == ["request", "response"]
    messages = [entry for entry in entries if entry["type"] == "message"]
    assert [(each["from"], each["size"]) for each in messages] == [
        ("client", 5),
        ("server", 5),
        ("client", 5000),
        ("server", 5000),
    ]
    # The preview has 4096 bytes, and times begin with the relay.
    assert (len(messages[2]["payload"]["hex"]), messages[2]["payload"]["cut"]) == (8192, True)
    assert 0 <= entries[0]["time"] < 60_000_000
    # Each begins with its time; those of a head are below its entry.
    lines = [line for line in output.splitlines() if re.match(r" *\d+\.\d{6} ", line)]
    assert len(lines) == len(entries)
    assert any(line.endswith("< closed: 1000") for line in lines[-3:])


def test_json_lines() -> None:
    import json

    entries, output = talk("--json", "--preview", "10")
    assert [json.loads(line) for line in output.split("\n")[:-1]] == entries
    assert {len(entry["payload"]["hex"]) for entry in entries if entry.get("size") == 5000} == {20}


def test_quiet() -> None:
    entries, output = talk("-q")
    assert output == ""
    assert len(entries) > 10


def test_entries_come_while_one_looks() -> None:
    async def main() -> None:
        async with behind(["--quiet"]) as (relay, client, _), connect(relay.entries_url, proxy=None) as viewer:
            assert '"type":"connection"' in str(await asyncio.wait_for(viewer.recv(), WAIT))
            client[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert '"type":"head"' in str(await asyncio.wait_for(viewer.recv(), WAIT))

    asyncio.run(main())


# Who may look


async def refusal(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as error:
        async with connect(url, proxy=None, **options):
            pass
    return error.value.status


def fetch(url: str, target: str) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT)
    connection.request("GET", target)
    response = connection.getresponse()
    answer = response.status, response.headers["Content-Type"], response.read()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    connection.close()
    return answer


def with_viewers(body: Callable[[Viewers, str], Any]) -> None:
    async def main() -> None:
        viewers = Viewers(unwatched(), everything=False)
        address = await viewers.listen(0)
        page, _, token = address.partition("#live=")
        assert token == viewers.token
        try:
            await body(viewers, page)
        finally:
            await viewers.server.close()

    asyncio.run(main())


def entries_url(page: str, token: str) -> str:
    return f"{page.replace('http:', 'ws:')}entries?token={token}"


def test_only_who_has_the_token_may_look() -> None:
    async def body(viewers: Viewers, page: str) -> None:
        url = entries_url(page, viewers.token)
        wrong = [
            url[:-1],
            url + "0",
            url.replace("token=", "other="),
            entries_url(page, ""),
            entries_url(page, "%ff%C3"),
        ]
        assert [await refusal(each) for each in wrong] == [403] * len(wrong)
        assert await refusal(page.replace("http:", "ws:") + "other?token=" + viewers.token) == 404
        async with connect(url, proxy=None):
            pass

    with_viewers(body)


def test_pages_of_other_sites_are_refused() -> None:
    async def body(viewers: Viewers, page: str) -> None:
        url = entries_url(page, viewers.token)
        for origin in ("http://example.com", "null", page.replace("http:", "https:").rstrip("/") + "1"):
            assert await refusal(url, origin=origin) == 403
        async with connect(url, proxy=None, origin=page.rstrip("/")):
            pass

    with_viewers(body)


def test_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def body(viewers: Viewers, page: str) -> None:
        loop, file = asyncio.get_running_loop(), tmp_path / "inspector.html"
        monkeypatch.setattr("sansock._command.viewers._PAGE", file)
        status, kind, text = await loop.run_in_executor(None, fetch, page, "/")
        assert (status, kind, text) == (404, "text/plain; charset=utf-8", b"this package was built without the page\n")
        file.write_bytes(b"<!doctype html>\xc3\xa4")
        status, kind, text = await loop.run_in_executor(None, fetch, page, "/?x")
        assert (status, kind, text) == (200, "text/html; charset=utf-8", b"<!doctype html>\xc3\xa4")
        assert (await loop.run_in_executor(None, fetch, page, "/other"))[0] == 404
        assert (await loop.run_in_executor(None, fetch, page, "/entries?token=x"))[0] == 403

    with_viewers(body)


def test_what_is_kept_is_bounded() -> None:
    async def body(viewers: Viewers, page: str) -> None:
        piece = b"x" * (1 << 20)
        for number in range(40):
            viewers.show(b"%06d" % number + piece[6:-1] + b"\n")
        assert sum(map(len, viewers.kept)) == 16 << 20
        async with connect(entries_url(page, viewers.token), proxy=None) as viewer:
            seen = [int(str(await viewer.recv())[:6]) for _ in range(16)]
            assert seen == list(range(24, 40))
            viewers.show(b"next\n")
            assert await viewer.recv() == "next\n"
        # What is larger than all that is kept is shown, and not kept.
        viewers.show(b"y" * (17 << 20))
        assert sum(map(len, viewers.kept)) == 0

    with_viewers(body)


async def until_closed(viewer: WebSocket) -> ConnectionClosed:
    while True:
        try:
            await asyncio.wait_for(viewer.recv(), WAIT)
        except ConnectionClosed as closed:
            return closed


def test_who_does_not_keep_up_is_closed() -> None:
    async def body(viewers: Viewers, page: str) -> None:
        url = entries_url(page, viewers.token)
        async with connect(url, proxy=None, max_queue=1) as slow:
            while not viewers.websockets:
                await asyncio.sleep(0)
            piece = b"z" * (1 << 20)
            for _ in range(64):
                viewers.show(piece)
            assert not viewers.websockets
            closed = await until_closed(slow)
            assert (closed.code, closed.reason) == (1013, "it does not keep up")
        # It can look again.
        async with connect(url, proxy=None) as again:
            assert len(await again.recv()) == 1 << 20

    with_viewers(body)


@pytest.mark.skipif(shutil.which("head") is None, reason="there is no head")
def test_it_goes_on_when_nobody_reads_its_lines() -> None:
    async def main() -> None:
        async with behind([]) as (relay, client, server):
            # Nobody reads standard output from here on.
            relay.process.stdout._transport.close()  # type: ignore[union-attr]
            for _ in range(3):
                client[1].write(masked(0x81, b"hello") * 100)
                assert len(await read(server[0], 1100)) == 1100

    asyncio.run(main())
