//! Client: `client URL`. Sends the lines of standard input and prints what it receives. DEFLATE=1 offers compression.
use std::{env, error::Error, process};

use sansock_tokio::{Config, Connector, Message};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let deflate = env::var("DEFLATE").is_ok_and(|value| value == "1");
    let options = Config::client(&env::args().nth(1).ok_or("a URL is missing")?).deflate(deflate);
    let connector = Connector::new(options.receive_while_closing(true))?; // for the echoes of the last lines
    let (mut receiver, sender) = connector.connect().await?.split();
    tokio::spawn(async move {
        let mut lines = BufReader::new(stdin()).split(b'\n');
        while let Some(line) = lines.next_segment().await? {
            sender.send(String::from_utf8(line)?).await?;
        }
        sender.close(1000, "").await.map_err(Box::<dyn Error + Send + Sync>::from)
    });
    while let Some(Ok(message)) = receiver.recv().await {
        match message {
            Message::Text(text) => println!("{text}"),
            Message::Binary(data) => println!("{data:x}"),
        }
    }
    let closed = receiver.closed().ok_or("the connection has not ended")?;
    println!("{}", format!("closed {} {}", closed.code.get(), closed.reason).trim_end());
    process::exit(if closed.clean { 0 } else { 1 })
}
