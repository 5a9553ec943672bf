"""Every conformance case, as it stands, byte by byte, and in batches."""

from __future__ import annotations

import pytest

from conftest import REPOSITORY
from vectors import Case, Player, read_cases

FILES = sorted((REPOSITORY / "core" / "vectors").glob("*.vec"))
CASES = {f"{file.stem}-{case.name}": case for file in FILES for case in read_cases(file)}
IN_PIECES = {name: case for name, case in CASES.items() if not case.whole_only}


def test_there_are_cases() -> None:
    assert len(CASES) > 500


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_whole(case: Case) -> None:
    Player(case, byte_by_byte=False).play()


@pytest.mark.parametrize("case", IN_PIECES.values(), ids=IN_PIECES)
def test_byte_by_byte(case: Case) -> None:
    Player(case, byte_by_byte=True).play()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_in_batches(case: Case) -> None:
    Player(case, byte_by_byte=False, batches=True).play()
