//! What a connection's machines have done, and what runs: the feature `trace`.

use alloc::vec::Vec;
use core::time::Duration;

use super::Connection;
use crate::send::Timer;
use crate::states::trace::Step;

#[cfg_attr(docsrs, doc(cfg(feature = "trace")))]
impl Connection {
    /// Notes from here on what the machines of this connection do, or stops that. A host that has turned it on takes the steps
    /// after each call: until then they are kept.
    pub fn set_trace(&mut self, on: bool) {
        self.sender.trace.set(on);
    }

    /// The transitions since they were last taken, in their order: see [`states`](crate::states::trace).
    pub fn take_steps(&mut self) -> Vec<Step> {
        self.sender.trace.take()
    }

    /// The deadlines that run, on the clock of `now`: the earliest is [`next_deadline`](Self::next_deadline), unless that is due
    /// for something else.
    pub fn deadlines(&self) -> Vec<(Timer, Duration)> {
        self.sender.running().map(|(timer, at)| (timer, Duration::from_millis(at))).collect()
    }
}
