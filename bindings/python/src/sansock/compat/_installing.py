"""Putting modules in the place of others, and taking them back."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from types import ModuleType

__all__ = ["Modules", "installed_version"]


def installed_version(package: str, lowest: tuple[int, ...], below: tuple[int, ...]) -> str | None:
    """The version of an installed package; None if it is not installed.

    Raises:
        ImportError: The version is not at least ``lowest`` and below ``below``.
    """
    try:
        version = importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if not lowest <= numbers < below:
        low, high = (".".join(map(str, each)) for each in (lowest, below))
        raise ImportError(
            f"sansock.compat.{package} stands in for {package} from {low} to below {high}, but {version} is installed",
            name=package,
        )
    return version


class Modules:
    """Modules that stand in ``sys.modules`` under other names, as long as they are installed."""

    def __init__(self, modules: dict[str, ModuleType]) -> None:
        self._modules = modules
        self._originals: dict[str, ModuleType | None] | None = None

    def install(self) -> None:
        """Makes imports of the other names find these modules. If it was done before, it does nothing."""
        if self._originals is None:
            self._originals = {name: sys.modules.get(name) for name in self._modules}
            sys.modules.update(self._modules)

    def uninstall(self) -> None:
        """Takes the modules back. What has imported names from them keeps those."""
        if self._originals is None:
            return
        for name, original in self._originals.items():
            if original is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = original
        self._originals = None
