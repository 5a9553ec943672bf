"""Compiles the code in the comment at the top of each header, so that what users copy is true.

In such code ``...`` stands for what a program does: for a statement, or for arguments. Lines that are words are left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

INCLUDE = Path(__file__).parents[2] / "include"
C = ["gcc", "-std=c11", "-xc", "-D_GNU_SOURCE", "-DSANSOCK_OPENSSL"]
CPP = ["g++", "-std=c++20", "-xc++"]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused", "-fsyntax-only", f"-I{INCLUDE}", "-"]
PAYLOAD = "static const uint8_t *data; static size_t len;"
SESSION = """
void f(sansock_session *s, uint8_t *buffer, size_t size, size_t n, uint64_t now) {
const sansock_record *event; uint8_t *place;
"""
DEADLINES = """
#define OTHERS fd, &ready, 1
struct peer { sansock_session session; sansock_deadline deadline; };
void f(int fd, sansock_deadlines all, struct peer *peer) { struct epoll_event ready; sansock_deadline *due;
"""
AROUND: dict[str, tuple[list[str], str, str]] = {
    "sansock.hpp": (CPP, "void f(std::uint8_t *buffer, std::size_t size, std::uint64_t now) {", "}"),
    "sansock/session.h": (
        C,
        SESSION,
        "}",
    ),
    "sansock/deadlines.h": (C, "#include <sansock/session.h>\n#include <sys/epoll.h>\n" + DEADLINES, "}"),
    "sansock/openssl.h": (
        C,
        "void f(sansock_tls *t, int n, char *data, char *plain, size_t size, char *output, size_t len) {",
        "}",
    ),
    "sansock/client.h": (C, "void f(void) { const sansock_record *event;", "}"),
    "sansock/uv.h": (C, "static sansock_uv_options options;" + PAYLOAD, ""),
    "sansock/event.h": (C, "#include <event2/listener.h>\nstatic sansock_event_options options;" + PAYLOAD, ""),
    "sansock/asio.hpp": (
        CPP,
        "using namespace sansock::asio::net; awaitable<void> f(ip::tcp::socket socket, const sansock::Config &config) {",
        "}",
    ),
    "sansock/asio_ssl.hpp": (
        CPP,
        "using namespace sansock::asio; using net::ip::tcp; void f(tcp::socket socket, net::ssl::context &context) {",
        "}",
    ),
}
"""How each is compiled, and what stands around it."""


CODE = re.compile(r" *(?:.*(?:[;{}]|\.\.\.)|(?:if|for|while) .*\))")
"""A line of code, and not of words."""


def snippet(header: str) -> str:
    """The code in the comment at the top of a header: its first indented paragraph."""
    comment: list[str] = []
    for line in header.splitlines():
        match = re.match(r"(?:///| \*|/\*)(?!/)(.*)", line)
        if match is None:
            break
        comment.append(match[1])
    paragraphs = re.split(r"\n *\n", "\n".join(comment))
    indented = next((each for each in paragraphs if re.match(r"\n*   ", each)), "")
    lines = (re.sub(r" +// .*", "", line) for line in indented.splitlines())
    code = "\n".join(line for line in lines if CODE.fullmatch(line))
    code = code.replace("(..., ", "(OTHERS, ")
    return re.sub(r" \.\.\.$", " {}", code, flags=re.MULTILINE).replace(" ... ", " ")


def main() -> None:
    """Compiles all."""
    for name, (compiler, before, after) in AROUND.items():
        code = snippet((INCLUDE / name).read_text("utf-8"))
        if code.count(";") + code.count("{}") == 0:
            sys.exit(f"error: {name} has no code at its top")
        unit = f"#include <{name}>\n{before}\n{code}\n{after}\n"
        result = subprocess.run([*compiler, *WARNINGS], check=False, input=unit, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"error: the code at the top of {name}:\n{unit}\n{result.stderr}")
    print(f"snippets: the code at the top of {len(AROUND)} headers compiles")


if __name__ == "__main__":
    main()
