"""The sections of SAFETY.md, each written by a command of its own."""

from __future__ import annotations

from lcov import ROOT

PAGE = ROOT / "SAFETY.md"
START = "# Safety\n\nWhat has been tried to break the engine, in figures.\n"


def write_section(title: str, lines: list[str]) -> None:
    """Writes a section in place of the one of that title, or behind all others."""
    text = PAGE.read_text() if PAGE.exists() else START
    before, _, behind = text.partition(f"\n## {title}\n")
    _, mark, rest = behind.partition("\n## ")
    section = "\n".join([f"## {title}", "", *lines]).rstrip()
    PAGE.write_text(f"{before.rstrip()}\n\n{section}\n{mark}{rest}")
    print(f"{PAGE.relative_to(ROOT)} is written")


def cell(text: str) -> str:
    """Text as it stands in a table of Markdown."""
    return text.replace("|", "\\|")


def code(text: str) -> str:
    """Code as it stands in a table of Markdown."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{cell(text)}{fence}"
