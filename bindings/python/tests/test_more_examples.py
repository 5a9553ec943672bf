"""The examples of what programs do besides echoing: uploads, TLS, a way through a proxy."""

from __future__ import annotations

import hashlib
import json
import os
import re
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trustme")

import proxies
import trustme

import sansock.sync
from sansock import ConnectionClosedError, InvalidStatus

from programs import CAN_RUN, EXAMPLES, run, serving

pytestmark = pytest.mark.skipif(not CAN_RUN, reason="the examples need match, and POSIX signals")
UPLOAD = EXAMPLES / "upload_client.py"


class TestUploads:
    def test_files_of_any_size(self, tmp_path: Path) -> None:
        (tmp_path / "there").mkdir()
        with serving("upload_server.py", str(tmp_path / "there")) as port:
            for size in (0, 1, 100_000, 20_000_000):
                path = tmp_path / "file"
                path.write_bytes(os.urandom(size))
                result = run(UPLOAD, "", f"ws://127.0.0.1:{port}/file-{size}.bin", str(path))
                assert (result.returncode, result.stdout, result.stderr) == (0, f"{size} bytes\n", "")
                assert (tmp_path / "there" / f"file-{size}.bin").read_bytes() == path.read_bytes()

    @pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="memory is looked up there")
    def test_in_bounded_memory(self, tmp_path: Path) -> None:
        size = 300 << 20
        with serving("upload_server.py", str(tmp_path)) as port:
            pid = listening(port)
            before = peak(pid)
            with sansock.sync.connect(f"ws://127.0.0.1:{port}/large", compression=False) as websocket:
                websocket.send(bytes(1 << 18) for _ in range(size >> 18))
                assert json.loads(websocket.recv())["size"] == size
            assert peak(pid) - before < 24 << 20

    def test_what_does_not_arrive_whole_leaves_nothing(self, tmp_path: Path) -> None:
        with serving("upload_server.py", str(tmp_path)) as port:
            websocket = sansock.sync.connect(f"ws://127.0.0.1:{port}/half")

            def parts() -> Any:
                yield b"half"
                raise RuntimeError("no more")

            with pytest.raises(RuntimeError):
                websocket.send(parts())
            websocket.wait_closed(20)
            with sansock.sync.connect(f"ws://127.0.0.1:{port}/text") as websocket:
                websocket.send("a text")
                with pytest.raises(ConnectionClosedError, match="1003"):
                    websocket.recv(20)
            with pytest.raises(InvalidStatus):
                sansock.sync.connect(f"ws://127.0.0.1:{port}/../etc/passwd")
            with sansock.sync.connect(f"ws://127.0.0.1:{port}/whole") as websocket:
                websocket.send(b"whole")
                answer = {"size": 5, "sha256": hashlib.sha256(b"whole").hexdigest()}
                assert json.loads(websocket.recv(20)) == answer
        assert os.listdir(tmp_path) == ["whole"]


def listening(port: int) -> int:
    """The process that listens on a port: the child of this one with such a socket."""
    table = Path("/proc/net/tcp").read_text()
    (inode,) = re.findall(rf":{port:04X} 00000000:0000 0A (?:\S+ +){{5}}(\d+)", table)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(file) == f"socket:[{inode}]" for file in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue
    raise AssertionError("nobody listens")


def peak(pid: int) -> int:
    """The most memory that a process has held, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def test_tls_and_another_certificate(tmp_path: Path) -> None:
    authorities = [trustme.CA(), trustme.CA()]
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def issue(authority: trustme.CA) -> ssl.SSLContext:
        issued = authority.issue_cert("127.0.0.1")
        cert.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        key.write_bytes(issued.private_key_pem.bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(context)
        return context

    first = issue(authorities[0])
    with serving("wss_server.py", "--cert", str(cert), "--key", str(key), scheme="wss") as port:
        url = f"wss://127.0.0.1:{port}/"
        with sansock.sync.connect(url, ssl=first) as old:
            old.send("hello")
            assert old.recv(20) == "hello"
            second = issue(authorities[1])
            os.kill(listening(port), 1)
            # The signal is handled before what comes after it.
            old.send("again")
            assert old.recv(20) == "again"
            with sansock.sync.connect(url, ssl=second) as new:
                new.send("hello")
                assert new.recv(20) == "hello"
            with pytest.raises(ssl.SSLError):
                sansock.sync.connect(url, ssl=first)
            old.send("still here")
            assert old.recv(20) == "still here"


@pytest.mark.parametrize("kind", ["http", "socks5h"])
def test_connecting_again_through_a_proxy(kind: str) -> None:
    codes = iter([1011, 1000])

    def handler(websocket: Any) -> None:
        websocket.send(websocket.recv())
        websocket.close(next(codes))

    with sansock.sync.serve(handler, "127.0.0.1", 0) as server, proxies.running(kind) as proxy:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        result = run(EXAMPLES / "reconnecting_client.py", "", url, "hello", "--proxy", proxy.with_credentials())
        assert (result.returncode, result.stdout) == (0, "hello\n" * 2)
        if kind == "http":
            proxy.asks = True
            result = run(EXAMPLES / "reconnecting_client.py", "", url, "--proxy", proxy.with_credentials("nobody"))
            assert (result.returncode, result.stdout) == (1, "")
            assert result.stderr.startswith("error: ")
