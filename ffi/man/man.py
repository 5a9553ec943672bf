#!/usr/bin/env python3
"""Makes the manual pages of the headers: sansock(7) of the comment at the top of sansock.h, and one page for each group.

Each function is on one page and has a link to it, so that `man sansock_conn_pong` finds it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INCLUDE = ROOT / "include"
HOSTS = ["session", "deadlines", "openssl", "client", "uv", "event"]
"""The headers of the hosts, in include/sansock: a page for each."""


@dataclass
class Page:
    """A group of what sansock.h declares."""

    name: str
    about: str
    functions: str
    """A pattern for their names; the first page that fits has the function."""
    others: str = "^$"
    """A pattern for the names of structs and constants."""


PAGES = [
    Page("sansock_config", "options of connections", "config_(?!.*tunnel)", "(ROLE|OPTION|TEXT)_"),
    Page("sansock_tunnel", "ways through proxies", "(tunnel|proxy)_", "proxy$"),
    Page("sansock_conn_fields", "handshakes made of fields", "conn_(receive_re|request_f)", "field$|HTTP_"),
    Page(
        "sansock_conn_receive",
        "what arrives at a connection, and its end",
        "conn_(receive|set_read|timeout|written|release|pause|resume)",
    ),
    Page(
        "sansock_conn_send",
        "messages and pings to send",
        "prepared_|conn_(send|payload|ping|pong|set_compression)",
        "prepared$",
    ),
    Page("sansock_conn_close", "the end of a connection", "conn_(close|fail)$"),
    Page("sansock_conn_accept", "answers of a server", "conn_(accept|reject|respond|add|clear|limit)"),
    Page(
        "sansock_conn",
        "connections, and what there is to do",
        "conn_|block_(?!size)",
        "block$|(STATE|TRANSPORT|BLOCK)_",
    ),
    Page("sansock_record", "events and their details", "record_(?!size)", "record$|(KIND|FLAG|REGION|ORIGIN)_"),
    Page("sansock_version", "the library, statuses, faults and URLs", "", "url$|OK|ERR_|ABI_|VERSION|NEVER"),
]


@dataclass
class Entry:
    """Something that a header declares, with its comment."""

    kind: str
    """function, struct, number or type."""
    name: str
    text: str
    comment: str


PATTERN = re.compile(
    r"(?P<comment>(?:^///[^\n]*\n)*)"
    r"(?:^#define (?P<number>SANSOCK_\w+) (?P<value>[^\n]+)\n"
    r"|^typedef struct (?P<struct>\w+) \{(?P<body>.*?)^\} \w+;"
    r"|^typedef (?P<type>[^;{]+);"
    r"|^(?:SANSOCK_API|SANSOCK_INLINE|static inline)\s(?P<function>[^;{]*?\))(?=\s*[;{]))",
    flags=re.MULTILINE | re.DOTALL,
)


def entries(path: Path) -> list[Entry]:
    """What a header declares and explains."""
    found = []
    for match in PATTERN.finditer(path.read_text("utf-8")):
        comment = "\n".join(line.removeprefix("///").strip() for line in match["comment"].splitlines())
        if not comment:
            continue
        if match["number"]:
            found.append(Entry("number", match["number"], match["value"], comment))
        elif match["struct"]:
            found.append(Entry("struct", match["struct"], match["body"], comment))
        elif match["type"]:
            name = re.findall(r"\w+", match["type"].split(")")[0])[-1]
            found.append(Entry("type", name, " ".join(match["type"].split()), comment))
        else:
            prototype = " ".join(match["function"].split())
            found.append(Entry("function", prototype.split("(")[0].split()[-1].lstrip("*"), prototype, comment))
    return found


def escaped(text: str) -> str:
    """Text for mdoc: nothing in it is taken for a request."""
    text = text.replace("\\", "\\e").replace("§", "\\(sc").replace('"', "\\(dq")
    text = re.sub(r"`([^`]+)`", r"\\fI\1\\fR", text)
    text = "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in text.splitlines())
    return text.encode("ascii", "xmlcharrefreplace").decode()


def paragraphs(comment: str) -> list[str]:
    """A comment as mdoc, each sentence on a line of its own."""
    lines = []
    for number, paragraph in enumerate(re.split(r"\n\n+", comment.strip())):
        lines += [".Pp"] * (number > 0)
        joined = " ".join(paragraph.split())
        lines += [escaped(sentence) for sentence in re.split(r"(?<=[.;:]) (?=[A-Z`0-9])", joined)]
    return lines


def synopsis(entry: Entry) -> list[str]:
    """A function as mdoc."""
    before, _, rest = entry.text.partition("(")
    parameters = [each.strip() for each in rest.rstrip(")").split(",")]
    kind = before.removesuffix(entry.name).strip()
    lines = [f'.Ft "{kind}"', f".Fo {entry.name}"]
    return [*lines, *(f'.Fa "{each}"' for each in parameters), ".Fc"]


def fields(entry: Entry) -> list[str]:
    """A struct as a list of its fields that are explained."""
    lines = [".Bl -tag -width Ds"]
    for comment, text in re.findall(r"((?:^ *///[^\n]*\n)+) *([^;/]+);", entry.text, flags=re.MULTILINE):
        lines.append(f".It Vt {escaped(' '.join(text.split()))}")
        lines += paragraphs("\n".join(line.strip().removeprefix("///").strip() for line in comment.splitlines()))
    return [*lines, ".El"] if len(lines) > 1 else []


def date() -> str:
    """The day of the pages: that of the last change of the headers, or SOURCE_DATE_EPOCH."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not seconds:
        command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct", "--", "include"]
        result = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = result.stdout.strip() or str(int((INCLUDE / "sansock.h").stat().st_mtime))
    day = datetime.fromtimestamp(int(seconds), timezone.utc)
    return f"{day:%B} {day.day}, {day.year}"


