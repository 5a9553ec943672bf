"""The command ``sansock``, and ``python -m sansock``: a client, a server, and what shows what is on the wire."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from . import WebSocketError
from ._command import client, inspection, relay, server

__all__ = ["main"]

_COMMANDS: dict[str, Any] = {"serve": server, "inspect": inspection, "relay": relay}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command, and returns its status: 0 for success, 1 for a failure, 2 for wrong arguments."""
    arguments = sys.argv[1:] if arguments is None else arguments
    command = _COMMANDS.get(arguments[0]) if arguments else None
    rest = arguments[1:] if command else arguments
    program: Any = command or client
    try:
        status: int = program.run(program.parser().parse_args(rest))
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except (WebSocketError, ImportError, OSError, ValueError) as error:
        print(f"sansock: {_text_of(error)}", file=sys.stderr)
        return 1


def _text_of(error: Exception) -> str:
    """What is wrong, in words: in PyPy, an error that ``ssl`` has with a file is a number alone."""
    if isinstance(error, OSError) and error.errno and not error.strerror:
        return os.strerror(error.errno)
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
