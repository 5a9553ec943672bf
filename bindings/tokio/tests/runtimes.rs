//! Over the streams of smol, with its timer.
#![cfg(feature = "futures")]

use std::time::{Duration, Instant};

use sansock_tokio::{Acceptor, Config, Connector, Error, FaultKind, Futures, Timer};
use smol::net::{TcpListener, TcpStream};

struct SmolTimer(Instant);

impl Timer for SmolTimer {
    type Sleep = smol::Timer;

    fn start() -> Self {
        SmolTimer(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> smol::Timer {
        smol::Timer::after(duration)
    }
}

type Smol = Futures<SmolTimer>;

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let near = TcpStream::connect(listener.local_addr().expect("an address")).await.expect("a connection");
    (near, listener.accept().await.expect("a client").0)
}

#[test]
fn smol_has_the_same_websocket() {
    smol::block_on(async {
        let (near, far) = sockets().await;
        let server = smol::spawn(async move {
            let acceptor = Acceptor::new(Config::server().subprotocol("chat"))?.runtime::<Smol>();
            let mut websocket = acceptor.accept(far).await?;
            while let Some(message) = websocket.recv().await {
                websocket.send(message?).await?;
            }
            Ok::<_, Error>(websocket.closed().map(|closed| closed.code.get()))
        });
        let options = Config::client("ws://localhost/").subprotocol("chat");
        let connector = Connector::new(options).expect("valid options").runtime::<Smol>();
        let (mut receiver, sender) = connector.handshake(near).await.expect("a connection").split();
        let sending = smol::spawn(async move {
            for size in 0..300_usize {
                sender.send(vec![3; size * size]).await?;
            }
            Ok::<_, Error>(sender)
        });
        for size in 0..300 {
            assert_eq!(receiver.recv().await.expect("an echo").expect("no error").len(), size * size);
        }
        let sender = sending.await.expect("sent");
        sender.close(1001, "done").await.expect("a clean close");
        assert_eq!(server.await.expect("no error"), Some(1001));
    });
}

#[test]
fn smol_keeps_deadlines() {
    smol::block_on(async {
        let (near, far) = sockets().await;
        let options =
            Config::server().handshake_timeout(Duration::from_millis(20)).close_timeout(Duration::from_millis(20));
        let acceptor = Acceptor::new(options).expect("valid options").runtime::<Smol>();
        let result = acceptor.accept(far).await;
        let Err(Error::Refused { status: 408, fault }) = result else { panic!("{result:?}") };
        assert_eq!(fault, Some(FaultKind::HandshakeTimeout));
        drop(near);
    });
}
