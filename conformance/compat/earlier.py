"""A pytest plugin: the names that the tests of websockets 15 import, and websockets 17 does not have any more."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import Any

import websockets.asyncio
import websockets.frames

_NAMES = "CONT", "TEXT", "BINARY", "CLOSE", "PING", "PONG"
_compatibility: Any = ModuleType("websockets.asyncio.compatibility")

for _name in _NAMES:
    setattr(websockets.frames, f"OP_{_name}", getattr(websockets.frames, _name))
_compatibility.TimeoutError = TimeoutError
_compatibility.aiter, _compatibility.anext = aiter, anext
_compatibility.asyncio_timeout, _compatibility.asyncio_timeout_at = asyncio.timeout, asyncio.timeout_at
sys.modules[_compatibility.__name__] = _compatibility
