"""A pytest plugin: puts Sansock under the tests of others, and says which of them it does not pass.

``SANSOCK_COMPAT`` names the suite, and ``SANSOCK_COMPAT_UNDER`` what is replaced: ``wsproto``, ``websockets`` or both.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest
from sansock import Connection

from deviations import DEVIATIONS, UNSTEADY

SUITE = os.environ["SANSOCK_COMPAT"]
connections = 0

# Before anything imports what is replaced.
for _name in os.environ["SANSOCK_COMPAT_UNDER"].split():
    importlib.import_module(f"sansock.compat.{_name}").install()


def _count(create: Any) -> Any:
    def counting(_cls: type, *arguments: Any) -> Any:
        global connections
        connections += 1
        return create(*arguments)

    return classmethod(counting)


Connection._create = _count(Connection._create)  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Marks what is expected to fail, and complains of expectations that no test has."""
    deviations, unsteady = DEVIATIONS.get(SUITE, {}), UNSTEADY.get(SUITE, {})
    unknown = {*deviations, *unsteady}
    for item in items:
        names = {item.name, getattr(item, "originalname", ""), "::".join(item.nodeid.split("::")[-2:])}
        for name in names & {*deviations, *unsteady}:
            unknown.discard(name)
            reason = deviations.get(name) or unsteady[name]
            item.add_marker(pytest.mark.xfail(reason=reason, strict=name in deviations))
    if unknown:
        raise pytest.UsageError(f"{SUITE} has no test {', '.join(sorted(unknown))}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails a run in which the engine had nothing to do."""
    if not connections and not session.config.option.collectonly:
        raise pytest.UsageError("no connection of the engine was made")
    print(f"\n{SUITE}: {connections} connections of the engine")
