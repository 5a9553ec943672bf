//! An echo server, as the page of the crate shows it.

use sansock_tokio::{Error, accept};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:8765").await?;
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
