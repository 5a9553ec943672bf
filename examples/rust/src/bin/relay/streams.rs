//! What blocks: reading and writing sockets. Two threads for each socket, which report to the thread that has the engine.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

const BUFFER_SIZE: usize = 16 * 1024;
const STACK_SIZE: usize = 64 * 1024;

/// Which of the two connections of a relay.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Client,
    Server,
}

/// What a thread has done.
pub(crate) enum Report {
    Received(Vec<u8>),
    /// The peer has ended its stream, or the socket is broken, which makes no difference here.
    EndOfStream,
    /// The bytes of the last [`Stream::write`] have been written: how many.
    Written(usize),
}

/// Where the threads of both sockets report.
pub(crate) type Reporter = SyncSender<(End, Report)>;

/// A socket, whose threads have nothing to do or are doing one thing.
pub(crate) struct Stream {
    socket: TcpStream,
    reads: SyncSender<()>,
    reading: bool,
    writes: SyncSender<Vec<u8>>,
    writing: bool,
}

impl Stream {
    pub(crate) fn start(socket: TcpStream, end: End, reporter: &Reporter) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        let (reads, wanted_reads) = sync_channel(1);
        let (writes, wanted_writes) = sync_channel(1);
        let (input, output) = (socket.try_clone()?, socket.try_clone()?);
        let (read_reporter, write_reporter) = (reporter.clone(), reporter.clone());
        let small = || thread::Builder::new().stack_size(STACK_SIZE);
        small().spawn(move || read(input, end, &wanted_reads, &read_reporter))?;
        small().spawn(move || write(output, end, &wanted_writes, &write_reporter))?;
        Ok(Stream { socket, reads, reading: false, writes, writing: false })
    }

    /// Ask for the next bytes, if none are asked for.
    pub(crate) fn read(&mut self) {
        if !self.reading {
            self.reading = self.reads.try_send(()).is_ok();
        }
    }

    /// Have bytes written, if none are being written.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        if !self.writing {
            self.writing = self.writes.try_send(bytes.to_vec()).is_ok();
        }
    }

    /// A thread has reported, and can be given the next thing.
    pub(crate) fn note(&mut self, report: &Report) {
        match report {
            Report::Received(_) => self.reading = false,
            Report::Written(_) => self.writing = false,
            Report::EndOfStream => {}
        }
    }

    /// Shutting down again, or what the peer has closed, does no harm.
    pub(crate) fn shut_down(&self, how: Shutdown) {
        let _ = self.socket.shutdown(how);
    }
}

// A channel is closed when the relay is over: then these are, too.

fn read(mut socket: TcpStream, end: End, wanted: &Receiver<()>, reporter: &Reporter) {
    let mut buffer = vec![0; BUFFER_SIZE];
    while wanted.recv().is_ok() {
        let report = loop {
            match socket.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(length @ 1..) => break Report::Received(buffer[..length].to_vec()),
                Ok(0) | Err(_) => break Report::EndOfStream,
            }
        };
        let ended = matches!(report, Report::EndOfStream);
        if reporter.send((end, report)).is_err() || ended {
            return;
        }
    }
}

fn write(mut socket: TcpStream, end: End, wanted: &Receiver<Vec<u8>>, reporter: &Reporter) {
    while let Ok(bytes) = wanted.recv() {
        // If this fails, so does reading, which reports it.
        let _ = socket.write_all(&bytes);
        if reporter.send((end, Report::Written(bytes.len()))).is_err() {
            return;
        }
    }
}
