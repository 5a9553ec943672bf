"""Every conformance case, as it stands, in pieces, and in batches; through both input calls."""

from __future__ import annotations

import pytest

from conftest import REPOSITORY
from vectors import Case, Player, read_cases

FILES = sorted((REPOSITORY / "core" / "vectors").glob("*.vec"))
CASES = {f"{file.stem}-{case.name}": case for file in FILES for case in read_cases(file)}
IN_PIECES = {name: case for name, case in CASES.items() if not case.whole_only}


def test_there_are_cases() -> None:
    assert len(CASES) > 500


@pytest.mark.parametrize("read_buffer", [False, True], ids=["bytes", "read_buffer"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_whole(case: Case, read_buffer: bool) -> None:
    Player(case, read_buffer=read_buffer).play()


@pytest.mark.parametrize("read_buffer", [False, True], ids=["bytes", "read_buffer"])
@pytest.mark.parametrize("cut", [1, 2, 7])
@pytest.mark.parametrize("case", IN_PIECES.values(), ids=IN_PIECES)
def test_in_pieces(case: Case, cut: int, read_buffer: bool) -> None:
    Player(case, cut, read_buffer).play()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_in_batches(case: Case) -> None:
    Player(case, batches=True).play()
