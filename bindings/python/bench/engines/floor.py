"""What any engine in Python pays: copies, strings, and calls through ctypes."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Callable

from workloads import Spec

VERSION = platform.python_version()


def call(spec: Spec) -> Callable[[], object]:
    """One operation, as a function without arguments: the price of that function is part of the figure."""
    view = memoryview((b"sansock " * (spec.size // 8 + 1))[: spec.size])
    window = memoryview(bytearray(spec.size))
    handle, size = ctypes.c_void_p(1), ctypes.c_size_t(2)
    # Functions that do nearly nothing. The last takes one argument, and no notice of the other.
    nothing = ctypes.pythonapi.Py_IsInitialized
    typed = ctypes.PyDLL(None).abs
    typed.argtypes, typed.restype = [ctypes.c_int], ctypes.c_int
    untyped = ctypes.PyDLL(None).labs

    def fill() -> None:
        window[:] = view

    calls: dict[str, Callable[[], object]] = {
        "function": lambda: None,
        "ctypes-0": lambda: nothing(),
        "ctypes-1": lambda: typed(1),
        "ctypes-2": lambda: untyped(handle, size),
        "bytes": lambda: bytes(view),
        "str": lambda: str(view, "utf-8"),
        "fill": fill,
    }
    return calls[spec.what]
