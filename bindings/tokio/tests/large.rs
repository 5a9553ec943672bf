//! Large messages of a server, whose payloads are written from where they lie: the same as any other message.

mod common;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use common::{client_config, pair_with, text};
use futures_util::poll;
use sansock_tokio::{Acceptor, Config, Connector, Error, FaultKind, Message, State, WebSocket};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf, duplex};
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn payload(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|number| ((number + seed) * 7 % 251) as u8).collect()
}

/// A stream that takes one slice at a time.
struct Plain(DuplexStream);

impl AsyncRead for Plain {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A server whose handshake was made elsewhere, and the bytes that it sends.
fn upgraded(options: sansock_tokio::ConfigBuilder, room: usize) -> (DuplexStream, WebSocket<DuplexStream>) {
    let (near, far) = duplex(room);
    let config = options.start_open(true).build().expect("valid options");
    (near, WebSocket::upgraded(far, &config).expect("a connection"))
}

#[tokio::test(start_paused = true)]
async fn every_stream_carries_the_same() {
    let (near, far) = duplex(10_000);
    let connector = Connector::new(client_config()).expect("valid options");
    let acceptor = Acceptor::new(Config::server()).expect("valid options");
    let (client, server) = tokio::join!(connector.handshake(near), acceptor.accept(Plain(far)));
    let plain = (client.expect("a client"), server.expect("a server"));
    let vectored = pair_with(client_config(), Config::server(), 10_000).await;
    echo(plain.0, plain.1).await;
    echo(vectored.0, vectored.1).await;
}

async fn echo<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut client: WebSocket<DuplexStream>,
    mut server: WebSocket<S>,
) {
    let echo = tokio::spawn(async move {
        while let Some(message) = server.recv().await {
            server.send(message.expect("a message")).await.expect("sent");
        }
    });
    for len in [32_767, 32_768, 65_535, 65_536, 1 << 20] {
        for message in [Message::from(payload(len, 0)), Message::from("é".repeat(len / 2))] {
            client.send(message.clone()).await.expect("sent");
            assert!(client.recv().await.expect("an echo").expect("no error") == message);
        }
    }
    client.close(1000, "").await.expect("a clean close");
    echo.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_send_of_a_large_message_tears_nothing() {
    let (mut client, mut server) = pair_with(client_config(), Config::server(), 1024).await;
    {
        let mut sending = Box::pin(server.send(payload(100_000, 0)));
        assert!(poll!(sending.as_mut()).is_pending());
    }
    let sending = tokio::spawn(async move {
        server.send("the next").await.expect("sent");
        server
    });
    let message = client.recv().await.expect("a message").expect("no error");
    assert!(message.as_bytes() == payload(100_000, 0));
    assert_eq!(text(&mut client).await, "the next");
    drop(sending.await.expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn senders_mix_large_and_small_messages() {
    let (mut client, server) = pair_with(client_config(), Config::server(), 5000).await;
    let (_receiver, sender) = server.split();
    for task in 0..4_usize {
        let sender = sender.clone();
        tokio::spawn(async move {
            for number in 0..20_usize {
                let len = if number % 3 == 0 { 10 } else { 40_000 + number };
                sender.send(payload(len, task)).await.expect("sent");
            }
        });
    }
    let mut counts = [0; 4];
    for _ in 0..80 {
        let message = client.recv().await.expect("a message").expect("no error");
        let task = (0..4).find(|task| payload(1, *task) == message.as_bytes()[..1]).expect("one of the tasks");
        let number = counts[task];
        assert!(message.as_bytes() == payload(if number % 3 == 0 { 10 } else { 40_000 + number }, task));
        counts[task] += 1;
    }
    assert_eq!(counts, [20; 4]);
}

#[tokio::test(start_paused = true)]
async fn close_waits_for_the_payload_before_it() {
    let (mut near, mut server) = upgraded(Config::server(), 1000);
    server.feed(payload(50_000, 0)).await.expect("fed");
    let closing = tokio::spawn(async move {
        let result = server.close(1001, "").await;
        (server, result)
    });
    let mut wire = vec![0; 4 + 50_000 + 4];
    near.read_exact(&mut wire).await.expect("all of it");
    assert!(wire[4..50_004] == payload(50_000, 0));
    assert_eq!(wire[50_004..], *b"\x88\x02\x03\xe9");
    near.write_all(b"\x88\x82\0\0\0\0\x03\xe9").await.expect("written");
    let (server, result) = closing.await.expect("no panic");
    result.expect("a clean close");
    assert_eq!(server.state(), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_slowly_is_kept() {
    let (mut near, mut server) = upgraded(Config::server().write_timeout(10 * SECOND), 1000);
    let sending = tokio::spawn(async move {
        let result = server.send(payload(100_000, 0)).await;
        (server, result)
    });
    let mut wire = Vec::new();
    while wire.len() < 10 + 100_000 {
        sleep(8 * SECOND).await;
        let mut piece = [0; 4000];
        let count = near.read(&mut piece).await.expect("no error");
        wire.extend_from_slice(&piece[..count]);
    }
    assert!(wire[10..] == payload(100_000, 0));
    sending.await.expect("no panic").1.expect("sent");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_stops_reading_is_left() {
    let (mut near, mut server) = upgraded(Config::server().write_timeout(10 * SECOND), 1000);
    let start = Instant::now();
    let reading = async {
        sleep(8 * SECOND).await;
        near.read_exact(&mut [0; 500]).await.expect("a part of it");
    };
    let (result, ()) = tokio::join!(server.send(payload(100_000, 0)), reading);
    let Err(Error::Closed(closed)) = result else { panic!("{result:?}") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::WriteTimeout));
    assert!((18..=30).contains(&start.elapsed().as_secs()), "after {:?}", start.elapsed());
    assert!(server.recv().await.is_none_or(|message| message.is_err()));
}

#[tokio::test(start_paused = true)]
async fn what_is_parked_behind_a_payload_ends_with_the_connection() {
    let options = Config::server().write_timeout(10 * SECOND).output_soft_limit(200_000).output_hard_limit(150_000);
    let (near, mut server) = upgraded(options, 1000);
    server.feed(payload(100_000, 0)).await.expect("fed");
    server.feed(payload(100_000, 1)).await.expect("parked");
    let Some(Err(Error::Closed(closed))) = server.recv().await else { panic!("nobody reads") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::WriteTimeout));
    assert!(server.recv().await.is_none());
    assert!(matches!(server.flush().await, Err(Error::Closed(_))));
    drop(near);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_lost_in_a_payload_is_an_error() {
    let (near, mut server) = upgraded(Config::server(), 1000);
    let (result, ()) = tokio::join!(server.send(payload(100_000, 0)), async { drop(near) });
    assert!(matches!(result, Err(Error::Closed(_))), "{result:?}");
}
