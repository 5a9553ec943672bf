//! Samples, alternating between the entries.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::cells::{Cell, Send, Task};
use crate::codec::Decompressor;
use crate::entries::{ALL, Entry, Pass};
use crate::handshake;
use crate::tally::Tally;
use crate::transport::Sink;
use crate::wire::{self, Role};

/// The shortest sample that is trusted.
const SAMPLE: Duration = Duration::from_millis(3);

/// Time that this thread has run: what else the machine does meanwhile is not counted.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What one entry takes for one cell.
pub struct Figure {
    pub entry: &'static str,
    pub is_floor: bool,
    /// Nanoseconds per message: the median, least and most of the rounds.
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

/// An entry at work on a cell.
struct Runner {
    entry: &'static dyn Entry,
    pass: Pass,
    /// What every pass must come to, if that is known.
    expected: Option<Tally>,
    /// Passes in a sample.
    passes: u32,
    samples: Vec<f64>,
}

impl Runner {
    fn new(entry: &'static dyn Entry, cell: &Cell) -> Option<Self> {
        let sink = Arc::new(Sink::default());
        let (pass, expected) = match &cell.task {
            Task::Receive(task) => (entry.receive(task, &sink)?, Some(task.wire.expected)),
            Task::Send(task) => {
                let mut pass = entry.send(task, &sink)?;
                sink.start_capture();
                let sent = pass();
                check_sent(entry.name(), task, &sink.take_captured());
                (pass, (!task.deflate).then_some(sent))
            }
            Task::Handshake(role, count) => {
                let mut pass = entry.handshake(*role, *count, &sink)?;
                sink.start_capture();
                let opened = pass();
                assert_eq!(opened.messages, *count, "{}: connections opened", entry.name());
                if *role == Role::Server {
                    check_accepted(entry.name(), *count, &sink.take_captured());
                }
                (pass, Some(opened))
            }
        };
        let mut runner = Runner { entry, pass, expected, passes: 1, samples: Vec::new() };
        while runner.time() < SAMPLE {
            runner.passes *= 2;
        }
        Some(runner)
    }

    fn time(&mut self) -> Duration {
        let start = now();
        for _ in 0..self.passes {
            let tally = (self.pass)();
            assert!(
                self.expected.is_none_or(|expected| expected == tally),
                "{}: {tally:?} is not {:?}",
                self.entry.name(),
                self.expected,
            );
        }
        now() - start
    }

    fn figure(mut self) -> Figure {
        self.samples.sort_by(f64::total_cmp);
        Figure {
            entry: self.entry.name(),
            is_floor: self.entry.is_floor(),
            median: self.samples[self.samples.len() / 2],
            least: self.samples[0],
            most: self.samples[self.samples.len() - 1],
        }
    }
}

/// What an entry has sent, read back: whole messages, and nothing else.
fn check_sent(entry: &str, task: &Send, bytes: &[u8]) {
    let mut decompressor = Decompressor::default();
    let mut buffer = vec![0; 64 * 1024];
    let message = |(first, payload): (u8, Vec<u8>)| match first & 0x40 {
        0 => payload,
        _ => {
            let len = decompressor.decompress(&payload, &mut buffer);
            buffer[..len].to_vec()
        }
    };
    let messages: Vec<_> = wire::frames(bytes).into_iter().map(message).collect();
    let sent = (0..task.repeat).flat_map(|_| &task.payloads);
    assert_eq!(messages.len(), task.repeat * task.payloads.len(), "{entry}: frames sent");
    assert!(messages.iter().eq(sent), "{entry}: what was sent");
}

/// Every request was answered, with what its key asks for.
fn check_accepted(entry: &str, count: u64, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(text.matches("HTTP/1.1 101").count() as u64, count, "{entry}: answers");
    assert_eq!(text.matches(handshake::ACCEPT).count() as u64, count, "{entry}: keys accepted");
}

/// Measures a cell: in each round every entry once, each round beginning with another.
pub fn measure(cell: &Cell, rounds: usize) -> Vec<Figure> {
    let mut runners: Vec<_> = ALL.iter().filter_map(|entry| Runner::new(*entry, cell)).collect();
    for _ in 0..rounds {
        for runner in &mut runners {
            let sample = runner.time().as_nanos() as f64 / f64::from(runner.passes) / cell.messages as f64;
            runner.samples.push(sample);
        }
        runners.rotate_left(1);
    }
    let order = |figure: &Figure| ALL.iter().position(|entry| entry.name() == figure.entry);
    let mut figures: Vec<_> = runners.into_iter().map(Runner::figure).collect();
    figures.sort_by_key(order);
    figures
}

/// Times of the engine over those of the fastest peer, and that peer's name.
pub fn ratio(figures: &[Figure]) -> Option<(f64, &'static str)> {
    let ours = figures.iter().find(|figure| figure.entry == ALL[0].name())?;
    let peers = figures.iter().filter(|figure| !figure.is_floor && figure.entry != ours.entry);
    let best = peers.min_by(|one, other| one.median.total_cmp(&other.median))?;
    Some((ours.median / best.median, best.entry))
}
