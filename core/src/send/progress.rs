//! Deadlines that depend on the output: the one for writing, and those that run from when a frame has been written.
//!
//! A peer can answer a ping or a Close only when it has the frame, so those deadlines start when the host has written it. And
//! while output waits, some of it must be written within `write_timeout`.
//!
//! Reports of written output carry no time, and neither do most calls that send. A frame that is written at once is taken to be
//! written at the time of the call that sent it; any other deadline waits for the next call with a time, for which
//! [`Sender::next_deadline`] asks.

use super::Sender;
use super::timer::Deadline;
use crate::abi::NEVER;

/// What deadlines wait for.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The deadline that starts when a frame has been written.
    pub(super) starts: Option<Deadline>,
    /// How many bytes of the output are left up to the end of that frame.
    pub(super) unwritten: u32,
    /// No call with a time has come since that frame was sent, and no output has been reported as written.
    is_fresh: bool,
    /// The answer to a keepalive ping is awaited, whose frame may not be written yet.
    pub(super) awaits_pong: bool,
}

impl Sender {
    /// Whether reports of written output change a deadline.
    pub(super) fn tracks_progress(&self) -> bool {
        self.progress.starts.is_some() || self.timers.is_running(Deadline::Write)
    }

    /// Takes the host's clock, and starts the deadlines that have waited for it.
    #[inline]
    pub(crate) fn advance(&mut self, now: u64) {
        self.timers.advance(now);
        if self.progress.starts.is_some() || self.awaits_write() {
            self.start_deadlines();
        }
    }

    /// The same for bytes that have arrived on an open connection: they show that the peer is alive. No frame but a ping is
    /// awaited there, so that one check serves both.
    #[inline]
    pub(crate) fn advance_for_bytes(&mut self, now: u64) {
        debug_assert!(self.is_open());
        self.timers.advance(now);
        if self.progress.awaits_pong || self.awaits_write() {
            self.start_deadlines();
            self.note_activity();
        }
    }

    /// Ends a call with a time: what it has sent must be written from now on.
    pub(crate) fn watch_output(&mut self) {
        if self.awaits_write() {
            self.timers.start(Deadline::Write, self.time_for(Deadline::Write));
        }
    }

    /// The next deadline, or [`NEVER`].
    pub(crate) fn next_deadline(&self) -> u64 {
        let from_now = |time: u64| self.timers.now().saturating_add(time).min(NEVER - 1);
        let starts = self.progress.starts.filter(|_| self.progress.unwritten == 0);
        let answer = starts.map_or(NEVER, |deadline| from_now(self.time_for(deadline)));
        let write = if self.awaits_write() { from_now(self.time_for(Deadline::Write)) } else { NEVER };
        self.timers.next().min(answer).min(write)
    }

    /// Starts a deadline when the output as it is now has been written: in place of the one that runs.
    pub(super) fn start_when_written(&mut self, deadline: Deadline) {
        let unwritten = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        self.timers.stop_running();
        self.progress.awaits_pong = deadline == Deadline::Pong;
        if unwritten == 0 {
            self.progress.starts = None;
            self.timers.start(deadline, self.time_for(deadline));
        } else {
            self.progress = Progress { starts: Some(deadline), unwritten, is_fresh: true, ..self.progress };
        }
    }

    /// No frame is awaited any more.
    pub(super) fn stop_waiting(&mut self) {
        (self.progress.starts, self.progress.awaits_pong) = (None, false);
        self.timers.stop_running();
    }

    /// This many bytes have been written, of the output that a deadline depends on.
    pub(super) fn note_progress(&mut self, count: usize) {
        let progress = &mut self.progress;
        let is_fresh = core::mem::take(&mut progress.is_fresh);
        self.timers.stop(Deadline::Write);
        progress.unwritten = progress.unwritten.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        if is_fresh {
            self.start_awaited();
        }
    }

    #[cold]
    #[inline(never)]
    fn start_deadlines(&mut self) {
        self.progress.is_fresh = false;
        self.start_awaited();
        self.watch_output();
    }

    /// Starts the deadline whose frame has been written.
    fn start_awaited(&mut self) {
        if let Some(deadline) = self.progress.starts.take_if(|_| self.progress.unwritten == 0) {
            self.timers.start(deadline, self.time_for(deadline));
        }
    }

    /// Whether output waits for which [`Deadline::Write`] does not run yet.
    #[inline]
    pub(super) fn awaits_write(&self) -> bool {
        !self.timers.is_running(Deadline::Write) && self.queue.len() > 0
    }

    pub(super) fn time_for(&self, deadline: Deadline) -> u64 {
        let settings = &self.shared.settings;
        match deadline {
            Deadline::Pong => settings.pong_timeout,
            Deadline::Write => settings.write_timeout,
            _ => settings.close_timeout,
        }
    }
}
