"""The library of the inspector: finding it, and its prototypes.

A call lets go of the interpreter lock: a piece of a capture may take a while. The library refuses the second of two
calls at once on one inspector.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, c_char_p, c_int32, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any, Callable

_ABI_VERSION = 1
_TEXT = POINTER(c_void_p), POINTER(c_size_t)


def _library_path() -> Path:
    """The library to load: the one that SANSOCK_INSPECT_LIBRARY names, else the one beside the C library."""
    named = os.environ.get("SANSOCK_INSPECT_LIBRARY")
    if named:
        return Path(named).resolve()
    names = {"win32": "sansock_inspect.dll", "darwin": "libsansock_inspect.dylib"}
    return Path(__file__).resolve().parents[1] / names.get(sys.platform, "libsansock_inspect.so")


def _load(path: Path) -> ctypes.CDLL:
    """Loads the library, and refuses one that this package was not written for."""
    if not path.is_file():
        raise ImportError(
            f"the library of the inspector is missing: there is no file {path}. Build the package with it, or set"
            " SANSOCK_INSPECT_LIBRARY to the path of a libsansock_inspect",
            path=str(path),
        )
    try:
        library = ctypes.CDLL(str(path))
        found = library.sansock_inspector_abi_version()
    except (OSError, AttributeError) as error:
        raise ImportError(f"{path} is not the library of the inspector: {error}", path=str(path)) from error
    if found != _ABI_VERSION:
        raise ImportError(f"{path} has ABI {found}; this package needs ABI {_ABI_VERSION}", path=str(path))
    return library


library_path = _library_path()
_library = _load(library_path)


def _bind(name: str, *arguments: Any, returns: Any = c_int32) -> Callable[..., Any]:
    """One export with its types. Unless ``returns`` says otherwise, it returns 0 or the negative number of an error."""
    try:
        function = _library["sansock_inspector_" + name]
    except AttributeError as error:
        raise ImportError(f"{library_path} lacks sansock_inspector_{name}", path=str(library_path)) from error
    function.argtypes, function.restype = arguments, returns
    return function


new = _bind("new", c_size_t, POINTER(c_uint64), c_size_t, POINTER(c_void_p))
free = _bind("free", c_void_p, returns=None)
assume = _bind("assume", c_void_p, c_char_p, c_size_t)
push = _bind("push", c_void_p, c_char_p, c_size_t)
push_from = _bind("push_from", c_void_p, c_uint32, c_char_p, c_size_t)
finish = _bind("finish", c_void_p, *_TEXT)
begin = _bind("begin", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_uint64, POINTER(c_uint32))
feed = _bind("feed", c_void_p, c_uint32, c_uint32, c_char_p, c_size_t, c_uint64)
skip = _bind("skip", c_void_p, c_uint32, c_uint32, c_char_p, c_size_t, c_uint64)
tell_skipped = _bind("tell_skipped", c_void_p, c_uint64)
end = _bind("end", c_void_p, c_uint32, c_uint32, c_uint64)
faults = _bind("faults", c_void_p, POINTER(c_uint64))
take = _bind("take", c_void_p, c_uint32, c_size_t, *_TEXT)
machines = _bind("machines", c_void_p, *_TEXT)


class Handle:
    """An inspector of the library, which is freed with this."""

    def __init__(self, preview: int, whole: list[int]) -> None:
        # What ctypes passes for this. It is no base class: in PyPy, what is derived from it cannot call super().
        self._as_parameter_ = c_void_p()
        numbers = (c_uint64 * len(whole))(*whole)
        self.status: int = new(preview, numbers, len(whole), ctypes.byref(self._as_parameter_))

    def __del__(self, free: Callable[[Any], None] = free) -> None:
        """Frees it. The default argument is still there when the interpreter exits and this module is gone."""
        free(self._as_parameter_)


def text_of(call: Callable[..., int], *arguments: Any) -> tuple[int, bytes]:
    """The status of a call, and a copy of the text that it gives."""
    at, length = c_void_p(), c_size_t()
    status = call(*arguments, ctypes.byref(at), ctypes.byref(length))
    return status, ctypes.string_at(at.value, length.value) if at.value else b""


def number_of(call: Callable[..., int], kind: Any, *arguments: Any) -> tuple[int, int]:
    """The status of a call, and the number that it gives."""
    number = kind()
    return call(*arguments, ctypes.byref(number)), number.value
