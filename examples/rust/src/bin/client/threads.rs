//! What blocks: reading standard input, reading the socket, writing the socket. A thread each.

use std::io::{self, BufRead, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

const BUFFER_SIZE: usize = 16 * 1024;
/// One of each thread: a thread is asked for the next thing only when its last report has been received.
const WAITING_REPORTS: usize = 3;

/// What a thread has done.
pub(crate) enum Report {
    /// A line of standard input, without its end.
    Line(String),
    /// Standard input is at its end.
    EndOfLines,
    /// Bytes from the socket.
    Received(Vec<u8>),
    /// The peer has ended its stream, or the socket is broken, which makes no difference here.
    EndOfStream,
    /// The bytes of the last [`Threads::write`] have been written: how many.
    Written(usize),
}

/// The threads, each with nothing to do or doing one thing.
pub(crate) struct Threads {
    reports: Receiver<Report>,
    lines: SyncSender<()>,
    reading_line: bool,
    reads: SyncSender<()>,
    reading: bool,
    writes: SyncSender<Vec<u8>>,
    writing: bool,
}

impl Threads {
    pub(crate) fn start(stream: &TcpStream) -> io::Result<Self> {
        let (reporter, reports) = sync_channel(WAITING_REPORTS);
        let (lines, wanted_lines) = sync_channel(1);
        let (reads, wanted_reads) = sync_channel(1);
        let (writes, wanted_writes) = sync_channel(1);
        let (input, output) = (stream.try_clone()?, stream.try_clone()?);
        let (line_reporter, write_reporter) = (reporter.clone(), reporter.clone());
        thread::spawn(move || read_lines(&wanted_lines, &line_reporter));
        thread::spawn(move || write_stream(output, &wanted_writes, &write_reporter));
        thread::spawn(move || read_stream(input, &wanted_reads, &reporter));
        Ok(Threads { reports, lines, reading_line: false, reads, reading: false, writes, writing: false })
    }

    /// Ask for the next line, if none is asked for.
    pub(crate) fn read_line(&mut self) {
        if !self.reading_line {
            self.reading_line = self.lines.try_send(()).is_ok();
        }
    }

    /// Ask for the next bytes from the socket, if none are asked for.
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

    /// The next report, or none if there was none in time.
    pub(crate) fn wait(&mut self, time: Option<Duration>) -> Option<Report> {
        let report = match time {
            Some(time) => self.reports.recv_timeout(time),
            None => self.reports.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match &report {
            Ok(Report::Line(_)) => self.reading_line = false,
            Ok(Report::Received(_)) => self.reading = false,
            Ok(Report::Written(_)) => self.writing = false,
            _ => {}
        }
        report.ok()
    }
}

// A channel is closed when the main thread is over: then the others are, too.

fn read_lines(wanted: &Receiver<()>, reporter: &SyncSender<Report>) {
    let mut input = io::stdin().lock();
    while wanted.recv().is_ok() {
        let mut line = String::new();
        let report = match input.read_line(&mut line) {
            Ok(1..) => {
                if line.ends_with('\n') {
                    line.pop();
                }
                Report::Line(line)
            }
            Ok(0) | Err(_) => Report::EndOfLines,
        };
        let ended = matches!(report, Report::EndOfLines);
        if reporter.send(report).is_err() || ended {
            return;
        }
    }
}

fn read_stream(mut stream: TcpStream, wanted: &Receiver<()>, reporter: &SyncSender<Report>) {
    let mut buffer = vec![0; BUFFER_SIZE];
    while wanted.recv().is_ok() {
        let report = loop {
            match stream.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(length @ 1..) => break Report::Received(buffer[..length].to_vec()),
                Ok(0) | Err(_) => break Report::EndOfStream,
            }
        };
        let ended = matches!(report, Report::EndOfStream);
        if reporter.send(report).is_err() || ended {
            return;
        }
    }
}

fn write_stream(mut stream: TcpStream, wanted: &Receiver<Vec<u8>>, reporter: &SyncSender<Report>) {
    while let Ok(bytes) = wanted.recv() {
        // If this fails, so does reading, which reports it.
        let _ = stream.write_all(&bytes);
        if reporter.send(Report::Written(bytes.len())).is_err() {
            return;
        }
    }
}
