"""The inspector: what goes in, and what comes out."""

from __future__ import annotations

import copy
import functools
import json
import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sansock.inspect", exc_type=ImportError)

from captures import HALF, WHOLE, conversation, halves, marked

import sansock
import sansock.inspect
from sansock import InvalidArgument
from sansock.inspect import CaptureError, Inspector

from conftest import REPOSITORY, masked
from vectors import Case, read_bytes, read_cases

ENTRIES: dict[str, Any] = {
    "connection": sansock.inspect.ConnectionEntry,
    "head": sansock.inspect.HeadEntry,
    "frame": sansock.inspect.FrameEntry,
    "message": sansock.inspect.MessageEntry,
    "fault": sansock.inspect.FaultEntry,
    "answer": sansock.inspect.AnswerEntry,
    "closed": sansock.inspect.ClosedEntry,
    "eof": sansock.inspect.EofEntry,
    "incomplete": sansock.inspect.TextEntry,
    "note": sansock.inspect.TextEntry,
}
MAKE: Any = Inspector


def inspected(data: bytes, piece: int = 1 << 20, **options: Any) -> list[Any]:
    inspector = Inspector(**options)
    for start in range(0, len(data), piece):
        inspector.push(data[start : start + piece])
    inspector.finish()
    return list(inspector.take())


def without_place(entries: list[Any]) -> list[Any]:
    """What is true in every form: times, which deadlines have too, and addresses are in some only."""
    left_out = ("time", "deadlines", "client", "server")
    return [{key: entry[key] for key in entry if key not in left_out} for entry in entries]


# What goes in


@pytest.mark.parametrize("deflate", [True, False])
@pytest.mark.parametrize("form", sorted(set(WHOLE) - {"marked", "har"}))
def test_every_form_of_both_ends_is_the_same(form: str, deflate: bool) -> None:
    said = conversation(deflate)
    expected = without_place(inspected(marked(said)))
    assert len(expected) == 18
    # Only packets have the ends of streams.
    entries = [entry for entry in inspected(WHOLE[form](said)) if entry["type"] != "eof"]
    assert without_place(entries) == expected


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("form", sorted(set(HALF) - {"raw"}))
def test_every_form_of_one_end_is_the_same(form: str, side: int) -> None:
    half = halves(conversation(True))[side]
    expected = inspected(half)
    assert {entry["from"] for entry in expected if "from" in entry} == {("client", "server")[side]}
    assert inspected(HALF[form](half)) == expected


def test_messages_of_a_browser() -> None:
    entries = inspected(WHOLE["har"](conversation(False)))
    messages = [entry for entry in entries if entry["type"] == "message"]
    assert [(each["from"], each["kind"], each["frames"]) for each in messages] == [
        ("client", "text", 0),
        ("server", "binary", 0),
    ]
    assert [messages[0]["payload"]["text"], messages[1]["payload"]["hex"]] == ["hällo", "00ff"]
    assert messages[1]["time"] - messages[0]["time"] == 750_000


@pytest.mark.parametrize("form", sorted(WHOLE))
@pytest.mark.parametrize("piece", [1, 7])
def test_pieces_of_any_size(form: str, piece: int) -> None:
    data = WHOLE[form](conversation(True))
    assert inspected(data, piece) == inspected(data)


def test_nothing_is_no_capture() -> None:
    inspector = Inspector()
    inspector.push(b"")
    inspector.push_from("client", b"")
    inspector.feed(1, "client", b"")
    inspector.finish()
    assert inspector.take() == []


def test_a_file_for_each_end() -> None:
    inspector = Inspector()
    client, server = halves(conversation(False))
    inspector.push_from("client", client[:100])
    inspector.push_from("client", memoryview(client)[100:])
    inspector.push_from("server", bytearray(server))
    inspector.finish()
    texts = [entry["payload"]["text"] for entry in inspector.take() if entry["type"] == "message" and entry["size"] > 2]
    assert texts == ["hällo " * 20, "a\nb"]
    assert inspector.faults == 0


