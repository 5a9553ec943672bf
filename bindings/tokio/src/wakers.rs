//! Who waits for a connection. Its two halves may be polled by different tasks, while a transport and a timer wake one: they
//! are given a waker that wakes all.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

use atomic_waker::AtomicWaker;

/// The tasks that wait: at most one that receives, and any number that send.
#[derive(Default)]
pub(crate) struct Wakers {
    receiver: AtomicWaker,
    senders: Mutex<Vec<Waker>>,
}

/// Which half of the connection a task polls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Receiver,
    Sender,
}

impl Wakers {
    /// A task waits, until it is woken once.
    pub(crate) fn register(&self, half: Half, waker: &Waker) {
        match half {
            Half::Receiver => self.receiver.register(waker),
            Half::Sender => {
                let mut senders = self.senders();
                if !senders.iter().any(|sender| sender.will_wake(waker)) {
                    senders.push(waker.clone());
                }
            }
        }
    }

    /// A task waits no longer.
    pub(crate) fn unregister(&self, half: Half, waker: &Waker) {
        match half {
            Half::Receiver => drop(self.receiver.take()),
            Half::Sender => self.senders().retain(|sender| !sender.will_wake(waker)),
        }
    }

    /// Wakes those that wait, but for the task that polls this half.
    pub(crate) fn wake_others(&self, half: Half, running: &Waker) {
        if half == Half::Sender {
            self.receiver.wake();
        }
        let others: Vec<Waker> = {
            let mut senders = self.senders();
            senders.extract_if(.., |sender| half == Half::Receiver || !sender.will_wake(running)).collect()
        };
        others.into_iter().for_each(Waker::wake);
    }

    /// Wakes all.
    pub(crate) fn wake_all(&self) {
        self.receiver.wake();
        let senders = mem::take(&mut *self.senders());
        senders.into_iter().for_each(Waker::wake);
    }

    fn senders(&self) -> MutexGuard<'_, Vec<Waker>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
