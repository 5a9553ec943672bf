"""The module against the conformance vectors, and the program that joins two ends back to back.

SANSOCK_WASM names the module. A call into it from Python takes long, so that receives are not cut into single bytes, as
other replayers do it, but into pieces of 7; SANSOCK_CUT=1 in the environment cuts into bytes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from vectors import SEED, Case, Step, read_atoms, read_bytes, read_cases, show, split_last
from wasmtime import Engine, Module

from sansock_wasm import (
    NEVER,
    TEXTS,
    Config,
    Connection,
    Library,
    Machine,
    PreparedMessage,
    SansockError,
    Tunnel,
    TunnelConfig,
)
from transcript import describe

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODULE = Path(os.environ["SANSOCK_WASM"])
CUT = int(os.environ.get("SANSOCK_CUT", "7"))
FILES = sorted((ROOT / "core" / "vectors").glob("*.vec"))
HEADER = (ROOT / "include" / "sansock.h").read_text()
NUMBERS = {
    name: int(value) for name, value in re.findall(r"^#define SANSOCK_(\w+) \(?(-?\d+)\)?$", HEADER, re.MULTILINE)
}


def option(name: str) -> int:
    return NUMBERS[f"OPTION_{name.upper()}"]


class Player:
    """Plays the steps of one case."""

    machine: Machine

    def __init__(self, case: Case, library: Library, cut: int) -> None:
        """Pieces are of ``cut`` bytes, 0 for all at once."""
        self.case, self.library, self.cut = case, library, cut
        self.now = self.left = 0
        self.held = ("hold", "") in case.settings
        self.fields: list[tuple[bytes, bytes]] = []
        self.handles: list[Config | TunnelConfig | Machine] = []
        self.output = b""
        self.lines: list[str] = []
        self.shown = {"transport": "open", "deadline": "never", "writable": "yes", "fault": ""}

    @property
    def connection(self) -> Connection:
        assert isinstance(self.machine, Connection)
        return self.machine

    def play(self) -> None:
        for step in self.case.steps:
            self.lines = []
            self.play_step(step)
            assert self.lines == step.expected, f"{self.case.name}, line {step.line}: > {step.name} {step.arguments}"
        for handle in self.handles:
            handle.free()

    def play_step(self, step: Step) -> None:
        error = ""
        self.left = 0
        try:
            getattr(self, "do_" + step.name.replace("-", "_"))(step.arguments)
        except SansockError as refusal:
            error = refusal.name
        if len(self.handles) < 2:  # there is no connection
            self.lines.append(f"error {error}")
            return
        if self.machine.block.more:
            self.receive(b"")
        self.lines += [f"error {error}"] * bool(error)
        self.lines += [f"left {self.left}"] * bool(self.left)
        self.collect_output()
        if not self.held and self.output:
            self.lines.append(f"out {show(self.output)}")
            self.output = b""
        for name, value in self.values():
            if self.shown[name] != value:
                self.shown[name] = value
                self.lines.append(f"{name} {value}")

    def values(self) -> Iterator[tuple[str, str]]:
        block = self.machine.block
        showing = {arguments for name, arguments in self.case.settings if name == "show"}
        yield "transport", block.transport
        if "deadline" in showing:
            yield "deadline", "never" if block.next_deadline == NEVER else str(block.next_deadline)
        if "writable" in showing:
            yield "writable", "yes" if block.writable else "no"
        if "fault" in showing:
            actual, limit, position = block.fault_numbers
            words = [self.library.fault_name(block.fault)]
            words += [f"actual={actual}"] * bool(actual)
            words += [f"limit={limit}"] * bool(limit)
            words += [f"position={position}"] * (position != NEVER)
            yield "fault", " ".join(words) if block.fault else ""

    def collect_output(self) -> None:
        if not self.held:
            self.output += self.machine.take_output()

    def input(self, name: str, *arguments: object) -> None:
        for event in getattr(self.machine, name)(*arguments):
            self.lines += describe(event, self.library)
        self.collect_output()

    def receive(self, data: bytes) -> int:
        """Passes one piece, and again what is left of it; returns how many bytes were not consumed."""
        while True:
            before = len(self.lines)
            self.input("receive", data, self.now)
            block = self.machine.block
            data = data[block.consumed :]
            if not block.more and not (data and (block.consumed or len(self.lines) > before)):
                return len(data)

    def do_start(self, _: str) -> None:
        settings = dict(self.case.settings)
        config: Config | TunnelConfig
        if settings["role"] == "tunnel":
            host, _, port = settings["target"].rpartition(" ")
            config = TunnelConfig(self.library, read_bytes(settings["url"]), read_bytes(host), int(port))
        else:
            config = Config(self.library, settings["role"])
        self.handles.append(config)
        for name, arguments in self.case.settings:
            if name == "option":
                setting, number = arguments.split()
                config.set(option(setting), int(number))
            elif name == "header":
                config.add_header(*read_atoms(arguments))
            elif name in TEXTS and isinstance(config, Config):
                config.set_text(name, read_bytes(arguments))
        self.machine = Connection(config, SEED, 0) if isinstance(config, Config) else Tunnel(config, 0)
        self.handles.append(self.machine)

    def do_receive(self, arguments: str) -> None:
        data = read_bytes(arguments)
        size = self.cut or max(len(data), 1)
        for start in range(0, max(len(data), 1), size):
            self.left = self.receive(data[start : start + size])
            if self.left:
                self.left += max(len(data) - start - size, 0)
                return

    def do_eof(self, _: str) -> None:
        self.input("receive_eof", self.now)

    def do_timeout(self, _: str) -> None:
        self.input("timeout", self.now)

    def do_time(self, arguments: str) -> None:
        self.now = int(arguments)

    def do_hold(self, _: str) -> None:
        self.held = True

    def do_drain(self, _: str) -> None:
        self.held = False

    def do_accept(self, arguments: str) -> None:
        self.input("accept", read_bytes(arguments), self.now)

    def do_reject(self, arguments: str) -> None:
        status, _, body = arguments.partition(" ")
        self.input("reject", int(status), read_bytes(body), self.now)

    def do_respond(self, arguments: str) -> None:
        status, _, texts = arguments.partition(" ")
        reason, *body = read_atoms(texts)
        self.input("respond", int(status), reason, b"".join(body), self.now)

    def do_field(self, arguments: str) -> None:
        name, value = read_atoms(arguments)
        self.fields.append((name, value))

    def take_fields(self) -> list[tuple[bytes, bytes]]:
        fields, self.fields = self.fields, []
        return fields

    def do_receive_request(self, version: str) -> None:
        self.input("receive_request", http_version(version), self.take_fields(), self.now)

    def do_request_fields(self, version: str) -> None:
        self.input("request_fields", http_version(version), self.now)

    def do_receive_response(self, status: str) -> None:
        self.input("receive_response", int(status), self.take_fields(), self.now)

    def do_response_header(self, arguments: str) -> None:
        self.connection.add_response_header(*read_atoms(arguments))

    def do_limit_deflate(self, arguments: str) -> None:
        name, number = arguments.split()
        self.connection.limit_deflate(option(name), int(number))

    def do_text(self, arguments: str) -> None:
        self.connection.send("text", read_bytes(arguments))

    def do_binary(self, arguments: str) -> None:
        self.connection.send("binary", read_bytes(arguments))

    def do_part(self, arguments: str) -> None:
        kind, _, rest = arguments.partition(" ")
        data, last = split_last(rest)
        self.connection.send_part(kind, read_bytes(data), last)

    def do_prepared(self, arguments: str) -> None:
        kind, _, data = arguments.partition(" ")
        message = PreparedMessage(self.library, kind, read_bytes(data))
        try:
            self.connection.send_prepared(message)
        finally:
            message.free()

    def do_header(self, arguments: str) -> None:
        kind, _, rest = arguments.partition(" ")
        length, last = split_last(rest)
        self.connection.send_header(kind, int(length), last)

    def do_ping(self, arguments: str) -> None:
        self.connection.ping(read_bytes(arguments), self.now)

    def do_pong(self, arguments: str) -> None:
        self.connection.pong(read_bytes(arguments))

    def do_close(self, arguments: str) -> None:
        code, _, reason = arguments.partition(" ")
        self.connection.close(int(code), read_bytes(reason), self.now)

    def do_fail(self, arguments: str) -> None:
        code, _, reason = arguments.partition(" ")
        self.connection.fail(int(code), read_bytes(reason), self.now)

    def do_pause(self, _: str) -> None:
        self.connection.pause(self.now)

    def do_resume(self, _: str) -> None:
        self.connection.resume(self.now)


def http_version(word: str) -> int:
    return NUMBERS[f"HTTP_VERSION_{word.replace('.', '_')}"]


@pytest.fixture(scope="module")
def library() -> Library:
    return Library(MODULE)


@pytest.mark.parametrize("cut", [0, CUT], ids=["whole", "cut"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_vectors(path: Path, cut: int, library: Library) -> None:
    played = 0
    for case in read_cases(path):
        if not (cut and case.whole_only):
            Player(case, library, cut).play()
            played += 1
    assert played or cut  # some files have only cases that must stay whole


def test_that_the_module_asks_the_host_for_nothing() -> None:
    module = Module.from_file(Engine(), str(MODULE))
    assert [item.name for item in module.imports] == []
    functions = (ROOT / "ffi" / "exports.txt").read_text().split()
    assert set(functions) <= {item.name for item in module.exports}


def test_a_seed_must_be_given(library: Library) -> None:
    config = Config(library, "client")
    config.set_text("url", b"ws://localhost/")
    with pytest.raises(SansockError, match="ENTROPY"):
        library.create("conn_new", config.handle, 0, 0)
    config.free()


def test_back_to_back() -> None:
    command = [sys.executable, str(HERE / "back_to_back.py"), str(MODULE), "Grüße, 世界"]
    found = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    assert found.stdout == "Grüße, 世界\nclient closed 1000 bye clean, server closed 1000 bye clean\n"
