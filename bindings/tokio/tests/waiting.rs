//! Cancellation, backpressure, keepalive and deadlines, on a clock that stands still while anything can be done.

mod common;

use std::task::Poll;
use std::time::Duration;

use common::{client_config, pair, pair_with, text};
use futures_util::poll;
use sansock_tokio::{Acceptor, CloseCode, Config, Error, FaultKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::time::{Instant, sleep, timeout};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_dropped_recv_loses_no_message() {
    let (mut client, mut server) = pair_with(client_config(), Config::server(), 7).await;
    let sending = tokio::spawn(async move {
        for number in 0..200 {
            client.send(format!("message {number}")).await.expect("sent");
        }
        client
    });
    for number in 0..200 {
        loop {
            // Every message takes several reads: most of these futures are dropped between two of them.
            let mut receiving = Box::pin(server.recv());
            if let Poll::Ready(message) = poll!(receiving.as_mut()) {
                let message = message.expect("a message").expect("no error");
                assert_eq!(message.as_text(), Some(format!("message {number}").as_str()));
                break;
            }
            drop(receiving);
            tokio::task::yield_now().await;
        }
    }
    drop(sending.await.expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_send_tears_no_frame() {
    let (mut client, mut server) = pair_with(client_config(), Config::server(), 16).await;
    {
        // There is room for 16 bytes: it is dropped in the middle of its frame.
        let mut sending = Box::pin(client.send("a message that takes several writes"));
        assert!(poll!(sending.as_mut()).is_pending());
    }
    let sending = tokio::spawn(async move {
        client.send("the next").await.expect("sent");
        client
    });
    assert_eq!(text(&mut server).await, "a message that takes several writes");
    assert_eq!(text(&mut server).await, "the next");
    drop(sending.await.expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn a_send_that_waits_for_room_is_dropped_whole() {
    let (mut client, mut server) = pair_with(client_config(), Config::server(), 1024).await;
    {
        let mut filling = Box::pin(client.send(vec![1; 100_000]));
        assert!(poll!(filling.as_mut()).is_pending());
    }
    {
        let mut waiting = Box::pin(client.send("never sent"));
        assert!(poll!(waiting.as_mut()).is_pending());
    }
    let sending = tokio::spawn(async move {
        client.send("last").await.expect("sent");
        client
    });
    assert_eq!(server.recv().await.expect("a message").expect("no error").len(), 100_000);
    assert_eq!(text(&mut server).await, "last");
    drop(sending.await.expect("no panic"));
}

#[tokio::test(start_paused = true)]
async fn a_sender_waits_for_a_peer_that_does_not_read() {
    let (mut client, mut server) = pair_with(client_config(), Config::server(), 1024).await;
    let sending = async {
        let mut sent = 0;
        // The peer reads one batch at most, and keeps it.
        while timeout(SECOND, client.send(vec![0; 1000])).await.is_ok() {
            sent += 1;
        }
        sent
    };
    let receiving = async {
        let first = server.recv().await.expect("a message").expect("no error");
        sleep(Duration::from_secs(10)).await;
        first.len()
    };
    let (sent, received) = tokio::join!(sending, receiving);
    assert_eq!(received, 1000);
    assert!((1..20).contains(&sent), "{sent} messages of 1000 bytes went out, with 1024 bytes on the way");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_waits_stops_its_peer() {
    let (client, server) = pair_with(client_config(), Config::server(), 64 * 1024).await;
    let (_receiver, sender) = server.split();
    let counting = async {
        let mut count = 0;
        while timeout(SECOND, sender.send(vec![0; 10_000])).await.is_ok() {
            count += 1;
        }
        count
    };
    let count = counting.await;
    // 64 KiB on the way, and less than a message more than the soft limit of the output.
    assert!((6..16).contains(&count), "{count} messages of 10,000 bytes went out");
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_message_larger_than_the_room_is_sent_all_the_same() {
    let limit = 100_000;
    let (mut client, mut server) = pair_with(client_config().output_hard_limit(limit), Config::server(), 1024).await;
    client.feed(vec![1; 60_000]).await.expect("fed");
    client.feed(vec![2; 90_000]).await.expect("fed, though it does not fit yet");
    let receiving = async {
        for (len, value) in [(60_000, 1), (90_000, 2)] {
            let message = server.recv().await.expect("a message").expect("no error");
            assert_eq!((message.len(), message.as_bytes()[len - 1]), (len, value));
        }
    };
    let (flushed, ()) = tokio::join!(client.flush(), receiving);
    flushed.expect("flushed");
}

#[tokio::test(start_paused = true)]
async fn keepalive_pings_are_answered() {
    let server = Config::server().ping_interval(20 * SECOND).pong_timeout(5 * SECOND);
    let (mut client, mut server) = pair_with(client_config(), server, 4096).await;
    let start = Instant::now();
    let (received, ()) = tokio::join!(timeout(300 * SECOND, server.recv()), async {
        assert!(timeout(300 * SECOND, client.recv()).await.is_err(), "nothing is delivered");
    });
    assert!(received.is_err(), "the connection lives");
    assert_eq!(start.elapsed(), 300 * SECOND);
    assert!(server.latency().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_answer_pings_is_left() {
    let server = Config::server().ping_interval(20 * SECOND).pong_timeout(5 * SECOND).close_timeout(3 * SECOND);
    let (client, mut server) = pair_with(client_config(), server, 4096).await;
    let start = Instant::now();
    let Some(Err(Error::Closed(closed))) = server.recv().await else { panic!("no error") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::PongTimeout));
    assert_eq!(closed.close_sent, Some(CloseCode::INTERNAL_ERROR));
    assert!((25..=29).contains(&start.elapsed().as_secs()), "after {:?}", start.elapsed());
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_half_that_only_sends_answers_pings() {
    let server = Config::server().ping_interval(20 * SECOND).pong_timeout(5 * SECOND);
    let (client, mut server) = pair_with(client_config(), server, 4096).await;
    let (_receiver, sender) = client.split();
    let sending = async {
        for _ in 0..60 {
            sleep(2 * SECOND).await;
            sender.send("tick").await.expect("sent");
        }
    };
    let receiving = async {
        for _ in 0..60 {
            assert_eq!(text(&mut server).await, "tick");
        }
    };
    tokio::join!(sending, receiving);
    assert!(server.latency().is_some(), "a pong came, though the client never received");
}

#[tokio::test(start_paused = true)]
async fn a_closing_handshake_has_a_deadline() {
    let (mut client, server) = pair_with(client_config().close_timeout(4 * SECOND), Config::server(), 4096).await;
    let start = Instant::now();
    let Err(Error::Closed(closed)) = client.close(1000, "").await else { panic!("nobody answers") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::CloseTimeout));
    assert!((4..=9).contains(&start.elapsed().as_secs()), "after {:?}", start.elapsed());
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_reads_is_left() {
    let (mut client, server) = pair_with(client_config().write_timeout(30 * SECOND), Config::server(), 1024).await;
    let start = Instant::now();
    let Err(Error::Closed(closed)) = client.send(vec![0; 100_000]).await else { panic!("nobody reads") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::WriteTimeout));
    assert!((30..=31).contains(&start.elapsed().as_secs()), "after {:?}", start.elapsed());
    drop(server);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_says_nothing_opens_nothing() {
    let (near, far) = duplex(4096);
    let acceptor = Acceptor::new(Config::server().handshake_timeout(3 * SECOND)).expect("valid options");
    let start = Instant::now();
    let Err(Error::Refused { status: 408, fault }) = acceptor.accept(far).await else { panic!("no error") };
    assert_eq!(fault, Some(FaultKind::HandshakeTimeout));
    assert!((3..=14).contains(&start.elapsed().as_secs()), "after {:?}", start.elapsed());
    drop(near);
}

#[tokio::test(start_paused = true)]
async fn close_is_answered_though_messages_are_not_received() {
    let (mut client, server) = pair().await;
    client.feed("nobody takes this").await.expect("fed");
    let (receiver, sender) = server.split();
    let start = Instant::now();
    let (closed, waited) = tokio::join!(client.close(1000, ""), sender.wait_closed());
    closed.expect("a clean close");
    waited.expect("a clean close");
    assert!(start.elapsed() <= 11 * SECOND, "after {:?}", start.elapsed());
    drop(receiver);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_receives_any_more_is_dropped() {
    let (mut client, server) = pair_with(client_config(), Config::server(), 1024).await;
    let (receiver, sender) = server.split();
    drop(receiver);
    let sending = async {
        for _ in 0..100 {
            client.send(vec![0; 10_000]).await.expect("sent");
        }
        client.close(1000, "").await.expect("a clean close");
    };
    let (waited, ()) = tokio::join!(sender.wait_closed(), sending);
    waited.expect("a clean close");
}

#[tokio::test(start_paused = true)]
async fn halves_live_in_tasks_of_their_own_and_senders_are_many() {
    let (client, server) = pair_with(client_config(), Config::server(), 512).await;
    let (mut receiver, sender) = client.split();
    let echo = tokio::spawn(async move {
        let mut server = server;
        while let Some(message) = server.recv().await {
            server.feed(message.expect("a message")).await.expect("sent");
        }
    });
    let tasks: Vec<_> = (0..10)
        .map(|task| {
            let sender = sender.clone();
            tokio::spawn(async move {
                for number in 0..50 {
                    sender.send(format!("{task} {number} {}", "x".repeat(number * 20))).await.expect("sent");
                }
            })
        })
        .collect();
    let mut next = [0; 10];
    for _ in 0..500 {
        let message = receiver.recv().await.expect("an echo").expect("no error");
        let words: Vec<&str> = message.as_text().expect("text").split(' ').collect();
        let (task, number): (usize, usize) = (words[0].parse().expect("a number"), words[1].parse().expect("a number"));
        assert_eq!((next[task], words[2].len()), (number, number * 20));
        next[task] += 1;
    }
    for task in tasks {
        task.await.expect("no panic");
    }
    sender.close(1000, "").await.expect("a clean close");
    assert!(receiver.recv().await.is_none());
    echo.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_server_ends_the_stream_first_and_a_client_waits_for_that() {
    let (mut near, far) = duplex(4096);
    let config = Config::builder(sansock_tokio::Role::Server).start_open(true).build().expect("a configuration");
    let mut server: sansock_tokio::WebSocket<_> = sansock_tokio::WebSocket::upgraded(far, &config).expect("a server");
    let peer = async {
        near.write_all(b"\x88\x82\0\0\0\0\x03\xe8").await.expect("written");
        let mut rest = Vec::new();
        near.read_to_end(&mut rest).await.expect("the server ends its stream");
        assert_eq!(rest, b"\x88\x02\x03\xe8");
    };
    let (received, ()) = tokio::join!(server.recv(), peer);
    assert!(received.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_without_reading_is_left() {
    let (mut near, far) = duplex(1024);
    let options = Config::builder(sansock_tokio::Role::Server).start_open(true).write_timeout(30 * SECOND);
    let mut server: sansock_tokio::WebSocket<_> =
        sansock_tokio::WebSocket::upgraded(far, &options.build().expect("a configuration")).expect("a server");
    let flood = tokio::spawn(async move {
        while near.write_all(b"\x81\x82\0\0\0\0hi").await.is_ok() {
            sleep(Duration::from_millis(100)).await;
        }
    });
    let start = Instant::now();
    server.feed(vec![0; 60_000]).await.expect("fed");
    let end = loop {
        match server.recv().await.expect("an end") {
            Ok(message) => assert_eq!(message.as_text(), Some("hi")),
            Err(error) => break error,
        }
    };
    let Error::Closed(closed) = end else { panic!("{end:?}") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::WriteTimeout));
    assert!((30..=32).contains(&start.elapsed().as_secs()), "after {:?}", start.elapsed());
    drop(server);
    flood.await.expect("no panic");
}

#[tokio::test(start_paused = true)]
async fn a_sender_does_not_wait_for_what_others_send_later() {
    let (client, mut server) = pair_with(client_config(), Config::server(), 1024).await;
    let (_receiver, sender) = client.split();
    let feeding = {
        let sender = sender.clone();
        tokio::spawn(async move {
            // There is room for many of these, so that the output is never empty before the last one.
            for _ in 0..2000 {
                sender.feed(vec![0; 1000]).await.expect("fed");
                tokio::task::yield_now().await;
            }
            sender
        })
    };
    tokio::task::yield_now().await;
    let sending = tokio::spawn(async move { sender.send("among them").await });
    let mut before = None;
    for number in 0..1000 {
        server.recv().await.expect("a message").expect("no error");
        if sending.is_finished() && before.is_none() {
            before = Some(number);
        }
        tokio::task::yield_now().await;
    }
    assert!(before.is_some_and(|number| number < 500), "after {before:?} messages");
    drop(feeding);
}
