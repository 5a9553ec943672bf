"""The C library: where it is, what it exports, and how its memory is read. No other module knows ctypes.

The layouts and prototypes repeat ``include/sansock.h``; the tests compare them with that file.

``PyDLL`` keeps the interpreter lock during a call. A call works through one window of 64 KiB or copies one message:
that takes less time than getting the lock back may; and no other thread can free a handle while a call uses it.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
import threading
from ctypes import (
    POINTER,
    c_char,
    c_char_p,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from pathlib import Path
from time import monotonic, monotonic_ns
from typing import Any, Callable

ABI_VERSION = 1
NEVER = 2**64 - 1
WINDOW_SIZE = 65536
# The room in front of the window, and with it the most that is gathered.
WINDOW_START = 8192
SIZE_BITS = 8 * ctypes.sizeof(c_size_t)

# One event, or one detail of the event before it: kind, flags, code, aux, offset, len, extra.
RECORD = struct.Struct("=BBHIQQQ")
RECORD_SIZE = RECORD.size

KIND_REQUEST, KIND_OPEN, KIND_REJECTED, KIND_TEXT, KIND_BINARY = 1, 2, 3, 4, 5
KIND_PING, KIND_PONG, KIND_CLOSING, KIND_CLOSED = 6, 7, 8, 9
KIND_HEADER, KIND_AUTHORITY, KIND_ORIGIN, KIND_SUBPROTOCOL, KIND_EXTENSION = 16, 17, 18, 19, 20
FLAG_REGION, FLAG_FIRST, FLAG_LAST, FLAG_CLEAN, FLAG_BY_PEER, FLAG_TRUNCATED, FLAG_CHOSEN = 3, 4, 8, 16, 32, 16, 16
REGION_INPUT, REGION_STORE, REGION_SCRATCH = 0, 1, 2
BLOCK_MORE, BLOCK_WRITABLE, BLOCK_DEFER_WRITTEN = 1, 2, 4
ROLE_CLIENT, ROLE_SERVER = 0, 1
TEXT_URL, TEXT_ORIGIN, TEXT_SUBPROTOCOL = 1, 2, 3
ERR_BAD_HANDLE = -6


class Block(ctypes.Structure):
    """The answer to every call on a connection, at one address for its life. Reading a field is not a foreign call."""

    _fields_ = [
        ("status", c_int32),
        ("event_count", c_uint32),
        ("transport", c_uint8),
        ("state", c_uint8),
        ("flags", c_uint16),
        ("fault", c_uint32),
        ("consumed", c_uint64),
        # Signed: the deadline that never comes is then a small number, which takes less time to read.
        ("next_deadline", c_int64),
        ("payload_remaining", c_uint64),
        # Addresses are plain numbers here: ctypes would make None of a null pointer.
        ("events", c_size_t),
        ("input", c_size_t),
        ("store", c_size_t),
        ("side", c_size_t),
        ("input_len", c_size_t),
        ("store_len", c_size_t),
        ("side_len", c_size_t),
        ("output", c_size_t),
        ("output_len", c_size_t),
        ("written", c_uint64),
    ]
    status: int
    event_count: int
    transport: int
    state: int
    flags: int
    fault: int
    consumed: int
    next_deadline: int
    payload_remaining: int
    events: int
    input: int
    store: int
    side: int
    input_len: int
    store_len: int
    side_len: int
    output: int
    output_len: int
    written: int


class UrlParts(ctypes.Structure):
    """What ``sansock_url_parse`` fills in. The host is a part of the text that was parsed."""

    _fields_ = [("secure", c_uint8), ("port", c_uint16), ("host_offset", c_size_t), ("host_len", c_size_t)]


def _library_path() -> Path:
    """The library to load: the one that SANSOCK_LIBRARY names, else the one beside this module."""
    named = os.environ.get("SANSOCK_LIBRARY")
    if named:
        return Path(named).resolve()
    name = {"win32": "sansock.dll", "darwin": "libsansock.dylib"}.get(sys.platform, "libsansock.so")
    return Path(__file__).resolve().with_name(name)


def _load(path: Path) -> ctypes.PyDLL:
    """Loads the library and refuses one that this package was not written for."""
    if not path.is_file():
        raise ImportError(f"the Sansock library is missing: there is no file {path}", path=str(path))
    try:
        library = ctypes.PyDLL(str(path))
        found = library.sansock_abi_version(), library.sansock_record_size(), library.sansock_block_size()
    except (OSError, AttributeError) as error:
        raise ImportError(f"{path} is not a Sansock library: {error}", path=str(path)) from error
    expected = ABI_VERSION, RECORD.size, ctypes.sizeof(Block)
    # Later versions may add fields at the end of the block.
    if found[:2] != expected[:2] or found[2] < expected[2]:
        raise ImportError(
            f"{path} has ABI {found[0]}, records of {found[1]} and blocks of {found[2]} bytes;"
            f" this package needs ABI {expected[0]}, {expected[1]} and {expected[2]} bytes",
            path=str(path),
        )
    return library


library_path = _library_path()
_library = _load(library_path)
prototypes: dict[str, tuple[Any, ...]] = {}


def _bind(name: str, *arguments: Any, returns: Any = c_int32, converts: bool = True) -> Callable[..., Any]:
    """One export with its types. What it returns, unless told otherwise, is 0 or the negative number of an error.

    Converting an argument takes as long as a short call. Functions that do not are for calls by the thousand: they take
    ``bytes``, None, numbers that fit an int of C, and what ``pointer``, ``sizes``, ``uint64`` and ``now`` return.
    """
    try:
        function = _library["sansock_" + name]
    except AttributeError as error:
        raise ImportError(f"{library_path} lacks sansock_{name}", path=str(library_path)) from error
    if converts:
        function.argtypes = arguments
    function.restype = returns
    prototypes[name] = arguments
    return function


version_text: str = _bind("version", returns=c_char_p)().decode()
error_text = _bind("error_text", c_int32, returns=c_char_p)
fault_name = _bind("fault_name", c_uint32, returns=c_char_p)
url_parse = _bind("url_parse", c_char_p, c_size_t, POINTER(UrlParts))

config_new = _bind("config_new", c_uint32, POINTER(c_void_p), converts=False)
config_free = _bind("config_free", c_void_p, returns=None, converts=False)
config_set = _bind("config_set", c_void_p, c_uint32, c_uint64)
config_set_text = _bind("config_set_text", c_void_p, c_uint32, c_char_p, c_size_t, converts=False)
config_add_header = _bind("config_add_header", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, converts=False)

conn_new = _bind("conn_new", c_void_p, c_char_p, c_uint64, POINTER(c_void_p), converts=False)
conn_free = _bind("conn_free", c_void_p, returns=None, converts=False)
conn_block = _bind("conn_block", c_void_p, returns=c_void_p, converts=False)
conn_receive = _bind("conn_receive", c_void_p, c_void_p, c_size_t, c_uint64, converts=False)
conn_set_read_buffer = _bind("conn_set_read_buffer", c_void_p, c_void_p, c_size_t, converts=False)
conn_receive_read_buffer = _bind("conn_receive_read_buffer", c_void_p, c_size_t, c_uint64, converts=False)
conn_receive_eof = _bind("conn_receive_eof", c_void_p, c_uint64)
conn_timeout = _bind("conn_timeout", c_void_p, c_uint64, converts=False)
conn_add_response_header = _bind("conn_add_response_header", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)
conn_accept = _bind("conn_accept", c_void_p, c_char_p, c_size_t, c_uint64, converts=False)
conn_reject = _bind("conn_reject", c_void_p, c_uint16, c_char_p, c_size_t, c_uint64)
conn_send_text = _bind("conn_send_text", c_void_p, c_char_p, c_size_t, converts=False)
conn_send_binary = _bind("conn_send_binary", c_void_p, c_char_p, c_size_t, converts=False)
conn_send_part = _bind("conn_send_part", c_void_p, c_uint8, c_char_p, c_size_t, c_uint8)
conn_send_batch = _bind(
    "conn_send_batch", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t), converts=False
)
conn_send_many = _bind(
    "conn_send_many", c_void_p, c_uint8, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t), converts=False
)
conn_send_header = _bind("conn_send_header", c_void_p, c_uint8, c_uint64, c_uint8, converts=False)
conn_ping = _bind("conn_ping", c_void_p, c_char_p, c_size_t, c_uint64)
conn_pong = _bind("conn_pong", c_void_p, c_char_p, c_size_t)
conn_close = _bind("conn_close", c_void_p, c_uint16, c_char_p, c_size_t, c_uint64)
conn_fail = _bind("conn_fail", c_void_p, c_uint16, c_char_p, c_size_t, c_uint64)
conn_set_compression = _bind("conn_set_compression", c_void_p, c_uint8)
conn_pause = _bind("conn_pause", c_void_p, c_uint64)
conn_resume = _bind("conn_resume", c_void_p, c_uint64)
conn_written = _bind("conn_written", c_void_p, c_size_t, converts=False)
conn_memory_usage = _bind("conn_memory_usage", c_void_p, returns=c_size_t)
conn_fault_text = _bind("conn_fault_text", c_void_p, POINTER(c_size_t), returns=c_void_p)

Handle = c_void_p
Size = c_size_t
by_reference = ctypes.byref
block_at = Block.from_address
# Where addresses are that change.
EVENTS_OFFSET, STORE_OFFSET, OUTPUT_OFFSET = (getattr(Block, name).offset for name in ("events", "store", "output"))

# An address as an argument.
pointer: Callable[[int], Any] = c_void_p.from_param

# A number of 64 bits as an argument.
uint64: Callable[[int], Any] = c_uint64.from_param


_tick, _until = uint64(0), 0.0
"""The time of the last call, and until when it holds, in seconds."""


def now() -> Any:
    """The time of the monotonic clock as an argument. Calls within a millisecond share it."""
    global _tick, _until
    if monotonic() >= _until:
        number = monotonic_ns() // 1_000_000
        _tick, _until = uint64(number), (number + 1) / 1000
    return _tick


class _Sizes(dict[int, Any]):
    """Lengths as arguments: those that were used are kept, as most are used again, up to a limit."""

    def __missing__(self, length: int) -> Any:
        argument = c_size_t.from_param(length)
        if len(self) < 1024:
            self[length] = argument
        return argument


sizes = _Sizes()

# Slices of a pointer to c_char are exact bytes, and cost less than ctypes.string_at.
_Pointer: Any = POINTER(c_char)


def pointer_at(address: int) -> Any:
    """The pointer that is stored there: one in the block points to where the engine says at any moment."""
    return _Pointer.from_address(address)


# One array type serves every length; ctypes would keep a type for each.
_Memory: Any = c_char * sys.maxsize


def memory(address: int) -> memoryview:
    """The memory from an address on, without a copy. Only what the block says is there may be read."""
    return memoryview(_Memory.from_address(address)).cast("B")


def copy(address: int, length: int) -> bytes:
    """A copy of memory, in half the time of ``ctypes.string_at``."""
    data: bytes = _Memory.from_address(address)[:length]
    return data


class Window:
    """A buffer that sockets are read into and that the engine unmasks in place, with room in front of it.

    Attributes:
        memory: The room and the window. Slices of it are exact ``bytes``, which is faster than by way of the view.
        input: The same for the window alone.
        address: Where the memory is.
        pointer: To the window, as an argument.
        view: Of the memory.
        inlet: The window alone, which hosts fill.
    """

    __slots__ = ("address", "inlet", "input", "memory", "pointer", "view")

    def __init__(self) -> None:
        self.memory: Any = (c_char * (WINDOW_START + WINDOW_SIZE))()
        self.input: Any = (c_char * WINDOW_SIZE).from_buffer(self.memory, WINDOW_START)
        self.address = ctypes.addressof(self.memory)
        self.pointer = pointer(self.address + WINDOW_START)
        self.view = memoryview(self.memory).cast("B")
        self.inlet = self.view[WINDOW_START:]

    def since(self, start: int) -> Any:
        """The memory from there on."""
        return self.input if start == WINDOW_START else _Memory.from_address(self.address + start)


class _ThreadLocal(threading.local):
    def __init__(self) -> None:
        self.window = Window()


# A thread handles one socket read at a time, so all its connections share one window.
thread_local = _ThreadLocal()


def payload(block: Block, window: Window, region: int, offset: int, length: int) -> bytes:
    """A copy of a payload, wherever it lies."""
    if region == REGION_INPUT:
        start = block.input - window.address + offset
        data: bytes = window.memory[start : start + length]
        return data
    return copy((block.store if region == REGION_STORE else block.side) + offset, length)


def whole_region(block: Block, window: Window, region: int) -> bytes:
    """A copy of a region."""
    if region == REGION_INPUT:
        start = block.input - window.address
        data: bytes = window.memory[start : start + block.input_len]
        return data
    return copy(block.store, block.store_len) if region == REGION_STORE else copy(block.side, block.side_len)
