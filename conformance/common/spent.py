"""Where a process spends its processor time, as ``perf`` sees it: ``spent.py PID``, until standard input ends.

Prints the share of each part in percent, as JSON. The kernel's time is named after the call of the system in which it is
spent, or after the fault of a page. A process over JavaScript must have written its map for ``perf``.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PARTS = {
    "receiving": "kernel: receiving",
    "sending": "kernel: sending",
    "memory": "kernel: fresh memory",
    "kernel": "kernel: the rest",
    "copies": "copies in memory",
    "zlib": "zlib, compiled",
    "javascript": "JavaScript",
    "wasm": "WebAssembly",
    "program": "the program",
}
"""The parts, and how pages call them."""
IN_KERNEL = (
    ("memory", re.compile(r"exc_page_fault|(mmap|munmap|madvise|mremap|mprotect|sys_brk)(_pgoff)?$")),
    (
        "receiving",
        re.compile(r"^(ksys|vfs)_read$|^do_readv$|sys_(read|readv|recvfrom|recvmsg|recvmmsg)$|^io_(read|recv)$"),
    ),
    (
        "sending",
        re.compile(r"^(ksys|vfs)_write$|^do_writev$|sys_(write|writev|sendto|sendmsg|sendmmsg)$|^io_(write|send)$"),
    ),
)
"""What in a stack of the kernel tells the part; the first that is found counts."""
OUTSIDE = (
    ("copies", re.compile(r"^_*mem(move|cpy|set)")),
    ("zlib", re.compile(r"deflate|inflate|longest_match|fill_window|crc32|adler32|slide_hash|compress_block|^_tr_")),
)
"""The same for the symbol that runs outside of the kernel."""
JITTED = re.compile(r"perf-\d+\.map|//anon|\[unknown\]|^jitted-|memfd")
"""Where code is that a run time has compiled: JavaScript, or else WebAssembly."""
WASM = re.compile(r"wasm-function|^wasm|Wasm|\.wasm", re.ASCII)
LINE = re.compile(r"^\s+[0-9a-f]+ (.*) \((.*)\)$")
RATE = 4000
"""Samples in a second."""


@contextmanager
def watched(process: int) -> Iterator[Counter[str]]:
    """Fills in the samples of each part at the end of the block."""
    found: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "perf.data"
        words = [
            "perf",
            "record",
            "--quiet",
            "-e",
            "cpu-clock",
            "-F",
            str(RATE),
            "-g",
            "-p",
            str(process),
            "-o",
            str(file),
        ]
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as perf:
            yield found
            perf.send_signal(signal.SIGINT)
        script = ["perf", "script", "-i", str(file), "-F", "ip,sym,dso"]
        text = subprocess.run(script, check=True, capture_output=True, text=True, errors="replace").stdout
    found.update(map(part, stacks(text)))


def stacks(text: str) -> Iterator[list[tuple[str, str]]]:
    """The stacks, from where the sample was taken outwards: symbols and the files that they are in."""
    for block in text.split("\n\n"):
        matches = [LINE.match(line) for line in block.splitlines()]
        stack = [(match[1], match[2]) for match in matches if match]
        if stack:
            yield stack


def part(stack: list[tuple[str, str]]) -> str:
    """What a stack belongs to."""
    symbol, file = stack[0]
    if file.startswith(("[kernel", "[guest.kernel")):
        symbols = [each for each, where in stack if where.startswith("[")]
        return next((name for name, pattern in IN_KERNEL if any(map(pattern.search, symbols))), "kernel")
    if JITTED.search(file):
        return "wasm" if WASM.search(symbol) else "javascript"
    return next((name for name, pattern in OUTSIDE if pattern.search(symbol)), "program")


def shares(samples: Counter[str]) -> dict[str, int]:
    """In percent, without the parts that are not there."""
    total = sum(samples.values())
    rounded = {name: round(100 * samples[name] / total) for name in PARTS if samples[name]}
    return {name: share for name, share in rounded.items() if share}


def main(process: int) -> None:
    """The command."""
    with watched(process) as samples:
        sys.stdin.read()
    print(json.dumps({"samples": sum(samples.values()), **shares(samples)}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
