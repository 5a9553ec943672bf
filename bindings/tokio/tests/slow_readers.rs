//! A peer that reads slowly, over TCP with the buffers of the system.
//!
//! The clock is a real one: what the system says of its buffers is what is tested.
#![cfg(any(target_os = "android", target_os = "linux"))]

use std::time::Duration;

use sansock_tokio::{Config, Error, FaultKind, Role, WebSocket, set_up_tcp};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, MissedTickBehavior, interval};

const WRITE_TIMEOUT: Duration = Duration::from_secs(1);
/// The peer reads this much at a time: a third of what the system takes without the option lasts longer than the timeout.
const PIECE: usize = 4 * 1024;
const PAUSE: Duration = Duration::from_millis(10);

/// A server over TCP, and the socket of its peer, whose window is small.
async fn sockets() -> (WebSocket<TcpStream>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    let near = socket.connect(listener.local_addr().expect("an address")).await.expect("a connection");
    let (far, _) = listener.accept().await.expect("a client");
    set_up_tcp(&far);
    let options = Config::builder(Role::Server).start_open(true).write_timeout(WRITE_TIMEOUT);
    let config = options.build().expect("valid options");
    (WebSocket::upgraded(far, &config).expect("a connection"), near)
}

#[tokio::test]
async fn a_peer_that_reads_little_is_kept_and_one_that_stops_is_left() {
    let (mut server, mut near) = sockets().await;
    let sending = tokio::spawn(async move { server.send(vec![0; 8 << 20]).await });
    let start = Instant::now();
    let mut ticks = interval(PAUSE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut piece = [0; PIECE];
    while start.elapsed() < 3 * WRITE_TIMEOUT {
        ticks.tick().await;
        near.read_exact(&mut piece).await.expect("the connection lives");
        assert!(!sending.is_finished(), "it was ended after {:?}", start.elapsed());
    }
    let stop = Instant::now();
    let result = sending.await.expect("no panic");
    let Err(Error::Closed(closed)) = result else { panic!("{result:?}") };
    assert_eq!(closed.fault.map(|fault| fault.kind), Some(FaultKind::WriteTimeout));
    assert!(stop.elapsed() >= WRITE_TIMEOUT / 2, "after {:?}", stop.elapsed());
    drop(near);
}
