//! Echo server: `echo_server [PORT]`. DEFLATE=1 in the environment compresses, HTTP=1 also answers plain HTTP.
use sansock_tokio::{Acceptor, Answer, Config, Request, WebSocket};
use std::{env, error::Error, process};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let port = env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    ctrlc::set_handler(|| process::exit(0))?;
    println!("listening on ws://{}", listener.local_addr()?);
    let is_on = |switch| env::var(switch).is_ok_and(|value| value == "1");
    let options = Config::server().subprotocol("chat").subprotocol("echo");
    let options = options.deflate(is_on("DEFLATE")).deliver_http(is_on("HTTP"));
    match Acceptor::new(options)?.serve(listener, answer, echo).await {}
}
async fn echo(mut websocket: WebSocket<TcpStream>) -> Result<(), sansock_tokio::Error> {
    while let Some(message) = websocket.recv().await {
        websocket.feed(message?).await?; // `recv` writes what has been fed
    }
    Ok(())
}
fn answer(request: &Request) -> Answer {
    match (request.fault, request.method.as_str(), request.path()) {
        (None, ..) => Answer::accept(),
        (_, "GET" | "HEAD", "/health") => Answer::reject(200, "ok\n").header("Content-Type", "text/plain"),
        (_, "GET" | "HEAD", _) => Answer::reject(404, "no such page\n"),
        _ => Answer::reject(405, "only GET and HEAD\n").header("Allow", "GET, HEAD"),
    }
}
