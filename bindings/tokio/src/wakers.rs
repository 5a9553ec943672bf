//! Who waits for a connection. Its two halves may be polled by different tasks, while a transport and a timer wake one: they
//! are given a waker that wakes all.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The tasks that wait: at most one that receives, and any number that send.
#[derive(Default)]
pub(crate) struct Wakers {
    /// Whether transport or timer have called since [`begin`](Self::begin).
    is_woken: AtomicBool,
    /// Whether any task waits: to be asked before the lock is taken.
    has_waiting: AtomicBool,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    receiver: Option<Waker>,
    senders: Vec<Waker>,
}

/// Which half of the connection a task polls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    Receiver,
    Sender,
}

impl Wakers {
    /// A task polls the connection, and waits only if that comes to nothing: a call before it waits is noted.
    pub(crate) fn begin(&self) {
        self.is_woken.store(false, Ordering::SeqCst);
    }

    /// It waits, until it is woken once.
    pub(crate) fn wait(&self, half: Half, waker: &Waker) {
        {
            let mut waiting = self.waiting();
            match half {
                Half::Receiver => waiting.receiver = Some(waker.clone()),
                Half::Sender if waiting.senders.iter().any(|sender| sender.will_wake(waker)) => {}
                Half::Sender => waiting.senders.push(waker.clone()),
            }
            self.has_waiting.store(true, Ordering::SeqCst);
        }
        // Who called since `begin` may have found nobody.
        if self.is_woken.load(Ordering::SeqCst) {
            waker.wake_by_ref();
        }
    }

    /// Wakes those that wait, but for the task that polls this half.
    pub(crate) fn wake_others(&self, half: Half, running: &Waker) {
        if !self.has_waiting.load(Ordering::SeqCst) {
            return;
        }
        let (receiver, senders) = {
            let mut waiting = self.waiting();
            let receiver = if half == Half::Sender { waiting.receiver.take() } else { None };
            let is_other = |sender: &mut Waker| half == Half::Receiver || !sender.will_wake(running);
            let senders: Vec<Waker> = waiting.senders.extract_if(.., is_other).collect();
            let has_waiting = waiting.receiver.is_some() || !waiting.senders.is_empty();
            self.has_waiting.store(has_waiting, Ordering::SeqCst);
            (receiver, senders)
        };
        receiver.into_iter().chain(senders).for_each(Waker::wake);
    }

    /// Wakes all.
    pub(crate) fn wake_all(&self) {
        self.is_woken.store(true, Ordering::SeqCst);
        let Waiting { receiver, senders } = {
            let mut waiting = self.waiting();
            self.has_waiting.store(false, Ordering::SeqCst);
            mem::take(&mut *waiting)
        };
        receiver.into_iter().chain(senders).for_each(Waker::wake);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Wakers {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}
