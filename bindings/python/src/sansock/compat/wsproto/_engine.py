"""The engine as wsproto's interface needs it: frames as they arrive, and every answer left to the program."""

from __future__ import annotations

from typing import Any

from sansock._connection import Connection as Engine
from sansock._numbers import OPTIONS

__all__ = ["UNLIMITED", "Engine", "limits", "new_engine"]

UNLIMITED = {
    name: OPTIONS[name].maximum for name in ("max_message_size", "max_frame_size", "max_fragments", "output_hard_limit")
}
limits = dict(UNLIMITED)
"""Limits of new connections. They are the programs' own by default, as wsproto has none."""


def new_engine(client: bool, url: str | None = None, **options: Any) -> Engine:
    """A connection. Its clock stands still, as wsproto has no deadlines: every call passes 0 as the time."""
    common = {"frames": True, "receive_while_closing": True, "deflate_threshold": 1, "max_body_size": 1 << 20, "now": 0}
    options = {**limits, **common, **options}
    return Engine.client(url, **options) if client else Engine.server(**options)
