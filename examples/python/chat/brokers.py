"""What leads from one process of the chat to all: Redis or NATS, as the URL says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

__all__ = ["Broker", "broker_at"]

Deliver = Callable[[str, str], None]


class Broker(Protocol):
    """A way to publish texts in rooms, and to get those of the rooms that this process has members in.

    Texts of one publisher come in their order, each once, from the moment ``subscribe`` has returned.
    """

    async def run(self) -> None:
        """Delivers until the broker is lost, which is an exception."""

    async def subscribe(self, room: str) -> None:
        """Begins to deliver what is published in a room."""

    async def unsubscribe(self, room: str) -> None:
        """Delivers no more of it."""

    async def publish(self, room: str, text: str) -> None:
        """Publishes a text in a room."""

    async def close(self) -> None:
        """Leaves the broker."""


async def broker_at(url: str, deliver: Deliver) -> Broker:
    """Connects to the broker at a ``redis:`` or ``nats:`` URL.

    Args:
        url: Where it is.
        deliver: Is called with a room and a text.
    """
    kinds: dict[str, Any] = {"redis": Redis, "nats": Nats}
    kind = kinds.get(urlsplit(url).scheme)
    if kind is None:
        raise ValueError(f"{url}: a broker is at a redis: or nats: URL")
    broker: Broker = await kind.connect(url, deliver)
    return broker


class Redis:
    """Channels of Redis, one for each room."""

    def __init__(self, client: Any, deliver: Deliver) -> None:
        self.client, self.deliver = client, deliver
        self.subscription = client.pubsub()
        self.confirmed: dict[str, asyncio.Event] = {}

    @classmethod
    async def connect(cls, url: str, deliver: Deliver) -> Redis:
        """Connects."""
        from redis.asyncio import Redis as Client

        self = cls(Client.from_url(url, decode_responses=True), deliver)
        # Redis knows no subscription to nothing, and its client does not wait for a first one.
        await self.subscription.subscribe("chat")
        return self

    async def run(self) -> None:
        """Delivers."""
        async for message in self.subscription.listen():
            room = message["channel"].partition(".")[2]
            if message["type"] == "message":
                self.deliver(room, message["data"])
            elif message["type"] == "subscribe" and room in self.confirmed:
                self.confirmed.pop(room).set()
        raise ConnectionError("the broker has ended the connection")

    async def subscribe(self, room: str) -> None:
        """Begins to deliver what is published in a room, once Redis says that it does."""
        confirmed = self.confirmed[room] = asyncio.Event()
        await self.subscription.subscribe(f"chat.{room}")
        await confirmed.wait()

    async def unsubscribe(self, room: str) -> None:
        """Delivers no more of it."""
        await self.subscription.unsubscribe(f"chat.{room}")

    async def publish(self, room: str, text: str) -> None:
        """Publishes a text in a room."""
        await self.client.publish(f"chat.{room}", text)

    async def close(self) -> None:
        """Leaves."""
        await self.subscription.aclose()
        await self.client.aclose()


class Nats:
    """Subjects of NATS, one for each room."""

    def __init__(self, client: Any, lost: asyncio.Future[None], deliver: Deliver) -> None:
        self.client, self.lost, self.deliver = client, lost, deliver
        self.subscriptions: dict[str, Any] = {}

    @classmethod
    async def connect(cls, url: str, deliver: Deliver) -> Nats:
        """Connects."""
        import nats

        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def on_close() -> None:
            if not lost.done():
                lost.set_exception(ConnectionError("the broker has ended the connection"))

        # What is published while a connection is lost is lost too, so it is not made again: the process is.
        return cls(await nats.connect(url, allow_reconnect=False, closed_cb=on_close), lost, deliver)

    async def run(self) -> None:
        """Delivers."""
        await asyncio.shield(self.lost)

    async def subscribe(self, room: str) -> None:
        """Begins to deliver what is published in a room."""

        async def take(message: Any) -> None:
            self.deliver(room, message.data.decode())

        self.subscriptions[room] = await self.client.subscribe(f"chat.{room}", cb=take)
        # The answer to this comes when the server has taken what was sent before.
        await self.client.flush()

    async def unsubscribe(self, room: str) -> None:
        """Delivers no more of it."""
        await self.subscriptions.pop(room).unsubscribe()

    async def publish(self, room: str, text: str) -> None:
        """Publishes a text in a room."""
        await self.client.publish(f"chat.{room}", text.encode())

    async def close(self) -> None:
        """Leaves."""
        self.lost.cancel()
        await self.client.close()
