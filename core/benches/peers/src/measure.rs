//! Samples, alternating between the entries.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

use crate::cells::{Cell, Connections, Task};
use crate::codec::Decompressor;
use crate::entries::{ALL, Entry, Pass, is_floor, is_variant};
use crate::handshake;
use crate::serve::{Echo, SMALL_BUFFER, Window};
use crate::tally::Tally;
use crate::transport::Sink;
use crate::wire::{self, Random, Role};

/// The shortest sample that is trusted.
const SAMPLE: Duration = Duration::from_millis(3);

/// Time that this thread has run: what else the machine does meanwhile is not counted.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// What one entry takes for one cell.
#[derive(Deserialize)]
pub struct Figure {
    pub entry: String,
    /// Nanoseconds per message: the median, least and most of the rounds.
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Figure {
    /// Whether it is of bare work, not of an implementation.
    pub fn is_floor(&self) -> bool {
        is_floor(&self.entry)
    }

    /// Whether it is of the engine, used in another way.
    pub fn is_variant(&self) -> bool {
        is_variant(&self.entry)
    }
}

/// An entry at work on a cell.
struct Runner<'a> {
    entry: &'static dyn Entry,
    pass: Pass,
    /// Begins anew, where each sample is to lie somewhere else in memory.
    renew: Option<Box<dyn FnMut() -> Pass + 'a>>,
    /// What every pass must come to, if that is known.
    expected: Option<Tally>,
    /// Passes in a sample.
    passes: u32,
    samples: Vec<f64>,
}

impl<'a> Runner<'a> {
    fn new(entry: &'static dyn Entry, cell: &'a Cell) -> Option<Self> {
        let sink = Arc::new(Sink::default());
        let mut renew = None;
        let (pass, expected) = match &cell.task {
            Task::Receive(task) => (entry.receive(task, &sink)?, Some(task.wire.expected)),
            Task::Send(task) => {
                let mut pass = entry.send(task, &sink)?;
                sink.start_capture();
                let sent = pass();
                let messages = (0..task.repeat).flat_map(|_| &task.payloads);
                check_sent(entry.name(), messages, &sink.take_captured());
                (pass, (!task.deflate).then_some(sent))
            }
            Task::Connections(task) => {
                let mut pass = server(entry, task, &sink)?;
                sink.start_capture();
                let counted = pass();
                let expected = check_echoed(entry.name(), task, &sink.take_captured());
                assert_eq!(counted, expected, "{}: what was read and sent", entry.name());
                renew = Some(elsewhere(move || server(entry, task, &sink).expect("as before")));
                (pass, Some(expected))
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
        let mut runner = Runner { entry, pass, renew, expected, passes: 1, samples: Vec::new() };
        while runner.time() < SAMPLE {
            runner.passes *= 2;
        }
        Some(runner)
    }

    /// The time of the passes of a sample, after one that finds in the caches what other entries have left there.
    fn time(&mut self) -> Duration {
        (self.pass)();
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

    /// Takes a sample: the nanoseconds of one of so many messages in a pass.
    fn sample(&mut self, messages: u64) {
        if let Some(renew) = &mut self.renew {
            // What there was goes first, or twice the memory would be in use.
            self.pass = Box::new(Tally::default);
            self.pass = renew();
        }
        let nanoseconds = self.time().as_nanos() as f64;
        self.samples.push(nanoseconds / f64::from(self.passes) / messages as f64);
    }

    fn figure(mut self) -> Figure {
        self.samples.sort_by(f64::total_cmp);
        Figure {
            entry: self.entry.name().to_string(),
            median: self.samples[self.samples.len() / 2],
            least: self.samples[0],
            most: self.samples[self.samples.len() - 1],
        }
    }
}

/// What an entry has sent, read back: whole messages, and nothing else.
fn check_sent<'a>(entry: &str, expected: impl Iterator<Item = &'a Vec<u8>> + Clone, bytes: &[u8]) {
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
    assert_eq!(messages.len(), expected.clone().count(), "{entry}: frames sent");
    assert!(messages.iter().eq(expected), "{entry}: what was sent");
}

/// Makes passes that lie elsewhere each time, for it can matter by a third which addresses share a place in the caches: the median is
/// then that of many places.
fn elsewhere<'a>(mut make: impl FnMut() -> Pass + 'a) -> Box<dyn FnMut() -> Pass + 'a> {
    const FARTHEST: u64 = 1 << 16;
    let mut random = Random::new(5);
    let mut spacers = Vec::new();
    Box::new(move || {
        spacers.push(vec![0_u8; (random.draw() % FARTHEST) as usize]);
        make()
    })
}

/// A pass over connections that have just been opened.
fn server(entry: &dyn Entry, task: &Connections, sink: &Arc<Sink>) -> Option<Pass> {
    let message = task.message.clone();
    let (compress, window, buffer) = (false, Window::default(), Some(SMALL_BUFFER));
    let echo = Echo { task: message, compress, window, buffer, sink: sink.clone() };
    Some(entry.server(&echo)?.pass(task, sink))
}

/// Every message was sent back. Returns what a pass must come to.
fn check_echoed(entry: &str, task: &Connections, bytes: &[u8]) -> Tally {
    let wire = &task.message.wire;
    let turns = task.count * task.laps;
    let message = wire.spans[0].plain(&wire.bytes);
    check_sent(entry, std::iter::repeat_n(&message, turns), bytes);
    Tally {
        messages: turns as u64,
        bytes: wire.expected.bytes * turns as u64 + bytes.len() as u64,
        check: wire.expected.check * turns as u64,
    }
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
            runner.sample(cell.messages);
        }
        runners.rotate_left(1);
    }
    let order = |figure: &Figure| ALL.iter().position(|entry| entry.name() == figure.entry);
    let mut figures: Vec<_> = runners.into_iter().map(Runner::figure).collect();
    figures.sort_by_key(order);
    figures
}

/// The least time of the engine over that of the fastest peer, and that peer's name.
pub fn ratio(figures: &[Figure]) -> Option<(f64, &str)> {
    let is_ours = |figure: &&Figure| figure.is_variant() || figure.entry == ALL[0].name();
    let ours = figures.iter().filter(is_ours).map(|figure| figure.median).min_by(f64::total_cmp)?;
    let peers = figures.iter().filter(|figure| !figure.is_floor() && !is_ours(figure));
    let best = peers.min_by(|one, other| one.median.total_cmp(&other.median))?;
    Some((ours / best.median, &best.entry))
}
