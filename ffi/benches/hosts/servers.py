"""The servers that are compared: how each is started, and its version."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
TARGET = ROOT / "target"
TOKIO = ROOT / "bindings" / "tokio" / "benches"


class Family(NamedTuple):
    """Servers in one language. Ratios are to the best of the others in ``best_of``."""

    title: str
    ours: tuple[str, ...]
    others: tuple[str, ...]
    best_of: tuple[str, ...]


FAMILIES = (
    Family("C", ("epoll", "io_uring", "libuv", "libevent"), ("libwebsockets",), ("libwebsockets",)),
    Family("C++", ("Asio",), ("Beast", "uWebSockets"), ("Beast",)),
    Family(
        "Rust",
        ("sansock-tokio",),
        ("tokio-tungstenite", "tokio-websockets", "fastwebsockets"),
        ("tokio-tungstenite", "tokio-websockets", "fastwebsockets"),
    ),
)
TOKIO_NAMES = {
    "sansock-tokio": "sansock-tokio, feed",
    "tokio-tungstenite": "tokio-tungstenite, forward",
    "tokio-websockets": "tokio-websockets, forward",
    "fastwebsockets": "fastwebsockets",
}
"""In Rust each writes when nothing more has arrived, where the library has a way to it."""
PROGRAMS = {
    "epoll": TARGET / "examples" / "c" / "epoll_echo_server",
    "io_uring": TARGET / "examples" / "c" / "uring_echo_server",
    "libuv": TARGET / "examples" / "c" / "uv_echo_server",
    "libevent": TARGET / "examples" / "c" / "event_echo_server",
    "Asio": TARGET / "examples" / "cpp" / "asio_echo_server",
    "libwebsockets": TARGET / "bench-hosts" / "lws",
    "Beast": TARGET / "bench-hosts" / "beast",
    "uWebSockets": TARGET / "bench-hosts" / "uws",
}
NAMES = tuple(name for family in FAMILIES for name in (*family.ours, *family.others))


def command(name: str) -> list[str]:
    """What starts a server. It prints a line that ends with its port."""
    if name in TOKIO_NAMES:
        return [str(TARGET / "benches" / "release" / "sansock-bench-tokio"), "serve", TOKIO_NAMES[name]]
    return [str(PROGRAMS[name]), "0"]


def versions() -> dict[str, str]:
    """The versions of all."""
    lock = (TOKIO / "Cargo.lock").read_text()
    crates = {name: found(rf'name = "{name}"\nversion = "(.*)"', lock) for name in list(TOKIO_NAMES)[1:]}
    uws = found(r'libuwebsockets-sys = "=(.*)"', (FOLDER / "uws" / "Cargo.toml").read_text())
    boost = found(r'BOOST_LIB_VERSION "(.*)"', Path("/usr/include/boost/version.hpp").read_text())
    return {
        "sansock": found(r'\nversion = "(.*)"', (ROOT / "Cargo.toml").read_text()),
        "libwebsockets": said("pkg-config", "--modversion", "libwebsockets").rstrip("-"),
        "Boost (Asio, Beast)": boost.replace("_", "."),
        "uWebSockets": f"of the crate libuwebsockets-sys {uws}",
        **crates,
        "libuv": said("pkg-config", "--modversion", "libuv"),
        "libevent": said("pkg-config", "--modversion", "libevent"),
        "liburing": said("pkg-config", "--modversion", "liburing"),
        "gcc": said("gcc", "-dumpfullversion"),
        "rustc": said("rustc", "--version").split()[1],
    }


def found(pattern: str, text: str) -> str:
    """What a pattern finds."""
    match = re.search(pattern, text)
    if match is None:
        raise ValueError(pattern)
    return match[1]


def said(*words: str) -> str:
    """What a program prints."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def record(found: dict[str, Any]) -> None:
    """Replaces what is on record of this kind."""
    file = FOLDER / "results.json"
    results = json.loads(file.read_text())
    file.write_text(json.dumps({**results, **found}, indent=1) + "\n")
