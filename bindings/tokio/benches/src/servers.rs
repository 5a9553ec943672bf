//! The servers. Each is written as its documentation shows: the first kind answers each message at once, the second, where the
//! library has a way to it, writes when nothing more has arrived.

use std::convert::Infallible;
use std::error::Error;
use std::io::{BufRead, stdin};

use bytes::Bytes;
use fastwebsockets::{FragmentCollector, OpCode};
use futures_util::{SinkExt, StreamExt, TryStreamExt};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite;

type Outcome = Result<(), Box<dyn Error>>;

pub(crate) const NAMES: [&str; 7] = [
    "sansock-tokio",
    "tokio-tungstenite",
    "tokio-websockets",
    "fastwebsockets",
    "sansock-tokio, feed",
    "tokio-tungstenite, forward",
    "tokio-websockets, forward",
];

/// Runs one server on one thread, until it is killed. It prints its address, and for each line of input what it has used.
pub(crate) fn serve(name: &str) -> Outcome {
    std::thread::spawn(|| {
        for _ in stdin().lock().lines() {
            let used = clock_gettime(ClockId::ProcessCPUTime);
            println!("{}", used.tv_sec as u64 * 1_000_000_000 + used.tv_nsec as u64);
        }
    });
    let name: &'static str = NAMES.into_iter().find(|known| *known == name).ok_or("no such server")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::task::LocalSet::new().run_until(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        loop {
            let stream = listener.accept().await?.0;
            stream.set_nodelay(true)?;
            tokio::task::spawn_local(echo(name, stream));
        }
    }))
}

async fn echo(name: &str, stream: TcpStream) -> Outcome {
    match name {
        "sansock-tokio" => sansock(stream).await,
        "sansock-tokio, feed" => sansock_feed(stream).await,
        "tokio-tungstenite" => tungstenite_send(stream).await,
        "tokio-tungstenite, forward" => tungstenite_forward(stream).await,
        "tokio-websockets" => websockets_send(stream).await,
        "tokio-websockets, forward" => websockets_forward(stream).await,
        _ => fastwebsockets(stream).await,
    }
}

async fn sansock(stream: TcpStream) -> Outcome {
    let mut websocket = sansock_tokio::accept(stream).await?;
    while let Some(message) = websocket.recv().await {
        websocket.send(message?).await?;
    }
    Ok(())
}

async fn sansock_feed(stream: TcpStream) -> Outcome {
    let mut websocket = sansock_tokio::accept(stream).await?;
    while let Some(message) = websocket.recv().await {
        websocket.feed(message?).await?;
    }
    Ok(())
}

async fn tungstenite_send(stream: TcpStream) -> Outcome {
    let mut websocket = tokio_tungstenite::accept_async(stream).await?;
    while let Some(message) = websocket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            websocket.send(message).await?;
        }
    }
    Ok(())
}

async fn tungstenite_forward(stream: TcpStream) -> Outcome {
    let (sink, stream) = tokio_tungstenite::accept_async(stream).await?.split();
    let is_data = |message: &tungstenite::Message| std::future::ready(message.is_text() || message.is_binary());
    stream.try_filter(is_data).forward(sink).await?;
    Ok(())
}

async fn websockets_send(stream: TcpStream) -> Outcome {
    let (_, mut websocket) = tokio_websockets::ServerBuilder::new().accept(stream).await?;
    while let Some(message) = websocket.next().await {
        let message = message?;
        if message.is_text() || message.is_binary() {
            websocket.send(message).await?;
        }
    }
    Ok(())
}

async fn websockets_forward(stream: TcpStream) -> Outcome {
    let (_, websocket) = tokio_websockets::ServerBuilder::new().accept(stream).await?;
    let (sink, stream) = websocket.split();
    let is_data = |message: &tokio_websockets::Message| std::future::ready(message.is_text() || message.is_binary());
    stream.try_filter(is_data).forward(sink).await?;
    Ok(())
}

async fn fastwebsockets(stream: TcpStream) -> Outcome {
    let service = service_fn(|mut request: hyper::Request<Incoming>| async move {
        let (response, upgrade) = match fastwebsockets::upgrade::upgrade(&mut request) {
            Ok(upgraded) => upgraded,
            Err(error) => panic!("{error}"),
        };
        tokio::task::spawn_local(async move {
            let mut websocket = FragmentCollector::new(upgrade.await?);
            loop {
                let frame = websocket.read_frame().await?;
                match frame.opcode {
                    OpCode::Close => break,
                    OpCode::Text | OpCode::Binary => websocket.write_frame(frame).await?,
                    _ => {}
                }
            }
            Ok::<(), fastwebsockets::WebSocketError>(())
        });
        Ok::<hyper::Response<Empty<Bytes>>, Infallible>(response)
    });
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    connection.with_upgrades().await?;
    Ok(())
}
