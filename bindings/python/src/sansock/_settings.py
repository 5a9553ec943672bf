"""The options of ``connect`` and ``serve``, the same in every adapter: names, defaults and units.

Times are in seconds. What is not named here is an option of the engine, which ``ServerOptions`` and ``ClientOptions``
describe, and passed on to it.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Awaitable, Iterable, Mapping
from re import Pattern
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypedDict, TypeVar, Union

from ._arguments import HeadersInput
from ._errors import InvalidArgument
from ._numbers import OPTIONS
from ._session import MAX_QUEUE

if TYPE_CHECKING:
    from ._serving import Response

__all__ = ["ClientSettings", "ServerSettings", "Settings", "client_settings", "describe", "server_settings"]

_Function = TypeVar("_Function", bound=Callable[..., Any])

Origins = Union[str, Iterable[Union[str, Pattern[str], None]], None]
# It is given the connection as the adapter has it.
ProcessRequest = Callable[[Any], Union["Response", Awaitable[Union["Response", None]], None]]


class CommonSettings(TypedDict, total=False):
    """Options of both ends."""

    subprotocols: Iterable[str] | None
    headers: HeadersInput | None
    compression: bool
    max_size: int
    max_queue: int
    write_limit: int
    open_timeout: float
    close_timeout: float
    ping_interval: float | None
    ping_timeout: float
    write_timeout: float
    parts: bool
    engine: Mapping[str, Any] | None


class ClientSettings(CommonSettings, total=False):
    """Options of ``connect``."""

    origin: str | None
    proxy: str | bool | None
    max_redirects: int


class ServerSettings(CommonSettings, total=False):
    """Options of ``serve``."""

    origins: Origins
    process_request: ProcessRequest | None


class Setting(NamedTuple):
    """A row of the tables below."""

    name: str
    default: Any
    doc: str
    engine: str | None = None
    """The option of the engine that it sets."""


_COMMON = (
    Setting("subprotocols", None, "Subprotocols, the preferred one first.", "subprotocols"),
    Setting("headers", None, "Headers to add to the request or the response: a mapping, or pairs.", "headers"),
    Setting("compression", True, "Whether messages are compressed (RFC 7692) if the peer agrees.", "deflate"),
    Setting("max_size", 16 << 20, "The largest message to receive, in bytes. Default: 16 MiB.", "max_message_size"),
    Setting("max_queue", MAX_QUEUE, "How many bytes of messages may wait before reading stops. Default: 256 KiB."),
    Setting(
        "write_limit",
        64 << 10,
        "How many bytes of output may wait before ``send`` does. Default: 64 KiB.",
        "output_soft_limit",
    ),
    Setting("open_timeout", 10.0, "Time to connect and open, in seconds. Default: 10.", "handshake_timeout"),
    Setting("close_timeout", 10.0, "Time for the closing handshake, in seconds. Default: 10.", "close_timeout"),
    Setting(
        "ping_interval", 20.0, "Time between keepalive pings, in seconds; None: no pings. Default: 20.", "ping_interval"
    ),
    Setting(
        "ping_timeout", 20.0, "Time in which such a ping must be answered, in seconds. Default: 20.", "pong_timeout"
    ),
    Setting(
        "write_timeout",
        60.0,
        "Time in which a peer must take some of what waits to be sent, in seconds. A slow one is kept. Default: 60.",
        "write_timeout",
    ),
    Setting("parts", False, "Receive messages in parts, with ``recv_parts``, in bounded memory.", "parts"),
    Setting("engine", None, "Further options of the engine: see ``ClientOptions`` and ``ServerOptions``."),
)
_CLIENT = (
    Setting("origin", None, "The Origin header of the request. Browsers send one; other clients need not.", "origin"),
    Setting("proxy", True, "The URL of a proxy. True: the one that the environment names, if any. None: none."),
    Setting("max_redirects", 10, "How many redirects to follow. Default: 10."),
    *_COMMON,
)
_SERVER = (
    Setting(
        "origins",
        "same",
        'Which pages may connect: "same" for those of this server (and programs that are no browsers), None for any, or'
        " a list of origins and patterns, in which None stands for a request without one.",
    ),
    Setting(
        "process_request",
        None,
        "Called with the connection before it is accepted, also for requests that ask for no WebSocket. It may return a"
        " ``Response``, which is sent instead. It may be a coroutine function where the adapter knows them.",
    ),
    *_COMMON,
)


class Settings(NamedTuple):
    """The options of one call."""

    values: dict[str, Any]
    engine: dict[str, Any]
    """Keyword arguments of the engine's connection."""

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


def client_settings(options: ClientSettings) -> Settings:
    """Checks the options of ``connect``."""
    return _settings(_CLIENT, options)


def server_settings(options: ServerSettings, secure: bool | None = None) -> Settings:
    """Checks the options of ``serve``. ``secure``: whether it serves over TLS, if that is known."""
    settings = _settings(_SERVER, options)
    if secure is not None:
        settings.engine.setdefault("secure", secure)
    if settings.process_request is not None:
        settings.engine["deliver_http"] = True
    return settings


def _settings(table: tuple[Setting, ...], options: Mapping[str, Any]) -> Settings:
    values = {setting.name: setting.default for setting in table}
    for name, value in options.items():
        if name not in values:
            raise TypeError(f"there is no option {name}")
        values[name] = value
    # A batch has whole messages only, and says of none that it is the last part.
    engine: dict[str, Any] = {"batches": not values["parts"]}
    for setting in table:
        if setting.engine:
            engine[setting.engine] = _engine_value(setting, values[setting.name])
    engine.update(values["engine"] or {})
    return Settings(values, engine)


def _engine_value(setting: Setting, value: Any) -> Any:
    """The value as the engine takes it: times in milliseconds."""
    option = OPTIONS.get(setting.engine or "")
    if option is None or value is None or isinstance(setting.default, bool):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float) if isinstance(setting.default, float) else int):
        raise TypeError(f"{setting.name}: a number is needed, not {type(value).__name__}")
    number = int(value * 1000) if isinstance(setting.default, float) else value
    if not option.minimum <= number <= option.maximum:
        raise InvalidArgument(f"{setting.name} cannot be {value}")
    return number


def describe(table: str) -> Callable[[_Function], _Function]:
    """Makes ``help`` and ``inspect.signature`` of a function show the options that it takes as ``**options``."""
    rows = _CLIENT if table == "client" else _SERVER

    def decorate(function: _Function) -> _Function:
        signature = inspect.signature(function)
        kept = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
        added = [inspect.Parameter(row.name, inspect.Parameter.KEYWORD_ONLY, default=row.default) for row in rows]
        function.__signature__ = signature.replace(parameters=[*kept, *added])  # type: ignore[attr-defined]
        texts = [f"{row.name}: {row.doc}" for row in rows]
        lines = [textwrap.fill(text, 110, initial_indent=" " * 4, subsequent_indent=" " * 8) for text in texts]
        text = inspect.cleandoc(function.__doc__ or "")
        head = [] if "\nArgs:\n" in text else ["", "Args:"]
        function.__doc__ = "\n".join([text, *head, *lines])
        return function

    return decorate
