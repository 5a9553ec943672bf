"""The adapters behind one face, so that each test is written once: a coroutine, which under threads never suspends.

A client of ours is tested with a server of ``websockets`` in a thread, and a server of ours, in a thread with a loop of
its own, with a client of ``websockets``.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import queue
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, Callable

import pytest

import sansock.asyncio
import sansock.sync

WAIT = 20.0
Handler = Callable[[Any], Coroutine[Any, Any, None]]


class Asyncio:
    """The adapter for asyncio."""

    name = "asyncio"

    async def tasks(self) -> int:
        """How many tasks there are."""
        return len(asyncio.all_tasks())

    def broadcast(self, websockets: Any, message: Any) -> None:
        sansock.asyncio.broadcast(websockets, message)

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run(asyncio.wait_for(test(), WAIT))

    def connect(self, url: str, **options: Any) -> Any:
        return sansock.asyncio.connect(url, **options)

    async def at_most(self, seconds: float, steps: Coroutine[Any, Any, Any]) -> Any:
        """Raises TimeoutError if it takes longer."""
        try:
            return await asyncio.wait_for(steps, seconds)
        except asyncio.TimeoutError:
            raise TimeoutError from None

    async def at_once(self, *steps: Coroutine[Any, Any, Any]) -> None:
        """Runs these at the same time."""
        await asyncio.gather(*steps)

    @contextlib.contextmanager
    def serve(self, handler: Handler, **options: Any) -> Iterator[Any]:
        with in_thread(lambda ready: self.run(lambda: self._serve(handler, options, ready))) as served:
            yield served

    async def _serve(self, handler: Handler, options: dict[str, Any], ready: Callable[..., None]) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        async with sansock.asyncio.serve(handler, *address(options), **options) as server:
            where = server.sockets[0].getsockname()
            ready(where, lambda: loop.call_soon_threadsafe(stop.set))
            await stop.wait()


class Uvloop(Asyncio):
    """The adapter for asyncio, with another loop."""

    name = "uvloop"

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        import uvloop

        uvloop.run(asyncio.wait_for(test(), WAIT))


class Trio:
    """The adapter for Trio."""

    name = "trio"

    async def tasks(self) -> int:
        import trio

        return trio.lowlevel.current_statistics().tasks_living

    def broadcast(self, websockets: Any, message: Any) -> None:
        import sansock.trio

        sansock.trio.broadcast(websockets, message)

    async def connect_again(self, handler: Handler, url: str) -> None:
        import sansock.trio

        await sansock.trio.connect_again(handler, url)

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        import trio

        async def limited() -> None:
            with trio.fail_after(WAIT):
                try:
                    await test()
                except exception_group() as group:
                    raise unwrapped(group) from None

        trio.run(limited)

    @contextlib.asynccontextmanager
    async def connect(self, url: str, **options: Any) -> AsyncIterator[Any]:
        import sansock.trio

        try:
            async with sansock.trio.connect(url, **options) as websocket:
                yield websocket
        except exception_group() as group:
            raise unwrapped(group) from None

    async def at_most(self, seconds: float, steps: Coroutine[Any, Any, Any]) -> Any:
        import trio

        try:
            with trio.fail_after(seconds):
                return await steps
        except trio.TooSlowError:
            raise TimeoutError from None

    async def at_once(self, *steps: Coroutine[Any, Any, Any]) -> None:
        import trio

        async def run(each: Coroutine[Any, Any, Any]) -> None:
            await each

        async with trio.open_nursery() as nursery:
            for each in steps:
                nursery.start_soon(run, each)

    @contextlib.contextmanager
    def serve(self, handler: Handler, **options: Any) -> Iterator[Any]:
        with in_thread(lambda ready: self.run(lambda: self._serve(handler, options, ready))) as served:
            yield served

    async def _serve(self, handler: Handler, options: dict[str, Any], ready: Callable[..., None]) -> None:
        import trio

        import sansock.trio

        stop, token = trio.Event(), trio.lowlevel.current_trio_token()
        async with sansock.trio.open_server(handler, *address(options), **options) as server:
            listener = getattr(server.listeners[0], "transport_listener", server.listeners[0])
            ready(listener.socket.getsockname(), lambda: token.run_sync_soon(stop.set))
            await stop.wait()


class Curio:
    """The adapter for Curio."""

    name = "curio"

    async def tasks(self) -> int:
        from curio.traps import _get_kernel

        return len((await _get_kernel())._tasks)

    def broadcast(self, websockets: Any, message: Any) -> None:
        import sansock.curio

        sansock.curio.broadcast(websockets, message)

    async def connect_again(self, handler: Handler, url: str) -> None:
        import sansock.curio

        await sansock.curio.connect_again(handler, url)

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        import curio

        curio.run(curio.timeout_after, WAIT, test)

    def connect(self, url: str, **options: Any) -> Any:
        import sansock.curio

        return sansock.curio.connect(url, **options)

    async def at_most(self, seconds: float, steps: Coroutine[Any, Any, Any]) -> Any:
        import curio

        try:
            return await curio.timeout_after(seconds, steps)
        except curio.TaskTimeout:
            raise TimeoutError from None

    async def at_once(self, *steps: Coroutine[Any, Any, Any]) -> None:
        import curio

        for task in [await curio.spawn(each) for each in steps]:
            await task.join()

    @contextlib.contextmanager
    def serve(self, handler: Handler, **options: Any) -> Iterator[Any]:
        with in_thread(lambda ready: self.run(lambda: self._serve(handler, options, ready))) as served:
            yield served

    async def _serve(self, handler: Handler, options: dict[str, Any], ready: Callable[..., None]) -> None:
        import curio

        import sansock.curio

        stop = curio.UniversalEvent()
        async with sansock.curio.open_server(handler, *address(options), **options) as server:
            ready(server.sockets[0].getsockname(), stop.set)
            await stop.wait()


class Twisted:
    """The adapter for Twisted. A reactor runs once, so it runs in a thread until all tests are done."""

    name = "twisted"

    async def tasks(self) -> int:
        reactor = self.reactor()
        return len(reactor.getDelayedCalls()) + len(reactor.getReaders()) + len(reactor.getWriters())

    thread: threading.Thread | None = None

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        from twisted.internet.threads import blockingCallFromThread

        blockingCallFromThread(self.reactor(), lambda: self.limited(test(), WAIT))

    def reactor(self) -> Any:
        """The reactor, which runs."""
        reactor: Any = importlib.import_module("twisted.internet.reactor")
        if self.thread is None:
            running = threading.Event()
            reactor.callWhenRunning(running.set)
            run = {"installSignalHandlers": False}
            self.thread = threading.Thread(target=reactor.run, kwargs=run, daemon=True)
            self.thread.start()
            running.wait(WAIT)
        return reactor

    def stop(self) -> None:
        """Ends its threads."""
        if self.thread is not None:
            reactor = self.reactor()
            reactor.callFromThread(reactor.stop)
            self.thread.join(WAIT)

    def limited(self, steps: Any, seconds: float) -> Any:
        """Raises TimeoutError if it takes longer."""
        from twisted.internet import defer, reactor
        from twisted.python.failure import Failure

        def translated(result: Any, _: float) -> Any:
            if isinstance(result, Failure):
                raise TimeoutError
            return result

        return defer.ensureDeferred(steps).addTimeout(seconds, reactor, translated)

    def broadcast(self, websockets: Any, message: Any) -> None:
        import sansock.twisted

        sansock.twisted.broadcast(websockets, message)

    @contextlib.asynccontextmanager
    async def connect(self, url: str, **options: Any) -> AsyncIterator[Any]:
        import OpenSSL.SSL
        import twisted.internet.error
        import twisted.internet.ssl

        import sansock.twisted

        if "ssl" in options:
            authority = twisted.internet.ssl.Certificate.loadPEM(PEMS[options["ssl"]])
            options["ssl"] = twisted.internet.ssl.optionsForClientTLS("127.0.0.1", authority)
        try:
            websocket = await sansock.twisted.connect(url, **options)
        except (OpenSSL.SSL.Error, twisted.internet.error.ConnectError) as error:
            raise OSError(str(error)) from error
        async with websocket:
            yield websocket

    async def at_most(self, seconds: float, steps: Any) -> Any:
        return await self.limited(steps, seconds)

    async def at_once(self, *steps: Coroutine[Any, Any, Any]) -> None:
        from twisted.internet import defer

        await defer.gatherResults([defer.Deferred.fromCoroutine(each) for each in steps])

    @contextlib.contextmanager
    def serve(self, handler: Handler, **options: Any) -> Iterator[Any]:
        import twisted.internet.ssl
        from twisted.internet.threads import blockingCallFromThread

        import sansock.twisted

        if "ssl" in options:
            options["ssl"] = twisted.internet.ssl.PrivateCertificate.loadPEM(PEMS[options["ssl"]]).options()
        reactor, where = self.reactor(), address(options)
        serve: Any = sansock.twisted.serve
        server: Any = blockingCallFromThread(reactor, serve, handler, *where, **options)
        found = server.port.getHost()
        served = Served((found.host, found.port) if where else None, lambda: reactor.callFromThread(server.close))
        try:
            yield served
        finally:
            blockingCallFromThread(reactor, server.close)


class Threads:
    """The adapter for threads."""

    name = "threads"

    async def tasks(self) -> int:
        ours = [thread for thread in threading.enumerate() if thread.name.startswith("sansock")]
        for thread in ours:
            thread.join(1)
        return sum(thread.is_alive() for thread in ours)

    def broadcast(self, websockets: Any, message: Any) -> None:
        sansock.sync.broadcast([each._websocket for each in websockets], message)

    def run(self, test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        sansock.sync._transport.finish(test())

    @contextlib.asynccontextmanager
    async def connect(self, url: str, **options: Any) -> AsyncIterator[Any]:
        with sansock.sync.connect(url, **options) as websocket:
            yield Blocking(websocket)

    async def at_most(self, seconds: float, steps: Coroutine[Any, Any, Any]) -> Any:
        LIMIT.seconds = seconds
        try:
            return await steps
        finally:
            LIMIT.seconds = None

    async def at_once(self, *steps: Coroutine[Any, Any, Any]) -> None:
        failures: list[BaseException] = []

        def run(each: Coroutine[Any, Any, Any]) -> None:
            try:
                sansock.sync._transport.finish(each)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=run, args=(each,)) for each in steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
        if failures:
            raise failures[0]

    @contextlib.contextmanager
    def serve(self, handler: Handler, **options: Any) -> Iterator[Any]:
        def blocking(websocket: Any) -> None:
            sansock.sync._transport.finish(handler(Blocking(websocket)))

        hook = options.get("process_request")
        if hook is not None:

            def decide(websocket: Any) -> Any:
                result = hook(Blocking(websocket))
                return sansock.sync._transport.finish(result) if hasattr(result, "send") else result

            options["process_request"] = decide

        def work(ready: Callable[..., None]) -> None:
            with sansock.sync.serve(blocking, *address(options), **options) as server:
                stop = threading.Event()
                threading.Thread(target=server.serve_forever, daemon=True).start()
                ready(server.socket.getsockname(), stop.set)
                stop.wait(WAIT)

        with in_thread(work) as served:
            yield served


LIMIT = threading.local()


class Blocking:
    """A connection of threads, with coroutines that block."""

    def __init__(self, websocket: Any) -> None:
        self.__dict__["_websocket"] = websocket

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._websocket, name, value)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._websocket, name)
        if name not in ("recv", "send", "ping", "close", "wait_closed"):
            return value

        async def call(*args: Any, **kwargs: Any) -> Any:
            seconds = getattr(LIMIT, "seconds", None)
            if seconds is not None and name in ("recv", "ping", "wait_closed"):
                kwargs["timeout"] = seconds
            if name == "send" and hasattr(args[0], "__aiter__"):
                args = (_listed(args[0]),)
            return value(*args, **kwargs)

        return call

    async def recv_parts(self) -> AsyncIterator[Any]:
        for part in self._websocket.recv_parts():
            yield part

    async def __aiter__(self) -> AsyncIterator[Any]:
        for message in self._websocket:
            yield message


def _listed(parts: Any) -> list[Any]:
    found: list[Any] = []

    async def take() -> None:
        async for part in parts:
            found.append(part)

    sansock.sync._transport.finish(take())
    return found


class Served:
    """A server of ours that runs."""

    def __init__(self, address: Any, stop: Callable[[], None]) -> None:
        self.address, self._stop = address, stop

    def stop(self) -> None:
        """Shuts it down."""
        stop, self._stop = self._stop, lambda: None
        stop()

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.address[1]}/"


@contextlib.contextmanager
def in_thread(work: Callable[[Callable[..., None]], None]) -> Iterator[Served]:
    """Runs a server in a thread until the end of the block."""
    answers: queue.Queue[Any] = queue.Queue()

    def run() -> None:
        try:
            work(lambda where, stop: answers.put(Served(where, stop)))
        except BaseException as error:
            answers.put(error)
        else:
            answers.put(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    served = answers.get(timeout=WAIT)
    if isinstance(served, BaseException):
        raise served
    try:
        yield served
    finally:
        served.stop()
        error = answers.get(timeout=WAIT)
        thread.join(WAIT)
        if error is not None:
            raise error


def address(options: dict[str, Any]) -> tuple[Any, ...]:
    """Where to listen."""
    return () if "path" in options else ("127.0.0.1", 0)


def exception_group() -> Any:
    """The type of groups of exceptions. Before Python 3.11 Trio brings it."""
    return importlib.import_module("builtins" if sys.version_info >= (3, 11) else "exceptiongroup").BaseExceptionGroup


def unwrapped(group: Any) -> BaseException:
    """The one exception in groups of one."""
    while hasattr(group, "exceptions") and len(group.exceptions) == 1:
        group = group.exceptions[0]
    error: BaseException = group
    return error


ADAPTERS: list[Any] = [Asyncio(), Uvloop(), Threads(), Trio(), Curio(), Twisted()]


PEMS: dict[ssl.SSLContext, bytes] = {}
"""What a context was made of, for those who do not take contexts of Python."""


class Certificates:
    """Contexts of TLS for a server at 127.0.0.1, and for its clients."""

    def __init__(self) -> None:
        trustme: Any = pytest.importorskip("trustme")
        authority = trustme.CA()
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity = authority.issue_cert("127.0.0.1", "localhost")
        identity.configure_cert(self.server)
        self.client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        authority.configure_trust(self.client)
        # A client of websockets reads and writes TLS in two threads. While one reads the tickets that TLS 1.3 sends
        # behind its handshake, what the other writes may be lost.
        self.peer = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.peer.maximum_version = ssl.TLSVersion.TLSv1_2
        authority.configure_trust(self.peer)
        PEMS[self.client] = authority.cert_pem.bytes()
        PEMS[self.server] = identity.private_key_and_cert_chain_pem.bytes()