def test_connections_under_way() -> None:
    inspector = Inspector()
    assert inspector.begin("here:1", "there:2", now=1.5) == 1
    assert inspector.begin("here:3", "dört:4") == 2
    for number, (sender, data) in enumerate(conversation(False)):
        inspector.feed(1, "client" if sender == ">" else "server", data, now=2 + number)
    inspector.end(1, "server", now=20)
    inspector.feed(3, "server", b"\x81\x02hi", now=21)
    entries: list[Any] = inspector.take()
    first = [entry for entry in entries if entry["connection"] == 1]
    assert (first[0]["client"], first[0]["server"], first[0]["time"]) == ("here:1", "there:2", 1_500_000)
    assert [entry["type"] for entry in first[-2:]] == ["closed", "eof"]
    assert [entry["time"] for entry in first[1:]] == sorted(entry["time"] for entry in first[1:])
    assert first[1]["time"] == 2_000_000
    second = next(entry for entry in entries if entry["connection"] == 2)
    # The default counts from when the inspector was made.
    assert (second["server"], second["time"] < 60_000_000) == ("dört:4", True)
    assert [entry["type"] for entry in entries if entry["connection"] == 3] == ["connection", "frame", "message"]


def test_times_by_default_go_on() -> None:
    inspector = Inspector()
    inspector.feed(1, "server", b"\x81\x02hi")
    inspector.feed(1, "server", b"\x81\x02ho")
    times = [entry["time"] for entry in inspector.take()]
    assert times == sorted(times)
    assert times[-1] < 60_000_000


# What comes out


def test_entries_are_taken_once_in_each_form() -> None:
    data = marked(conversation(False))
    inspector = Inspector()
    inspector.push(data)
    inspector.finish()
    lines = inspector.take_lines()
    assert lines[0] == "  1   connection"
    assert "      Host: example.com" in lines
    assert (inspector.take(), inspector.take_lines(), inspector.take_json()) == ([], [], [])
    again = Inspector()
    again.push(data)
    again.finish()
    json_lines, people = again.take_both()
    assert [json.loads(line) for line in json_lines] == inspected(data)
    assert people == lines
    assert again.take_both() == ([], [])


def test_payloads_are_cut_where_it_was_asked_for() -> None:
    data = b"\x82\x04\x01\x02\x03\x04"

    def shown(**options: Any) -> list[str]:
        return [entry["payload"]["hex"] for entry in inspected(data, **options) if "payload" in entry]

    assert shown() == ["01020304", "01020304"]
    assert shown(preview=2) == ["0102", "0102"]
    assert shown(preview=2, whole=[3]) == ["0102", "01020304"]
    assert shown(preview=0, whole=range(4)) == ["01020304", "01020304"]


def test_what_had_been_agreed_on() -> None:
    compressed = b"\xc1\x01\x00"

    def faults(**options: Any) -> list[str]:
        return [entry["fault"] for entry in inspected(compressed, **options) if entry["type"] == "fault"]

    assert faults(extensions="") == ["RESERVED_BITS"]
    assert faults(extensions="permessage-deflate") == []
    assert faults() == []


def test_faults_are_counted() -> None:
    inspector = Inspector(extensions="")
    inspector.feed(1, "client", masked(0x83, b""))
    assert inspector.faults == 1
    fault: Any = next(entry for entry in inspector.take() if entry["type"] == "fault")
    assert (fault["fault"], fault["code"], fault["from"], fault["position"]) == ("RESERVED_OPCODE", 1002, "client", 0)
    assert fault["rule"].startswith("RFC 6455 §")
    inspector.feed(2, "client", masked(0x81, b"hello")[:3])
    inspector.finish()
    assert inspector.faults == 2
    assert [entry["text"] for entry in inspector.take() if entry["type"] == "incomplete"] == ["it ends inside a frame"]


def test_a_broken_file() -> None:
    inspector = Inspector()
    data = WHOLE["pcap"](conversation(False))
    inspector.push(data[:-5])
    with pytest.raises(CaptureError) as error:
        inspector.finish()
    assert isinstance(error.value, ValueError)
    assert str(error.value)
    assert len(inspector.take()) > 10


