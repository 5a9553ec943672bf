"""Types: the counterpart of ``wsproto.typing``."""

from __future__ import annotations

__all__ = ["Headers"]

Headers = list[tuple[bytes, bytes]]
"""Names and values of header fields, in their order."""
