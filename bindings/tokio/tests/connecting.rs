//! TLS, and ways through proxies.
#![cfg(feature = "rustls")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sansock_tokio::{Acceptor, ClientStream, Config, Connector, Error, FaultKind, WebSocket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// A certificate for localhost: what a server shows, and a client that trusts it.
fn certificate() -> (TlsAcceptor, Arc<ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let server = server.expect("versions").with_no_client_auth().with_single_cert(vec![certificate.clone()], key);
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let client = client.with_root_certificates(roots).with_no_client_auth();
    (TlsAcceptor::from(Arc::new(server.expect("a server"))), Arc::new(client))
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Echoes until the end.
async fn echo<S: AsyncRead + AsyncWrite + Unpin>(stream: S) -> Result<(), Error> {
    let acceptor = Acceptor::new(Config::server().secure(true))?;
    let mut websocket: WebSocket<S> = acceptor.accept(stream).await?;
    while let Some(message) = websocket.recv().await {
        websocket.send(message?).await?;
    }
    Ok(())
}

/// An echo server, with TLS or without. Returns its port.
async fn echo_server(tls: Option<TlsAcceptor>) -> u16 {
    let (listener, address) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let tls = tls.clone();
            tokio::spawn(async move {
                match tls {
                    Some(tls) => echo(tls.accept(stream).await?).await,
                    None => echo(stream).await,
                }
            });
        }
    });
    address.port()
}

fn connector(url: &str) -> Connector {
    Connector::new(Config::client(url)).expect("valid options")
}

/// A large message there and back, and a clean close.
async fn converse(mut websocket: WebSocket<ClientStream>) {
    let data: Vec<u8> = (0..500_000_u32).map(|number| (number % 251) as u8).collect();
    websocket.send(data.clone()).await.expect("sent");
    assert_eq!(websocket.recv().await.expect("an echo").expect("no error").as_bytes(), data);
    websocket.close(1000, "").await.expect("a clean close");
}

#[tokio::test]
async fn tls_is_spoken_and_verified() {
    let (server, client) = certificate();
    let port = echo_server(Some(server)).await;
    let url = format!("wss://localhost:{port}/");
    let websocket = connector(&url).tls(client.clone()).connect().await.expect("a connection");
    assert!(matches!(websocket.get_ref(), ClientStream::Tls(_)));
    assert!(websocket.get_ref().tcp().nodelay().expect("an option"));
    converse(websocket).await;
    let wrong_name = connector(&format!("wss://127.0.0.1:{port}/")).tls(client).connect().await;
    assert!(matches!(wrong_name, Err(Error::Io(_))), "{wrong_name:?}");
    let unknown = connector(&url).tls(certificate().1).connect().await;
    assert!(matches!(unknown, Err(Error::Io(_))), "{unknown:?}");
}

#[cfg(feature = "webpki-roots")]
#[tokio::test]
async fn a_certificate_of_nobody_is_refused_by_the_usual_authorities() {
    let port = echo_server(Some(certificate().0)).await;
    let result = connector(&format!("wss://localhost:{port}/")).connect().await;
    assert!(matches!(&result, Err(Error::Io(error)) if error.to_string().contains("UnknownIssuer")), "{result:?}");
}

/// Where a proxy was asked to lead to, and with which credentials.
type Asked = Arc<Mutex<Vec<String>>>;

/// A proxy of HTTP CONNECT that takes one request for each connection, and leads to 127.0.0.1 whatever the name.
async fn http_proxy(tls: Option<TlsAcceptor>) -> (u16, Asked) {
    let (listener, address) = listen().await;
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (tls, log) = (tls.clone(), log.clone());
            tokio::spawn(async move {
                match tls {
                    Some(tls) => lead(tls.accept(stream).await.expect("TLS"), &log).await,
                    None => lead(stream, &log).await,
                }
            });
        }
    });
    (address.port(), asked)
}

async fn lead<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, asked: &Asked) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(stream.read_u8().await.expect("a head")));
    }
    asked.lock().expect("no panic").push(head.clone());
    let port: u16 = head.split([':', ' ']).nth(2).expect("a port").parse().expect("a number");
    if !head.contains("Proxy-Authorization: Basic bWU6c2VjcmV0\r\n") {
        stream.write_all(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n").await.expect("written");
        return;
    }
    let mut onward = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    stream.write_all(b"HTTP/1.1 200 Through\r\n\r\n").await.expect("written");
    copy_bidirectional(&mut stream, &mut onward).await.ok();
}

