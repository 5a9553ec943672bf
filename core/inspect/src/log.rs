//! Where entries are collected, and how much of each payload they carry.

use std::collections::VecDeque;

use crate::agreed::Configs;
use crate::entry::{Entry, Side, What};
use crate::skipping::Known;

/// How much of one payload is shown at most, in bytes: a small capture can inflate to more than there is memory.
const MOST: usize = 64 << 20;

/// The entries that have not been taken, and the options that they follow.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) entries: VecDeque<Entry>,
    /// What the readers of all connections share.
    pub(crate) configs: Configs,
    next: u64,
    /// How many of them were faults, or said that the capture ends inside something.
    pub(crate) faults: u64,
    preview: usize,
    whole: Vec<u64>,
    /// Whether nobody looks: messages are not told.
    pub(crate) is_quiet: bool,
    pub(crate) known: Known,
}

/// Where an entry comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) connection: u32,
    pub(crate) from: Side,
    pub(crate) time: Option<u64>,
}

impl Log {
    pub(crate) fn new(preview: usize, whole: Vec<u64>) -> Self {
        Log {
            entries: VecDeque::new(),
            configs: Configs::default(),
            next: 1,
            faults: 0,
            preview,
            whole,
            is_quiet: false,
            known: Known::default(),
        }
    }

    /// How many bytes of a payload to keep while it is under way: its number is not known before its end.
    pub(crate) fn kept(&self) -> usize {
        if self.whole.is_empty() { self.preview } else { MOST }
    }

    /// How many bytes of a payload the next entry carries.
    pub(crate) fn shown(&self) -> usize {
        if self.whole.contains(&self.next) { MOST } else { self.preview }
    }

    /// Adds an entry, and returns its number.
    pub(crate) fn add(&mut self, place: Place, extent: Option<(u64, u64)>, what: What) -> u64 {
        let Place { connection, from, time } = place;
        let (offset, length) = extent.unzip();
        self.push(connection, Some(from), time, offset, length, what)
    }

    /// Adds an entry that begins at an offset, and has no length.
    pub(crate) fn add_from(&mut self, place: Place, offset: u64, what: What) -> u64 {
        let Place { connection, from, time } = place;
        self.push(connection, Some(from), time, Some(offset), None, what)
    }

    /// Adds an entry on a connection as a whole.
    pub(crate) fn add_whole(&mut self, connection: u32, time: Option<u64>, what: What) {
        self.push(connection, None, time, None, None, what);
    }

    /// An entry that has not been taken.
    pub(crate) fn entry(&mut self, id: u64) -> Option<&mut Entry> {
        let behind = usize::try_from(self.next - id).ok()?;
        let place = self.entries.len().checked_sub(behind)?;
        self.entries.get_mut(place)
    }

    /// The number of the next entry.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    fn push(
        &mut self,
        connection: u32,
        from: Option<Side>,
        time: Option<u64>,
        offset: Option<u64>,
        length: Option<u64>,
        what: What,
    ) -> u64 {
        let id = self.next;
        self.next += 1;
        self.faults += u64::from(matches!(what, What::Fault(_) | What::Incomplete { .. }));
        let (steps, deadlines) = (Vec::new(), None);
        self.entries.push_back(Entry { id, connection, from, time, offset, length, what, steps, deadlines });
        id
    }
}
