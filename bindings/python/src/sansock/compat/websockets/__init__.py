"""The layer of websockets that does no I/O, over the engine: import it, or :func:`install` it under websockets.

It needs websockets, whose frames, requests, responses and exceptions it uses. COMPAT.md says what differs.
"""

from __future__ import annotations

import sys

from sansock.compat._installing import installed_version

if installed_version("websockets", (15, 0), (18,)) is None:
    raise ImportError("sansock.compat.websockets needs websockets, and it is not installed", name="websockets")

from websockets import client, protocol, server

from ._protocol import ClientProtocol, Protocol, ServerProtocol

__all__ = ["ClientProtocol", "Protocol", "ServerProtocol", "install", "uninstall"]

_REPLACED: dict[type, type] = {
    protocol.Protocol: Protocol,
    client.ClientProtocol: ClientProtocol,
    server.ServerProtocol: ServerProtocol,
}


def install() -> None:
    """Makes the connections of websockets, with asyncio, threads and Trio, use the engine.

    It replaces the three classes in all modules of websockets, also in those that are imported already. Other modules
    get them if they import them later, so call it before they do.
    """
    _replace(_REPLACED)


def uninstall() -> None:
    """Puts the original classes back into the modules of websockets. Connections that there are stay as they are."""
    _replace({ours: original for original, ours in _REPLACED.items()})


def _replace(classes: dict[type, type]) -> None:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "websockets":
            for attribute, value in list(vars(module).items()):
                if isinstance(value, type) and value in classes:
                    setattr(module, attribute, classes[value])
