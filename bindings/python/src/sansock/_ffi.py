"""The C library: finding it, its layouts and prototypes, and arguments in the form that its functions take.

Only this module and ``_memory`` know ctypes; and ``inspect``, which has a library of its own. Layouts and prototypes
repeat ``include/sansock.h``; the tests compare them.

``PyDLL`` keeps the interpreter lock during a call. A call works through one read buffer of 256 KiB or copies one
message, which takes less time than getting the lock back may.

A handle is freed by reference counting alone, so no thread can free it while another is in a method that uses it. See
``Memory``.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
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

from ._numbers import ABI_VERSION

SIZE_BITS = 8 * ctypes.sizeof(c_size_t)

RECORD = struct.Struct("=BBHIQQQ")
"""One event, or one detail of the event before it: kind, flags, code, aux, offset, len, extra."""
RECORD_SIZE = RECORD.size
FIELD = struct.Struct("@PNPN")
"""One header field: where its name is, its length; where its value is, its length."""


class Block(ctypes.Structure):
    """The results of every call on a connection, at one address for its lifetime. Reading a field calls no function."""

    _fields_ = [
        ("status", c_int32),
        ("event_count", c_uint32),
        ("transport", c_uint8),
        ("state", c_uint8),
        ("flags", c_uint16),
        ("fault", c_uint32),
        ("consumed", c_uint64),
        # Signed: NEVER is then a small number, which is faster to read.
        ("next_deadline", c_int64),
        ("payload_remaining", c_uint64),
        ("fault_actual", c_uint64),
        ("fault_limit", c_uint64),
        ("fault_position", c_uint64),
        # Addresses are plain numbers here: ctypes would turn a null pointer into None.
        ("events", c_size_t),
        ("input", c_size_t),
        ("store", c_size_t),
        ("scratch", c_size_t),
        ("input_len", c_size_t),
        ("store_len", c_size_t),
        ("scratch_len", c_size_t),
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
    fault_actual: int
    fault_limit: int
    fault_position: int
    events: int
    input: int
    store: int
    scratch: int
    input_len: int
    store_len: int
    scratch_len: int
    output: int
    output_len: int
    written: int


class UrlParts(ctypes.Structure):
    """What ``sansock_url_parse`` fills in. The host is a slice of the text that was parsed."""

    _fields_ = [("secure", c_uint8), ("port", c_uint16), ("host_offset", c_size_t), ("host_len", c_size_t)]


class ProxyParts(ctypes.Structure):
    """What ``sansock_proxy_parse`` fills in. The host is a slice of the text that was parsed."""

    _fields_ = [
        ("secure", c_uint8),
        ("resolves_names", c_uint8),
        ("port", c_uint16),
        ("host_offset", c_size_t),
        ("host_len", c_size_t),
    ]


def _library_path() -> Path:
    """The library to load: the one that SANSOCK_LIBRARY names, else the one beside this module."""
    named = os.environ.get("SANSOCK_LIBRARY")
    if named:
        return Path(named).resolve()
    name = {"win32": "sansock.dll", "darwin": "libsansock.dylib"}.get(sys.platform, "libsansock.so")
    return Path(__file__).resolve().with_name(name)


def _load(path: Path) -> ctypes.CDLL:
    """Loads the library, and refuses one that this package was not written for."""
    if not path.is_file():
        raise ImportError(f"the Sansock library is missing: there is no file {path}", path=str(path))
    try:
        # PyPy has no PyDLL.
        library = getattr(ctypes, "PyDLL", ctypes.CDLL)(str(path))
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
    """One export with its types. Unless ``returns`` says otherwise, it returns 0 or the negative number of an error.

    Converting an argument takes as long as a short call. So functions on the hot paths do not convert: they take
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
conn_receive_header = _bind(
    "conn_receive_header", c_void_p, c_char_p, c_size_t, c_uint64, c_uint64, POINTER(c_size_t), POINTER(c_uint64)
)
conn_receive_eof = _bind("conn_receive_eof", c_void_p, c_uint64)
conn_timeout = _bind("conn_timeout", c_void_p, c_uint64, converts=False)
conn_add_response_header = _bind("conn_add_response_header", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)
conn_clear_response = _bind("conn_clear_response", c_void_p)
conn_limit_deflate = _bind("conn_limit_deflate", c_void_p, c_uint32, c_uint64)
conn_accept = _bind("conn_accept", c_void_p, c_char_p, c_size_t, c_uint64, converts=False)
conn_respond = _bind("conn_respond", c_void_p, c_uint16, c_char_p, c_size_t, c_char_p, c_size_t, c_uint64)
conn_receive_request = _bind("conn_receive_request", c_void_p, c_uint32, c_char_p, c_size_t, c_uint64)
conn_request_fields = _bind("conn_request_fields", c_void_p, c_uint32, c_uint64)
conn_receive_response = _bind("conn_receive_response", c_void_p, c_uint16, c_char_p, c_size_t, c_uint64)
conn_send_text = _bind("conn_send_text", c_void_p, c_char_p, c_size_t, converts=False)
conn_send_binary = _bind("conn_send_binary", c_void_p, c_char_p, c_size_t, converts=False)
prepared_new = _bind("prepared_new", c_uint8, c_char_p, c_size_t, POINTER(c_void_p))
prepared_free = _bind("prepared_free", c_void_p, returns=None, converts=False)
prepared_memory_usage = _bind("prepared_memory_usage", c_void_p, returns=c_size_t)
conn_send_prepared = _bind("conn_send_prepared", c_void_p, c_void_p, converts=False)
conn_send_part = _bind("conn_send_part", c_void_p, c_uint8, c_char_p, c_size_t, c_uint8)
conn_send_batch = _bind(
    "conn_send_batch", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t), converts=False
)
conn_send_many = _bind(
    "conn_send_many", c_void_p, c_uint8, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t), converts=False
)
conn_send_header = _bind("conn_send_header", c_void_p, c_uint8, c_uint64, c_uint8, converts=False)
conn_check_header = _bind("conn_check_header", c_void_p, c_uint8, c_uint64)
conn_send_rest = _bind("conn_send_rest", c_void_p, c_char_p, c_size_t)
conn_payload_written = _bind("conn_payload_written", c_void_p)
conn_ping = _bind("conn_ping", c_void_p, c_char_p, c_size_t, c_uint64)
conn_pong = _bind("conn_pong", c_void_p, c_char_p, c_size_t)
conn_close = _bind("conn_close", c_void_p, c_uint16, c_char_p, c_size_t, c_uint64)
conn_fail = _bind("conn_fail", c_void_p, c_uint16, c_char_p, c_size_t, c_uint64)
conn_set_compression = _bind("conn_set_compression", c_void_p, c_uint8)
conn_release = _bind("conn_release", c_void_p)
conn_pause = _bind("conn_pause", c_void_p, c_uint64)
conn_resume = _bind("conn_resume", c_void_p, c_uint64)
conn_written = _bind("conn_written", c_void_p, c_size_t, converts=False)
conn_memory_usage = _bind("conn_memory_usage", c_void_p, returns=c_size_t)
conn_fault_text = _bind("conn_fault_text", c_void_p, POINTER(c_size_t), returns=c_void_p)

