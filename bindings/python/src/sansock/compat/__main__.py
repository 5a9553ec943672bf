"""Runs a module with the engine under it: ``python -m sansock.compat wsproto uvicorn --ws wsproto example:app``.

The first argument names what is replaced, ``wsproto``, ``websockets`` or both with a comma between; the second is the
module, as for ``python -m``, and its arguments follow. Processes that it starts are not affected.
"""

from __future__ import annotations

import importlib
import runpy
import sys

_NAMES = "wsproto", "websockets"


def main() -> None:
    """Installs the drop-ins, and becomes the module."""
    if len(sys.argv) < 3 or not set(sys.argv[1].split(",")) <= set(_NAMES):
        sys.exit("usage: python -m sansock.compat wsproto|websockets|wsproto,websockets MODULE [ARGUMENT...]")
    for name in sys.argv[1].split(","):
        try:
            importlib.import_module(f"sansock.compat.{name}").install()
        except ImportError as error:
            sys.exit(f"error: {error}")
    module = sys.argv[2]
    del sys.argv[:2]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
