"""A header as Doxygen reads it: ``filter.py HEADER``. The comment at its top becomes that of the file, in its layout."""

from __future__ import annotations

import re
import sys
from pathlib import Path

BLOCK = re.compile(r"/\*\n(?P<text>.*?)\n ?\*/\n", re.DOTALL)
ONE = re.compile(r"/\* (?P<text>.*?) \*/\n", re.DOTALL)
LINES = re.compile(r"(?P<text>(?:///[^\n]*\n)+)")


def filtered(name: str, header: str) -> str:
    """The header with a comment for its file. It has as many lines, so that what is said of a line is true."""
    match = BLOCK.match(header) or ONE.match(header) or LINES.match(header)
    if match is None:
        return header
    lines = [re.sub(r"^(///| \*) ?", "", line) for line in match["text"].rstrip().splitlines()]
    before = header[: match.end()].count("\n")
    first = lines.index("") if "" in lines else len(lines)
    words = [f"/** @file {name}", *lines[:first]]
    if first < len(lines):
        words += ["@verbatim", *lines[first + 1 :], "@endverbatim"]
    text = "\n".join([" ".join(words[: first + 1]), *words[first + 1 :]]) + " */\n"
    return text + "\n" * (before - text.count("\n")) + header[match.end() :]


if __name__ == "__main__":
    path = Path(sys.argv[1]).absolute()
    sys.stdout.write(filtered(str(path).rpartition("/include/")[2], path.read_text("utf-8")))