proxy_parse = _bind("proxy_parse", c_char_p, c_size_t, POINTER(ProxyParts))
tunnel_config_new = _bind("tunnel_config_new", c_char_p, c_size_t, c_char_p, c_size_t, c_uint16, POINTER(c_void_p))
tunnel_config_free = _bind("tunnel_config_free", c_void_p, returns=None)
tunnel_config_set = _bind("tunnel_config_set", c_void_p, c_uint32, c_uint64)
tunnel_config_add_header = _bind("tunnel_config_add_header", c_void_p, c_char_p, c_size_t, c_char_p, c_size_t)
tunnel_new = _bind("tunnel_new", c_void_p, c_uint64, POINTER(c_void_p))
tunnel_free = _bind("tunnel_free", c_void_p, returns=None)
tunnel_block = _bind("tunnel_block", c_void_p, returns=c_void_p)
tunnel_receive = _bind("tunnel_receive", c_void_p, c_char_p, c_size_t, c_uint64)
tunnel_receive_eof = _bind("tunnel_receive_eof", c_void_p, c_uint64)
tunnel_timeout = _bind("tunnel_timeout", c_void_p, c_uint64)
tunnel_written = _bind("tunnel_written", c_void_p, c_size_t)
tunnel_fault_text = _bind("tunnel_fault_text", c_void_p, POINTER(c_size_t), returns=c_void_p)

