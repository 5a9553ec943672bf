//! An echo server, and a client that says hello to it.

use sansock_tokio::{Error, accept, connect};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tokio::spawn(serve(TcpListener::bind("127.0.0.1:8765").await?));
    let mut websocket = connect("ws://127.0.0.1:8765/").await?;
    websocket.send("hello").await?;
    if let Some(message) = websocket.recv().await {
        println!("{:?}", message?);
    }
    websocket.close(1000, "").await
}

async fn serve(listener: TcpListener) -> Result<(), Error> {
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream));
    }
}

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut websocket = accept(stream).await?;
    while let Some(message) = websocket.recv().await {
        websocket.send(message?).await?;
    }
    Ok(())
}
