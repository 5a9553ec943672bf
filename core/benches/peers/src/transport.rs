//! An in-memory transport: it hands out the same bytes again and again, in reads of a given size, and drops what is written.

use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What went out. Shared with the harness, for not every peer gives its transport back.
#[derive(Debug, Default)]
pub struct Sink {
    written: AtomicU64,
    captured: Mutex<Option<Vec<u8>>>,
    capturing: std::sync::atomic::AtomicBool,
}

impl Sink {
    /// Takes bytes: touches their ends and counts them. It copies them only while capturing.
    #[inline]
    pub fn write(&self, bytes: &[u8]) {
        std::hint::black_box((bytes.first(), bytes.last()));
        // One thread: no need of an atomic addition.
        self.written.store(self.written.load(Ordering::Relaxed) + bytes.len() as u64, Ordering::Relaxed);
        if self.capturing.load(Ordering::Relaxed) {
            self.capture(bytes);
        }
    }

    #[cold]
    fn capture(&self, bytes: &[u8]) {
        self.captured.lock().expect("one thread").get_or_insert_default().extend_from_slice(bytes);
    }

    /// Bytes written since the last call.
    pub fn take_written(&self) -> u64 {
        self.written.swap(0, Ordering::Relaxed)
    }

    /// Keeps what is written from here on, until it is taken.
    pub fn start_capture(&self) {
        self.capturing.store(true, Ordering::Relaxed);
    }

    pub fn take_captured(&self) -> Vec<u8> {
        self.capturing.store(false, Ordering::Relaxed);
        self.captured.lock().expect("one thread").take().unwrap_or_default()
    }
}

#[derive(Debug)]
pub struct Transport {
    wire: Arc<[u8]>,
    at: usize,
    read: usize,
    vectored: bool,
    sink: Arc<Sink>,
}

impl Transport {
    pub fn new(wire: Arc<[u8]>, read: usize, sink: Arc<Sink>) -> Self {
        Transport { wire, at: 0, read, vectored: false, sink }
    }

    /// A transport that says it can write several slices at once, for peers that then do not copy.
    pub fn vectored(self) -> Self {
        Transport { vectored: true, ..self }
    }

    /// A transport that only takes.
    pub fn sink(sink: Arc<Sink>) -> Self {
        Transport::new(Arc::new([]), 0, sink)
    }

    /// The next bytes, at most `room`. A read never crosses the end of the wire, so that passes are alike.
    #[inline]
    fn next(&mut self, room: usize) -> &[u8] {
        let len = room.min(self.read).min(self.wire.len() - self.at);
        let start = self.at;
        self.at += len;
        if self.at == self.wire.len() {
            self.at = 0;
        }
        &self.wire[start..start + len]
    }
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.next(buffer.len());
        buffer[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Transport {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bytes = self.next(buffer.remaining());
        buffer.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.sink.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        slices.iter().for_each(|slice| self.sink.write(slice));
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Runs a future to its end without a runtime: nothing in memory ever waits.
#[inline]
pub fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(std::task::Waker::noop());
    for _ in 0..1000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("a future waits for what an in-memory transport never brings");
}