Handle = c_void_p
Size = c_size_t
Number = c_uint64
by_reference = ctypes.byref
# An address as an argument.
pointer: Callable[[int], Any] = c_void_p.from_param


class Memory(ctypes.Union):
    """The memory of a handle that is read without a call, and the handle with it.

    What is made of it refers to it: the block, the pointers, the handle as an argument. Whoever holds one of them, be
    it for one step of an expression, holds the memory. So when another thread, a signal handler or a finalizer frees
    the connection, the memory outlives the methods that are using it.

    It is given back in two steps. The garbage collector calls the finalizers of all that it finds in a cycle, in any
    order, and those called later may still use the memory. So the finalizer only puts something into the memory that
    frees it when the memory itself goes, which is when no finalizer is left: the collector does not know of it yet.
    Without a cycle, one follows the other at once.
    """

    __slots__ = ("_last", "address")
    _fields_ = [("block", Block), ("pointers", POINTER(c_char) * (ctypes.sizeof(Block) // ctypes.sizeof(c_size_t)))]
    block: Block
    pointers: Any
    address: int
    _last: object


class _LastOfConnection(int):
    """The address of a connection, which is freed with this number."""

    __slots__ = ()

    def __del__(self, conn_free: Callable[[Any], None] = conn_free, pointer: Callable[[int], Any] = pointer) -> None:
        """Frees it. The default arguments are still there when the interpreter exits and this module is gone."""
        conn_free(pointer(self))


class _LastOfTunnel(int):
    """The same for a tunnel."""

    __slots__ = ()

    def __del__(
        self, tunnel_free: Callable[[Any], None] = tunnel_free, pointer: Callable[[int], Any] = pointer
    ) -> None:
        """Frees it."""
        tunnel_free(pointer(self))


class _ConnectionMemory(Memory):
    __slots__ = ()

    def __del__(self, last: Callable[[int], object] = _LastOfConnection) -> None:
        self._last = last(self.address)


class _TunnelMemory(Memory):
    __slots__ = ()

    def __del__(self, last: Callable[[int], object] = _LastOfTunnel) -> None:
        self._last = last(self.address)


connection_memory_at: Callable[[int], Memory] = _ConnectionMemory.from_address
tunnel_memory_at: Callable[[int], Memory] = _TunnelMemory.from_address
EVENTS, STORE, OUTPUT = (
    getattr(Block, name).offset // ctypes.sizeof(c_size_t) for name in ("events", "store", "output")
)
"""The indices of pointers of the block: each points where the engine says at any moment."""

# A number of 64 bits as an argument.
uint64: Callable[[int], Any] = c_uint64.from_param


def field_table(fields: tuple[tuple[bytes, bytes], ...]) -> tuple[bytes, bytes]:
    """Header fields as an argument, and the bytes that they point to, which are to be kept for the call."""
    data = b"".join([text for field in fields for text in field])
    at, table = c_void_p.from_buffer(c_char_p(data)).value or 0, bytearray()
    for name, value in fields:
        table += FIELD.pack(at, len(name), at + len(name), len(value))
        at += len(name) + len(value)
    return bytes(table), data


tick: tuple[Any, float] = uint64(0), 0.0
"""The time of the last call as an argument, and until when it may be used again, in seconds.

It is one value, so that no thread sees the time of one call with the end of another.
"""


def now() -> Any:
    """The time of the monotonic clock in milliseconds, as an argument. Calls within a millisecond share it."""
    global tick
    argument, until = tick
    if monotonic() >= until:
        number = monotonic_ns() // 1_000_000
        argument = uint64(number)
        tick = argument, (number + 1) / 1000
    return argument


class _Sizes(dict[int, Any]):
    """Lengths as arguments. Those in use are kept, up to a limit, because most are used again."""

    def __missing__(self, length: int) -> Any:
        argument = c_size_t.from_param(length)
        if len(self) < 1024:
            self[length] = argument
        return argument


sizes = _Sizes()
