"""``sansock inspect``: its text, its status, and that the command of the JavaScript package shows the same."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sansock.inspect", exc_type=ImportError)

from captures import HALF, WHOLE, conversation, halves, marked
from test_inspect import of_vectors

from sansock.inspect import CaptureError, Inspector

from conftest import REPOSITORY, masked
from programs import ENVIRONMENT

COMMAND = [sys.executable, "-m", "sansock", "inspect"]
JAVASCRIPT = REPOSITORY / "bindings" / "js" / "dist"
NODE = shutil.which("node")
PEER = pytest.mark.skipif(
    NODE is None or not all((JAVASCRIPT / name).is_file() for name in ("inspect.wasm", "inspect/index.js")),
    reason="Node or the built JavaScript package is not here",
)
TEXT = """\
  1   connection
  1 > request
      GET / HTTP/1.1
      Host: example.com
      Upgrade: websocket
      Connection: Upgrade
      Sec-WebSocket-Key: 8jH5/9F6xl5EBfMl1+lAqg==
      Sec-WebSocket-Version: 13
  1 < response
      HTTP/1.1 101 Switching Protocols
      Upgrade: websocket
      Connection: Upgrade
      Sec-WebSocket-Accept: q24ctvfV7NzK9qbK7hCu9JaMhb8=
  1 > text, masked, 140 bytes: {hello}...
  1 > text message of 140 bytes: {hello}...
  1 > binary, masked, 2 bytes: 00ff
  1 > binary message of 2 bytes: 00ff
  1 < text, to be continued, 2 bytes: a\\n
  1 < ping, 1 bytes: \\u{{1}}
  1 < is answered with pong 8a819bf49a6a9a
  1 < continuation of a text, 1 bytes: b
  1 < text message of 3 bytes in 2 frames: a\\nb
  1 > pong, masked, 1 bytes: \\u{{1}}
  1 > close, masked, 5 bytes: 4000 bye [client: open -> close sent, server: open -> close received]
  1 > is answered with close 88050fa0627965
  1 > closed: 4000 bye, begun here
  1 < close, 5 bytes: 4000 bye [server: close received -> closed, transport: close, client: close sent -> closed]
  1 < closed: 4000 bye
