//! The clients: prepared frames over plain sockets, which are the same for every server and cost it nothing.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// What the clients send.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) connections: usize,
    /// How many messages each connection sends before it waits for their echoes.
    pub(crate) window: usize,
    /// The payload of a message in bytes.
    pub(crate) size: usize,
    pub(crate) text: bool,
    pub(crate) messages: usize,
}

/// The connections of a load.
pub(crate) struct Crowd {
    runtime: Runtime,
    load: Load,
    streams: Vec<TcpStream>,
}

impl Load {
    pub(crate) fn connect(&self, address: SocketAddr) -> io::Result<Crowd> {
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let streams = runtime.block_on(async {
            let mut streams = Vec::new();
            for _ in 0..self.connections {
                streams.push(open(address).await?);
            }
            io::Result::Ok(streams)
        })?;
        Ok(Crowd { runtime, load: *self, streams })
    }

    /// The frames that a client sends at once, masked.
    fn frames(&self) -> Vec<u8> {
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let mut frames = Vec::new();
        for _ in 0..self.window {
            self.header(&mut frames, 0x80);
            frames.extend(key);
            frames.extend((0..self.size).map(|at| self.byte(at) ^ key[at % 4]));
        }
        frames
    }

    /// How many bytes their echoes have.
    fn echoed(&self) -> usize {
        let mut frames = Vec::new();
        self.header(&mut frames, 0);
        (frames.len() + self.size) * self.window
    }

    fn byte(&self, at: usize) -> u8 {
        b'a' + (at % 26) as u8
    }

    fn header(&self, frames: &mut Vec<u8>, mask: u8) {
        frames.push(if self.text { 0x81 } else { 0x82 });
        match self.size {
            0..126 => frames.push(mask | self.size as u8),
            126..65_536 => {
                frames.push(mask | 126);
                frames.extend((self.size as u16).to_be_bytes());
            }
            _ => {
                frames.push(mask | 127);
                frames.extend((self.size as u64).to_be_bytes());
            }
        }
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    Ok(stream)
}

impl Crowd {
    /// Has at least this many messages sent and echoed. Returns how many.
    pub(crate) fn exchange(&mut self, messages: usize) -> io::Result<u64> {
        let load = self.load;
        let turns = messages.div_ceil(load.connections * load.window);
        let frames: std::sync::Arc<[u8]> = load.frames().into();
        self.runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for stream in self.streams.drain(..) {
                tasks.spawn(converse(stream, frames.clone(), load.echoed(), turns));
            }
            while let Some(stream) = tasks.join_next().await {
                self.streams.push(stream??);
            }
            io::Result::Ok(())
        })?;
        Ok((turns * load.connections * load.window) as u64)
    }
}

async fn converse(
    mut stream: TcpStream,
    frames: std::sync::Arc<[u8]>,
    echoed: usize,
    turns: usize,
) -> io::Result<TcpStream> {
    let mut echoes = vec![0; echoed];
    for _ in 0..turns {
        let (mut reading, mut writing) = stream.split();
        let (read, written) = tokio::join!(reading.read_exact(&mut echoes), writing.write_all(&frames));
        read?;
        written?;
    }
    Ok(stream)
}