def of_vectors() -> Iterator[list[tuple[str, bytes]]]:
    """What the vectors have on the wire, case by case."""
    for file in sorted((REPOSITORY / "core" / "vectors").glob("*.vec")):
        for said in map(on_the_wire, read_cases(file)):
            # Floods show the same many times.
            if sum(len(data) for _, data in said) < 100_000:
                yield said


def on_the_wire(case: Case) -> list[tuple[str, bytes]]:
    own, other = ("<", ">") if ("role", "server") in case.settings else (">", "<")
    said = []
    for step in case.steps:
        if step.name == "receive":
            said.append((other, read_bytes(step.arguments)))
        for line in step.expected:
            word, _, rest = line.partition(" ")
            # Of long output, and of responses, a vector has not all bytes.
            if word == "out" and not rest.startswith(("http", "bytes")):
                said.append((own, read_bytes(rest)))
    return [(sender, data) for sender, data in said if data]


hints_of = functools.lru_cache(typing.get_type_hints)


def is_of(value: Any, kind: Any) -> bool:
    """Whether a value is of a type that an entry has."""
    if typing.get_origin(kind) is typing.Literal:
        return value in typing.get_args(kind)
    if typing.get_origin(kind) is list:
        (inner,) = typing.get_args(kind)
        return isinstance(value, list) and all(is_of(each, inner) for each in value)
    if typing.is_typeddict(kind) if sys.version_info >= (3, 10) else hasattr(kind, "__required_keys__"):
        types = hints_of(kind)
        is_whole = kind.__required_keys__ <= set(value) <= set(types)
        return is_whole and all(is_of(each, types[key]) for key, each in value.items())
    return type(value) is kind


def test_entries_have_the_types_that_are_written() -> None:
    seen = set()
    count = 0
    for said in of_vectors():
        inspector = Inspector()
        for sender, data in said:
            inspector.feed(1, "client" if sender == ">" else "server", data)
        inspector.end(1, "server")
        inspector.finish()
        for entry in inspector.take():
            assert is_of(entry, ENTRIES[entry["type"]]), entry
            seen.add(entry["type"])
            count += 1
    assert seen == set(ENTRIES)
    assert count > 2000


def test_the_machines_and_what_they_do() -> None:
    inspector = Inspector(extensions="")
    machines = inspector.machines
    assert [machine["name"] for machine in machines] == ["handshake", "message", "closing"]
    assert all(is_of(machine, sansock.inspect.Machine) for machine in machines)
    inspector.feed(1, "client", bytes.fromhex("888003030303"), now=5)
    inspector.end(1, "client", now=6)
    frame, end = (entry for entry in inspector.take() if entry["type"] in ("frame", "eof"))
    steps = [(step["end"], step["on"], step["to"]) for step in frame["steps"] if step["machine"] == "closing"]
    assert steps == [("server", "peer close", "close received")]
    assert [deadline["timer"] for deadline in frame["deadlines"]["server"]] == ["close", "write"]
    assert frame["deadlines"]["server"][0]["at"] == frame["time"] + 10_000_000
    assert [step.get("transport") for step in end["steps"]] == ["close", None]
    rows = [(row["from"], row["on"], row["to"]) for machine in machines for row in machine["rows"]]
    assert all((step["from"], step["on"], step["to"]) in rows for step in frame["steps"] + end["steps"])


def test_keys_that_are_always_there() -> None:
    assert sansock.inspect.TextEntry.__required_keys__ == {"id", "connection", "type", "text"}
    assert {"from", "time", "offset", "length"} <= sansock.inspect.TextEntry.__optional_keys__
    assert "key" in sansock.inspect.FrameEntry.__optional_keys__


# Misuse