""".format(hello=("hällo " * 20)[:100])


def run(*arguments: str, data: bytes = b"", command: Any = COMMAND) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*command, *arguments], env=ENVIRONMENT, input=data, capture_output=True, timeout=60, check=False
    )


@pytest.mark.parametrize("name", ["-", "file"])
def test_text(name: str, tmp_path: Path) -> None:
    data, file = marked(conversation(False)), tmp_path / "capture"
    file.write_bytes(data)
    result = run(*(["-"] if name == "-" else [str(file)]), data=data)
    assert result.stdout.decode() == TEXT
    assert (result.returncode, result.stderr) == (0, b"")


def test_a_file_for_each_end(tmp_path: Path) -> None:
    client, server = halves(conversation(True))
    (tmp_path / "client").write_bytes(client)
    (tmp_path / "server").write_bytes(HALF["xxd"](server))
    arguments = {end: [f"--{end}", str(tmp_path / end)] for end in ("client", "server")}
    both = run(*arguments["server"], *arguments["client"])
    assert (both.returncode, both.stderr) == (0, b"")
    assert b" > text message of 140 bytes, compressed to " in both.stdout
    assert b" < text message of 3 bytes in 2 frames, compressed to " in both.stdout
    one = run(*arguments["client"])
    assert (one.returncode, one.stderr) == (0, b"")
    assert b" < " not in one.stdout


def test_json_has_whole_payloads() -> None:
    text = "x" * 70_000
    result = run("--json", "-", data=masked(0x81, text.encode()))
    entries = [json.loads(line) for line in result.stdout.decode().split("\n")[:-1]]
    assert [entry["type"] for entry in entries] == ["connection", "frame", "message"]
    assert [entry["payload"]["text"] for entry in entries[1:]] == [text, text]
    assert "line" not in entries[0]


@pytest.mark.parametrize(
    ("data", "arguments", "status", "last"),
    [
        (masked(0x81, b"ok"), [], 0, "text message of 2 bytes: ok"),
        (masked(0x81, b"ok")[:-1], [], 1, "incomplete: it ends inside a frame"),
        (masked(0x01, b"ok"), [], 1, "incomplete: it ends inside a message"),
        (b"GET / HTTP/1.1\r\nHost:", [], 1, "incomplete: it ends inside the handshake"),
        (b"\xc1\x01\x00", ["--extensions", "permessage-deflate"], 0, "text message of 0 bytes, compressed to 1"),
        (b"\xc1\x01\x00", ["--extensions", ""], 1, ""),
        (masked(0x83, b""), [], 1, ""),
    ],
)
def test_status(data: bytes, arguments: list[str], status: int, last: str) -> None:
    result = run("-", *arguments, data=data)
    assert (result.returncode, result.stderr) == (status, b"")
    assert result.stdout.decode().splitlines()[-1].endswith(last)


def test_a_broken_file() -> None:
    result = run("-", data=WHOLE["pcap"](conversation(False))[:-5])
    assert result.returncode == 1
    assert result.stderr.startswith(b"sansock: ")
    assert len(result.stderr.splitlines()) == 1
    # What was found before is shown.
    assert b"text message of 140 bytes" in result.stdout


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--client", "b"], ["--nothing", "a"]])
def test_wrong_arguments(arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"Traceback" not in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_who_reads_a_part_ends_the_pipe() -> None:
    frames = masked(0x81, b"x" * 100) * 20_000
    with subprocess.Popen(
        [*COMMAND, "-"], env=ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(frames)
        process.stdin.close()
        assert process.stdout.read(14) == b"  1   connecti"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 0


# Beside the JavaScript package


@PEER
@pytest.mark.parametrize("json_form", [False, True])
@pytest.mark.parametrize("form", sorted(WHOLE))
def test_both_commands_show_the_same(form: str, json_form: bool, tmp_path: Path) -> None:
    file = tmp_path / "capture"
    said = conversation(True)
    if form == "marked":
        said[-2:] = [("<", b"\x83\x00")]
    file.write_bytes(WHOLE[form](said))
    arguments = [*(["--json"] if json_form else []), str(file)]
    ours, theirs = run(*arguments), run("inspect", *arguments, command=[NODE, JAVASCRIPT / "command" / "main.js"])
    assert ours.stdout == theirs.stdout
    assert (ours.returncode, len(ours.stdout) > 500) == (theirs.returncode, True)
    assert ours.returncode == (1 if form == "marked" else 0)


@PEER
def test_both_commands_fail_in_the_same_way(tmp_path: Path) -> None:
    file = tmp_path / "capture"
    file.write_bytes(WHOLE["pcap"](conversation(True))[:-5])
    for arguments in ([str(file)], [], ["a", "b"], [str(tmp_path / "nothing")]):
        ours, theirs = run(*arguments), run("inspect", *arguments, command=[NODE, JAVASCRIPT / "command" / "main.js"])
        assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)
        assert ours.returncode == (2 if not arguments or "b" in arguments else 1)


@PEER
def test_both_inspectors_show_the_same_of_the_vectors_and_all_forms(tmp_path: Path) -> None:
    captures = [marked(said) for said in of_vectors()]
    captures += [form(conversation(deflate)) for form in WHOLE.values() for deflate in (False, True)]
    captures += [(REPOSITORY / "core/inspect/captures/exchanges/websockets.pcap").read_bytes()]
    captures += [form(half) for form in HALF.values() for half in halves(conversation(True))]
    assert len(captures) > 500
    given = tmp_path / "captures"
    given.write_text(json.dumps([base64.b64encode(data).decode() for data in captures]))
    program = [NODE, Path(__file__).with_name("inspect_peer.mjs"), JAVASCRIPT / "inspect" / "index.js"]
    theirs = run(str(given), command=program)
    assert theirs.returncode == 0, theirs.stderr.decode()
    for data, shown in zip(captures, json.loads(theirs.stdout)):
        assert [ours("take_lines", data), ours("take_json", data)] == shown


def ours(take: str, data: bytes) -> str:
    inspector, wrong = Inspector(), ""
    inspector.push(data)
    try:
        inspector.finish()
    except CaptureError as error:
        wrong = str(error)
    return "".join(f"{line}\n" for line in getattr(inspector, take)()) + wrong