def head(name: str, section: str, names: list[str], about: str) -> list[str]:
    """How each page begins."""
    listed = [f".Nm {each} ,"[: None if each != names[-1] else -2] for each in names]
    return [f".Dd {date()}", f".Dt {name.upper()} {section}", ".Os", ".Sh NAME", *listed, f".Nd {about}"]


def see_also(name: str) -> list[str]:
    """The other pages."""
    pages = sorted(({page.name for page in PAGES} | {host_page(host) for host in HOSTS}) - {name})
    known = [f".Xr {each} 3 ," for each in pages] + [".Xr sansock 7"] * (name != "sansock")
    known[-1] = known[-1].removesuffix(" ,")
    return [".Sh SEE ALSO", *known, ".Sh STANDARDS", "RFC 6455, RFC 7692, RFC 8441, RFC 9112, RFC 9220."]


def described(found: list[Entry]) -> list[str]:
    """The comments of what a page has."""
    lines: list[str] = []
    for entry in (each for each in found if each.kind in ("struct", "type")):
        lines += [".Ss " + entry.name, *paragraphs(entry.comment)]
        lines += fields(entry) if entry.kind == "struct" else [".Bd -literal", escaped(f"typedef {entry.text};"), ".Ed"]
    for entry in (each for each in found if each.kind == "function"):
        lines += [f".Ss {entry.name}", *paragraphs(entry.comment)]
    constants = [each for each in found if each.kind == "number"]
    if constants:
        lines += [".Sh CONSTANTS", ".Bl -tag -width Ds"]
        for entry in constants:
            lines += [f".It Dv {entry.name} No = {escaped(entry.text.strip('()'))}", *paragraphs(entry.comment)]
        lines.append(".El")
    return lines


def page(name: str, about: str, header: str, before: list[str], found: list[Entry]) -> str:
    """A page of section 3."""
    functions = [each for each in found if each.kind == "function"]
    lines = head(name, "3", [name, *(each.name for each in functions if each.name != name)], about)
    lines += [".Sh SYNOPSIS", f".In {header}"]
    for entry in functions:
        lines += synopsis(entry)
    lines += [".Sh DESCRIPTION", *before, *described(found), *see_also(name)]
    return "\n".join(line for line in lines if line) + "\n"


def comment_at_top(path: Path) -> str:
    """The first comment of a header."""
    found = re.match(r"/\*\n(.*?)\n \*/", path.read_text("utf-8"), flags=re.DOTALL)
    if not found:
        sys.exit(f"man: {path.name} does not begin with a comment")
    return "\n".join(line.removeprefix(" *").removeprefix(" ") for line in found[1].splitlines())


