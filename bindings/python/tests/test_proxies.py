"""The way through a proxy, under every adapter."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("websockets.sync.server")

import proxies
from test_hosts import echo_peer, peer

from sansock import InvalidArgument, ProxyError

from drivers import PEMS, Certificates

KINDS = ["http", "socks5", "socks5h"]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=KINDS)
def proxy(request: pytest.FixtureRequest) -> Iterator[proxies.Proxy]:
    with proxies.running(request.param) as running:
        yield running


def echo_through(adapter: Any, url: str, **options: Any) -> None:
    """Connects, and has a message come back."""

    async def test() -> None:
        async with adapter.connect(url, **options) as websocket:
            await websocket.send("hello" * 10_000)
            assert await websocket.recv() == "hello" * 10_000

    adapter.run(test)


def test_a_tunnel(adapter: Any, proxy: proxies.Proxy) -> None:
    with peer(echo_peer) as url:
        echo_through(adapter, url, proxy=proxy.url)
        assert proxy.targets == [("127.0.0.1", int(url.split(":")[2].strip("/")))]


def test_tls_in_the_tunnel(adapter: Any, proxy: proxies.Proxy, certificates: Certificates) -> None:
    with peer(echo_peer, ssl=certificates.server) as url:
        echo_through(adapter, url.replace("ws:", "wss:"), proxy=proxy.url, ssl=certificates.client)
        assert len(proxy.targets) == 1


def test_names_are_resolved_where_the_proxy_wants_it(adapter: Any, proxy: proxies.Proxy) -> None:
    proxy.status = 403 if proxy.url.startswith("http") else 2
    with pytest.raises(ProxyError):
        echo_through(adapter, "ws://localhost:9/", proxy=proxy.url)
    is_name = [target[0] == "localhost" for target in proxy.targets]
    assert is_name == [not proxy.url.startswith("socks5:")]


def test_a_proxy_with_tls(
    adapter: Any, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(PEMS[certificates.client])
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with peer(echo_peer) as url, proxies.running("https", certificates.server) as proxy:
        echo_through(adapter, url, proxy=proxy.url)
        assert len(proxy.targets) == 1


def test_a_refusal(adapter: Any, proxy: proxies.Proxy) -> None:
    async def test() -> None:
        with pytest.raises(ProxyError) as caught:
            async with adapter.connect("ws://127.0.0.1:9/", proxy=proxy.url):
                pass
        assert caught.value.status == proxy.status

    proxy.status = 403 if proxy.url.startswith("http") else 2
    adapter.run(test)


@pytest.mark.parametrize(("how", "error"), [("eof", ProxyError), ("reset", (ProxyError, OSError))])
def test_a_proxy_that_goes(adapter: Any, proxy: proxies.Proxy, how: str, error: Any) -> None:
    async def test() -> None:
        with pytest.raises(error):
            async with adapter.connect("ws://127.0.0.1:9/", proxy=proxy.url):
                pass

    proxy.goes = how
    adapter.run(test)


def test_credentials(adapter: Any, proxy: proxies.Proxy) -> None:
    proxy.asks = True
    with peer(echo_peer) as url:
        echo_through(adapter, url, proxy=proxy.with_credentials())
        with pytest.raises(ProxyError):
            echo_through(adapter, url, proxy=proxy.with_credentials(password="wrong"))
        with pytest.raises(ProxyError):
            echo_through(adapter, url, proxy=proxy.url)
    assert len(proxy.targets) == 1


def test_the_environment_names_a_proxy(
    adapter: Any, certificates: Certificates, proxy: proxies.Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with peer(echo_peer, ssl=certificates.server) as url:
        url = url.replace("ws:", "wss:")
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        echo_through(adapter, url, ssl=certificates.client)
        assert len(proxy.targets) == 1
        echo_through(adapter, url, ssl=certificates.client, proxy=None)
        assert len(proxy.targets) == 1
        monkeypatch.setenv("NO_PROXY", "example.com,127.0.0.1")
        echo_through(adapter, url, ssl=certificates.client)
        assert len(proxy.targets) == 1


def test_a_proxy_for_tls_is_not_for_the_rest(adapter: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with peer(echo_peer) as url:
        echo_through(adapter, url)


def test_a_proxy_that_says_nothing(adapter: Any) -> None:
    async def test() -> None:
        with pytest.raises(TimeoutError):
            async with adapter.connect("ws://127.0.0.1:9/", proxy=url, open_timeout=0.1):
                pass

    with socket.create_server(("127.0.0.1", 0)) as sock:
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        adapter.run(test)


def test_tls_in_the_tls_of_a_proxy(
    adapter: Any, certificates: Certificates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_bytes(PEMS[certificates.client])
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with peer(echo_peer, ssl=certificates.server) as url, proxies.running("https", certificates.server) as proxy:
        url = url.replace("ws:", "wss:")
        if adapter.name in ("threads", "curio"):
            with pytest.raises(InvalidArgument, match="TLS inside"):
                echo_through(adapter, url, proxy=proxy.url, ssl=certificates.client)
        else:
            echo_through(adapter, url, proxy=proxy.url, ssl=certificates.client)
        assert len(proxy.targets) == 1
