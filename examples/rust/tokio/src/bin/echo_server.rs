//! Echo server: `echo_server [PORT]`. DEFLATE=1 in the environment compresses, HTTP=1 also answers plain HTTP.
use sansock_tokio::{Acceptor, Answer, Config, Request, WebSocket};
use std::{env, error::Error, process};
use tokio::net::{TcpListener, TcpStream};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(("127.0.0.1", env::args().nth(1).map_or(Ok(0), |port| port.parse())?)).await?;
    ctrlc::set_handler(|| process::exit(0))?;
    println!("listening on ws://{}", listener.local_addr()?);
    let on = |switch| env::var(switch).as_deref() == Ok("1");
    let config =
        Config::server().subprotocol("chat").subprotocol("echo").deflate(on("DEFLATE")).deliver_http(on("HTTP"));
    match Acceptor::new(config)?.serve(listener, answer, echo).await {}
}
async fn echo(mut websocket: WebSocket<TcpStream>) -> Result<(), sansock_tokio::Error> {
    while let Some(message) = websocket.recv().await {
        websocket.feed(message?).await?; // `recv` writes what has been fed
    }
    Ok(())
}
fn answer(request: &Request) -> Answer {
    let page = |status, body: &'static str| Answer::reject(status, body).header("Content-Type", "text/plain");
    match (request.fault, request.method.as_str(), request.path()) {
        (None, ..) => Answer::accept(),
        (_, "GET" | "HEAD", "/health") => page(200, "ok\n"),
        (_, "GET" | "HEAD", _) => page(404, "no such page\n"),
        _ => page(405, "only GET and HEAD\n").header("Allow", "GET, HEAD"),
    }
}