@pytest.mark.parametrize(
    "call",
    [
        lambda inspector: inspector.push("text"),
        lambda inspector: inspector.push(5),
        lambda inspector: inspector.push_from("client", None),
        lambda inspector: inspector.feed(1, "client", "text"),
        lambda inspector: inspector.feed("1", "client", b""),
        lambda inspector: inspector.feed(1, "client", b"", now="1"),
        lambda inspector: inspector.begin(b"a", "b"),
        lambda inspector: inspector.begin("a", None),
        lambda inspector: MAKE(preview="1"),
        lambda inspector: MAKE(whole="12"),
        lambda inspector: MAKE(extensions=b""),
        copy.copy,
    ],
)
def test_wrong_types(call: Any) -> None:
    inspector = Inspector()
    with pytest.raises(TypeError):
        call(inspector)
    assert inspector.take() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda inspector: inspector.push_from("CLIENT", b""),
        lambda inspector: inspector.push_from(0, b""),
        lambda inspector: inspector.push_from([], b""),
        lambda inspector: inspector.feed(1, "peer", b""),
        lambda inspector: inspector.feed(-1, "client", b""),
        lambda inspector: inspector.feed(1 << 32, "client", b""),
        lambda inspector: inspector.end(1, ""),
        lambda inspector: inspector.end(1, "client", now=-1),
        lambda inspector: inspector.end(1, "client", now=float("nan")),
        lambda inspector: inspector.end(1, "client", now=float("inf")),
        lambda inspector: inspector.begin("\ud800", ""),
        lambda inspector: Inspector(preview=-1),
        lambda inspector: Inspector(preview=1 << 32),
        lambda inspector: Inspector(whole=[-1]),
        lambda inspector: Inspector(extensions="\ud800"),
    ],
)
def test_wrong_values(call: Any) -> None:
    inspector = Inspector()
    with pytest.raises(InvalidArgument):
        call(inspector)
    assert inspector.take() == []


# The library


def run(program: str, library: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(sansock.__file__).parents[1]),
        "SANSOCK_LIBRARY": str(sansock._ffi.library_path),
        "SANSOCK_INSPECT_LIBRARY": str(library),
    }
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60)


def test_without_the_library(tmp_path: Path) -> None:
    last = run("import sansock.asyncio, sansock.inspect", tmp_path / "nothing.so").stderr.splitlines()[-1]
    assert last.startswith("ImportError: the library of the inspector is missing")
    assert "SANSOCK_INSPECT_LIBRARY" in last


@pytest.mark.parametrize("command", [["inspect", "-"], ["relay", "--to", "x", "--listen", "0"]])
def test_commands_without_the_library(command: list[str], tmp_path: Path) -> None:
    result = run(f"import sys, sansock.__main__ as m; sys.exit(m.main({command}))", tmp_path / "nothing.so")
    assert result.returncode == 1
    assert result.stderr.startswith("sansock: the library of the inspector is missing")
    assert len(result.stderr.splitlines()) == 1


def test_another_library(tmp_path: Path) -> None:
    other = run("import sansock.inspect", sansock._ffi.library_path).stderr.splitlines()[-1]
    assert "is not the library of the inspector" in other
    text = tmp_path / "libsansock_inspect.so"
    text.write_bytes(b"text")
    assert "is not the library of the inspector" in run("import sansock.inspect", text).stderr.splitlines()[-1]


def test_another_version() -> None:
    program = (
        "import ctypes, sansock\n"
        "class Library(ctypes.CDLL):\n"
        "    def __getattr__(self, name):\n"
        "        return (lambda: 2) if name == 'sansock_inspector_abi_version' else super().__getattr__(name)\n"
        "ctypes.CDLL = Library\n"
        "import sansock.inspect\n"
    )
    from sansock.inspect import _library

    last = run(program, _library.library_path).stderr.splitlines()[-1]
    assert last.startswith("ImportError")
    assert "has ABI 2; this package needs ABI 1" in last


def test_exit_with_inspectors_alive() -> None:
    from sansock.inspect import _library

    program = (
        "from sansock.inspect import Inspector\n"
        "inspectors = [Inspector() for _ in range(10)]\n"
        "class Late:\n"
        "    def __init__(self): self.inspector = Inspector()\n"
        "    def __del__(self): self.inspector.push(b'x')\n"
        "late = Late()\n"
    )
    result = run(program, _library.library_path)
    assert (result.returncode, result.stderr) == (0, "")


def test_the_names_of_the_module() -> None:
    public = {name for name in vars(sansock.inspect) if not name.startswith("_")}
    assert set(sansock.inspect.__all__) == public
