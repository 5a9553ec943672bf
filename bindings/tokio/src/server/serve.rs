//! A server: the loop that accepts TCP connections.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::Acceptor;
use crate::handshake::{Answer, Request};
use crate::io::{Tokio, set_up_tcp};
use crate::websocket::WebSocket;

/// How long nothing is accepted when the process is out of descriptors: connections that end meanwhile give theirs back.
const PAUSE: Duration = Duration::from_millis(20);

impl Acceptor<Tokio> {
    /// Serves the connections of a listener, each in a task: answers the request as `decide` says, and passes the connection to
    /// `handle`, whose result is dropped. Each has what [`set_up_tcp`] sets. It never returns: drop the future to accept no more;
    /// connections go on.
    ///
    /// ```no_run
    /// use sansock_tokio::{Acceptor, Answer, Config, Error, WebSocket};
    /// use tokio::net::{TcpListener, TcpStream};
    ///
    /// async fn echo(mut websocket: WebSocket<TcpStream>) -> Result<(), Error> {
    ///     while let Some(message) = websocket.recv().await {
    ///         websocket.send(message?).await?;
    ///     }
    ///     Ok(())
    /// }
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:8765").await?;
    /// let acceptor = Acceptor::new(Config::server())?;
    /// tokio::select! {
    ///     never = acceptor.serve(listener, |_| Answer::accept(), echo) => match never {},
    ///     result = std::future::ready(Ok(())) => result, // until something else ends the server
    /// }
    /// # }
    /// ```
    pub async fn serve<D, H, F>(self, listener: TcpListener, decide: D, handle: H) -> Infallible
    where
        D: Fn(&Request) -> Answer + Send + Sync + 'static,
        H: Fn(WebSocket<TcpStream>) -> F + Send + Sync + 'static,
        F: Future<Output: Send> + Send + 'static,
    {
        let (acceptor, service) = (Arc::new(self), Arc::new((decide, handle)));
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                sleep(PAUSE).await;
                continue;
            };
            set_up_tcp(&stream);
            let (acceptor, service) = (acceptor.clone(), service.clone());
            tokio::spawn(async move {
                if let Ok(websocket) = acceptor.accept_with(stream, &service.0).await {
                    (service.1)(websocket).await;
                }
            });
        }
    }
}