def prose(comment: str) -> list[str]:
    """The comment at the top of a header: paragraphs; lists of terms; what is indented is literal."""
    lines: list[str] = []
    for block in re.split(r"\n\n+", comment):
        rows = block.splitlines()
        if rows[0].startswith("  "):
            lines += [".Bd -literal", *(escaped(row) for row in rows), ".Ed"]
        elif re.match(r"[A-Z]\w*(?: \w+)?  +\S", rows[0]):
            lines.append(".Bl -tag -width Ds")
            for term, text in re.findall(r"^(\S.*?)  +(\S.*(?:\n {2,}.*)*)", block, flags=re.MULTILINE):
                lines += [f".It Sy {escaped(term)}", *paragraphs(text)]
            lines.append(".El")
        else:
            lines += [".Pp"] * bool(lines) + paragraphs(block)
    return lines


def lowered(sentence: str) -> str:
    """A sentence as it stands behind the name of a page."""
    return sentence if sentence.startswith(("TLS", "Web")) else sentence[0].lower() + sentence[1:]


def host_page(host: str) -> str:
    """The name of the page of a header of a host."""
    return "sansock_tls" if host == "openssl" else f"sansock_{host}"


def group(found: list[Entry]) -> dict[str, list[Entry]]:
    """What is on each page of sansock.h. Everything has its place."""
    pages: dict[str, list[Entry]] = {each.name: [] for each in PAGES}
    for entry in found:
        name = re.sub("^sansock_|^SANSOCK_", "", entry.name)
        for each in PAGES:
            pattern = each.functions if entry.kind == "function" else each.others
            is_handle = entry.kind == "type" and entry.name == each.name
            if (
                is_handle
                or re.match(pattern, name)
                or (entry.kind == "type" and each.name == "sansock_tunnel" and "tunnel" in name)
            ):
                pages[each.name].append(entry)
                break
        else:
            sys.exit(f"man: {entry.name} has no page")
    return pages


def make(folder: Path) -> int:
    """Writes all pages below a folder. Returns how many there are, without links."""
    texts: dict[str, str] = {}
    manual = head("sansock", "7", ["sansock"], "WebSocket without the socket")
    about = {each.name: each.about for each in PAGES}
    for name, found in group(entries(INCLUDE / "sansock.h")).items():
        texts[name] = page(name, about[name], "sansock.h", [], found)
    for host in HOSTS:
        path = INCLUDE / "sansock" / f"{host}.h"
        comment = comment_at_top(path)
        first = re.split(r"[.:] ", " ".join(comment.split()), maxsplit=1)[0]
        inside = sorted((path.parent / "detail").glob(f"{host}*.h"))
        found = [entry for file in (path, *inside) for entry in entries(file)]
        texts[host_page(host)] = page(host_page(host), lowered(first), f"sansock/{host}.h", prose(comment), found)
    manual += [".Sh DESCRIPTION", *prose(comment_at_top(INCLUDE / "sansock.h")), *see_also("sansock")]
    for section in ("man3", "man7"):
        (folder / section).mkdir(parents=True, exist_ok=True)
        for old in (folder / section).iterdir():
            old.unlink()
    (folder / "man7" / "sansock.7").write_text("\n".join(manual) + "\n", "ascii")
    for name, text in texts.items():
        (folder / "man3" / f"{name}.3").write_text(text, "ascii")
        for function in re.findall(r"^\.Fo (\w+)", text, flags=re.MULTILINE):
            if function not in texts:
                (folder / "man3" / f"{function}.3").write_text(f".so man3/{name}.3\n", "ascii")
    return len(texts) + 1


def check(folder: Path) -> None:
    """Has mandoc look for errors, and for warnings."""
    pages = [str(path) for path in sorted(folder.rglob("*.[37]")) if not path.read_text("ascii").startswith(".so")]
    result = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", *pages], check=False, capture_output=True, text=True
    )
    if result.returncode or result.stdout:
        sys.exit(f"{result.stdout}{result.stderr}man: the pages are not right")


if __name__ == "__main__":
    target = Path(sys.argv[1])
    count = make(target)
    if sys.argv[2:] == ["check"]:
        check(target)
    print(f"man: {count} pages")
