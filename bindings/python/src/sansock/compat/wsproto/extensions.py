"""Extensions: the counterpart of ``wsproto.extensions``. The engine negotiates and does permessage-deflate.

Other extensions can be negotiated, if they do nothing to frames: the engine has no way through it for those that do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from sansock._events import Head, Open, Request

from ._engine import new_engine
from .utilities import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SUPPORTED_EXTENSIONS", "Extension", "PerMessageDeflate"]

_NAME = "sec-websocket-extensions"
_REQUEST = (
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":authority", "localhost"),
    (":path", "/"),
    ("sec-websocket-version", "13"),
)


class Extension(ABC):
    """An extension that can be negotiated.

    Attributes:
        name: The name in ``Sec-WebSocket-Extensions``.
    """

    name: str

    def enabled(self) -> bool:
        """Whether it was agreed on and has to do with frames."""
        return False

    @abstractmethod
    def offer(self) -> bool | str:
        """The parameters with which a client offers it; True for none; False not to offer it."""

    def accept(self, offer: str) -> bool | str | None:
        """The parameters with which a server accepts an offer, likewise; False or None to decline it."""
        return None

    def finalize(self, offer: str) -> None:  # noqa: B027
        """Tells a client what the server has accepted."""


class PerMessageDeflate(Extension):
    """Compression of messages (RFC 7692).

    Attributes:
        client_no_context_takeover: Whether the client compresses each message alone.
        server_no_context_takeover: Whether the server does.
    """

    name = "permessage-deflate"

    def __init__(
        self,
        client_no_context_takeover: bool = False,
        client_max_window_bits: int | None = None,
        server_no_context_takeover: bool = False,
        server_max_window_bits: int | None = None,
    ) -> None:
        self.client_no_context_takeover = client_no_context_takeover
        self.server_no_context_takeover = server_no_context_takeover
        self.client_max_window_bits = 15 if client_max_window_bits is None else client_max_window_bits
        self.server_max_window_bits = 15 if server_max_window_bits is None else server_max_window_bits
        self._enabled = False

    @property
    def client_max_window_bits(self) -> int:
        """The window that the client compresses with, as a power of two, 8 to 15."""
        return self._client_max_window_bits

    @client_max_window_bits.setter
    def client_max_window_bits(self, value: int) -> None:
        self._client_max_window_bits = _window_bits(value)

    @property
    def server_max_window_bits(self) -> int:
        """The window that the server compresses with, as a power of two, 8 to 15."""
        return self._server_max_window_bits

    @server_max_window_bits.setter
    def server_max_window_bits(self, value: int) -> None:
        self._server_max_window_bits = _window_bits(value)

    def enabled(self) -> bool:
        """Whether it was agreed on."""
        return self._enabled

    @property
    def options(self) -> dict[str, Any]:
        """Its parameters, as options of the engine."""
        return {
            "deflate": True,
            "client_no_context_takeover": self.client_no_context_takeover,
            "client_max_window_bits": self.client_max_window_bits,
            "server_no_context_takeover": self.server_no_context_takeover,
            "server_max_window_bits": self.server_max_window_bits,
        }

    def offer(self) -> str:
        """The parameters with which a client offers it."""
        head = new_engine(True, "wss://localhost", **self.options).request_fields("2", 0)[0]
        assert isinstance(head, Head)
        return _parameters(dict(head.headers)[_NAME])

    def accept(self, offer: str) -> str | None:
        """The parameters with which a server accepts an offer; None if it cannot."""
        engine = new_engine(False, **self.options)
        request = engine.receive_request((*_REQUEST, (_NAME, offer)), "2", 0)[0]
        if not isinstance(request, Request):
            return None
        opened = engine.accept(now=0)[-1]
        if not isinstance(opened, Open) or not opened.extensions:
            return None
        self.agree(opened.extensions[0], client=False)
        return _parameters(opened.extensions[0])

    def finalize(self, offer: str) -> None:
        """Tells a client what the server has accepted.

        Raises:
            RemoteProtocolError: It is no valid answer to what ``offer()`` offers.
        """
        engine = new_engine(True, "wss://localhost", **self.options)
        engine.request_fields("2", 0)
        if not any(isinstance(event, Open) for event in engine.receive_response(200, [(_NAME, offer)], 0)):
            raise RemoteProtocolError(f"the answer to the offer of {self.name} is not valid")
        self.agree(offer, client=True)

    def agree(self, accepted: str, client: bool) -> None:
        """Takes over what was accepted, and was found valid by the engine."""
        values = dict(part.strip().partition("=")[::2] for part in _parameters(accepted).split(";"))
        for name in ("client_no_context_takeover", "server_no_context_takeover"):
            if name in values:
                setattr(self, name, True)
        own, others = ("client", "server") if client else ("server", "client")
        # The peer uses the largest window unless it was asked for a smaller one; our own may always be smaller.
        setattr(self, f"{others}_max_window_bits", int(values.get(f"{others}_max_window_bits", 15)))
        if f"{own}_max_window_bits" in values:
            setattr(self, f"{own}_max_window_bits", int(values[f"{own}_max_window_bits"]))
        self._enabled = True

    def __repr__(self) -> str:
        parts = []
        for end in ("client", "server"):
            parts.append(f"{end}_max_window_bits={getattr(self, f'{end}_max_window_bits')}")
            if getattr(self, f"{end}_no_context_takeover"):
                parts.append(f"{end}_no_context_takeover")
        return f"<{type(self).__name__} {'; '.join(parts)}>"


SUPPORTED_EXTENSIONS: Mapping[str, type[PerMessageDeflate]] = {PerMessageDeflate.name: PerMessageDeflate}
"""The extensions that there are, by name."""


def _parameters(extension: str) -> str:
    """The parameters of an extension, without its name."""
    return extension.partition(";")[2].strip()


def _window_bits(value: int) -> int:
    if not 8 <= value <= 15:
        raise ValueError(f"a window must be from 8 to 15 bits, not {value}")
    return value