#[tokio::test]
async fn http_proxies_lead_to_plain_and_secure_servers() {
    let (server, client) = certificate();
    let (plain, secure) = (echo_server(None).await, echo_server(Some(server.clone())).await);
    let (proxy, asked) = http_proxy(None).await;
    let proxy = format!("http://me:secret@127.0.0.1:{proxy}");
    for url in [format!("ws://example.test:{plain}/"), format!("wss://localhost:{secure}/")] {
        let connector =
            connector(&url).tls(client.clone()).proxy(&proxy).expect("a proxy").proxy_header("X-Who", "test");
        converse(connector.connect().await.expect("a connection")).await;
    }
    let (tls_proxy, _) = http_proxy(Some(server)).await;
    let url = format!("wss://localhost:{secure}/");
    let connector =
        connector(&url).tls(client).proxy(&format!("https://me:secret@localhost:{tls_proxy}")).expect("a proxy");
    converse(connector.connect().await.expect("TLS in TLS")).await;
    let asked = asked.lock().expect("no panic");
    assert!(asked[0].starts_with(&format!("CONNECT example.test:{plain} HTTP/1.1\r\n")), "{}", asked[0]);
    assert!(asked[0].contains("X-Who: test\r\n"));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_an_error_with_its_status() {
    let (proxy, _) = http_proxy(None).await;
    let connector = connector("ws://example.test/").proxy(&format!("http://127.0.0.1:{proxy}")).expect("a proxy");
    let Err(Error::Proxy(fault)) = connector.connect().await else { panic!("no error") };
    assert_eq!((fault.kind, fault.actual()), (FaultKind::TunnelAuthentication, Some(407)));
}

/// A SOCKS5 proxy for one connection, which leads to 127.0.0.1. Returns the address that it was asked for.
async fn socks_proxy(listener: TcpListener, reply: u8) -> Vec<u8> {
    let mut stream = listener.accept().await.expect("a client").0;
    let mut greeting = [0; 3];
    stream.read_exact(&mut greeting).await.expect("a greeting");
    assert_eq!(greeting, [5, 1, 0]);
    stream.write_all(&[5, 0]).await.expect("written");
    let mut start = [0; 4];
    stream.read_exact(&mut start).await.expect("a request");
    let length = match start[3] {
        1 => 4,
        3 => stream.read_u8().await.expect("a length").into(),
        kind => panic!("an address of kind {kind}"),
    };
    let mut address = vec![0; length];
    stream.read_exact(&mut address).await.expect("an address");
    let port = stream.read_u16().await.expect("a port");
    // The answer, and nothing behind it: the server speaks only when it has been asked.
    stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.expect("written");
    if reply == 0 {
        let mut onward = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
        copy_bidirectional(&mut stream, &mut onward).await.ok();
    }
    address
}

#[tokio::test]
async fn socks_proxies_get_names_or_addresses() {
    let port = echo_server(None).await;
    for (scheme, asked) in [("socks5h", &b"localhost"[..]), ("socks5", &[127, 0, 0, 1])] {
        let (listener, address) = listen().await;
        let proxy = tokio::spawn(socks_proxy(listener, 0));
        let connector = connector(&format!("ws://localhost:{port}/"));
        let connector = connector.proxy(&format!("{scheme}://{address}")).expect("a proxy");
        converse(connector.connect().await.expect("a connection")).await;
        assert_eq!(proxy.await.expect("no panic"), asked);
    }
    let (listener, address) = listen().await;
    tokio::spawn(socks_proxy(listener, 5));
    let connector = connector("ws://localhost:1/").proxy(&format!("socks5h://{address}")).expect("a proxy");
    let Err(Error::Proxy(fault)) = connector.connect().await else { panic!("no error") };
    assert_eq!((fault.kind, fault.actual()), (FaultKind::TunnelRefused, Some(5)));
}

#[tokio::test]
async fn connecting_has_a_deadline_and_reports_what_fails() {
    // It listens, and says nothing.
    let (_listener, address) = listen().await;
    let connector = connector("ws://example.test/").proxy(&format!("socks5h://{address}")).expect("a proxy");
    let result = connector.connect_timeout(Duration::from_millis(30)).connect().await;
    assert!(
        matches!(&result, Err(Error::ConnectTimeout))
            || matches!(&result, Err(Error::Proxy(fault)) if fault.kind == FaultKind::TunnelTimeout),
        "{result:?}"
    );
    assert!(matches!(sansock_tokio::connect("http://localhost/").await, Err(Error::Config(_))));
    let (listener, address) = listen().await;
    drop(listener);
    let Err(Error::Io(error)) = sansock_tokio::connect(&format!("ws://{address}/")).await else { panic!("no error") };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn their_client_talks_to_us_over_tls() {
    let (server, client) = certificate();
    let port = echo_server(Some(server)).await;
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    let name = "localhost".try_into().expect("a name");
    let stream = TlsConnector::from(client).connect(name, stream).await.expect("TLS");
    let (mut websocket, _) = tokio_tungstenite::client_async("wss://localhost/", stream).await.expect("a connection");
    use futures_util::{SinkExt, StreamExt};
    let message = tokio_tungstenite::tungstenite::Message::text("hello");
    websocket.send(message.clone()).await.expect("sent");
    assert_eq!(websocket.next().await.expect("an echo").expect("no error"), message);
}
