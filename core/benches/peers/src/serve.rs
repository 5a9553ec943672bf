//! Servers of many connections, each of which echoes what it reads.

use std::any::Any;
use std::sync::Arc;

use crate::cells::{Connections, Receive};
use crate::entries::Pass;
use crate::tally::Tally;
use crate::transport::{Sink, Transport};
use crate::wire::permutation;

/// What is agreed about the compression of both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub bits: u8,
    pub takeover: bool,
}

impl Default for Window {
    fn default() -> Self {
        Window { bits: 15, takeover: true }
    }
}

/// For the connections of a server of many, where a peer lets its buffers be chosen.
pub const SMALL_BUFFER: usize = 4096;

/// The echo that connections are asked for.
#[derive(Clone)]
pub struct Echo {
    /// A wire of one message.
    pub task: Receive,
    /// Whether the answer is to be compressed.
    pub compress: bool,
    pub window: Window,
    /// The size of a connection's buffers, where it can be chosen; `None` leaves them as in the other cells.
    pub buffer: Option<usize>,
    pub sink: Arc<Sink>,
}

impl Echo {
    pub fn transport(&self) -> Transport {
        Transport::new(self.task.wire.bytes.clone(), self.task.read, self.sink.clone())
    }
}

/// An entry as a server: what its connections share.
pub trait Serve: 'static {
    type Connection: 'static;

    fn open(&mut self) -> Self::Connection;

    /// Reads a message, counts it, and sends it back.
    fn turn(&mut self, connection: &mut Self::Connection, tally: &mut Tally);
}

/// The same, whatever its connections are.
pub trait Server {
    /// A connection that has echoed one message.
    fn idle(&mut self) -> Box<dyn Any>;

    /// A pass over connections that have each echoed one message already.
    fn pass(self: Box<Self>, task: &Connections, sink: &Arc<Sink>) -> Pass;
}

impl<S: Serve> Server for S {
    fn idle(&mut self) -> Box<dyn Any> {
        let mut connection = Box::new(self.open());
        self.turn(&mut connection, &mut Tally::default());
        connection
    }

    fn pass(mut self: Box<Self>, task: &Connections, sink: &Arc<Sink>) -> Pass {
        let open = |_| {
            let mut connection = self.open();
            self.turn(&mut connection, &mut Tally::default());
            connection
        };
        let mut connections: Vec<_> = (0..task.count).map(open).collect();
        // Written out for all laps, so that visiting costs the same however many there are.
        let turns = permutation(task.count).repeat(task.laps);
        let sink = sink.clone();
        sink.take_written();
        Box::new(move || {
            let mut tally = Tally::default();
            for index in &turns {
                self.turn(&mut connections[*index as usize], &mut tally);
            }
            tally.bytes += sink.take_written();
            tally
        })
    }
}
