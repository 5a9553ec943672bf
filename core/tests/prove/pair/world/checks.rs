//! What a state is, and what holds of each.

use std::hash::{DefaultHasher, Hash, Hasher};

use sansock::{FaultKind, State, Transport};

use super::{Act, End, Ended, World};
use crate::common::frames::{self, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT};

/// What a state is.
impl World {
    /// All that the hosts and the link can see: what the engines say of themselves, output, bytes on their way, messages not
    /// delivered, deadlines; and how long ago that began on which a deadline may depend.
    pub(crate) fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.disturbed, self.refused).hash(&mut hasher);
        for (by, end) in self.ends.iter().enumerate() {
            let connection = &end.connection;
            let since = |at: u64| self.now - at;
            (connection.state() as u8, connection.transport() as u8, connection.has_more()).hash(&mut hasher);
            (connection.output(), connection.writable(), connection.fault().map(|fault| fault.kind)).hash(&mut hasher);
            (&end.inbox, end.inbox_ends, end.eof, end.gone, end.ended).hash(&mut hasher);
            (end.is_open, end.request_waits, end.own_close, end.closing).hash(&mut hasher);
            (end.sent.len() % 2, &self.ends[1 - by].sent[end.received.len()..]).hash(&mut hasher);
            self.deadline(by).map(|deadline| deadline.saturating_sub(self.now)).hash(&mut hasher);
            end.paused_at.map(since).hash(&mut hasher);
            let waits = connection.pending_output() > 0;
            let closes = end.own_close || end.closing || end.ended.is_some();
            (waits.then(|| since(end.output_at)), closes.then(|| since(end.closing_at))).hash(&mut hasher);
            // What is remembered from before: pings without their pongs, and the windows of compressors.
            (end.pings.min(2), end.fragments.min(2), end.sent.iter().filter(|id| **id < b'a').count().min(2))
                .hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// What holds of each state.
impl World {
    /// Nobody waits without a deadline, and nobody has one who waits for nothing.
    pub(crate) fn check_waits(&self) {
        for end in self.ends.iter().filter(|end| !end.gone) {
            let connection = &end.connection;
            let has_deadline = connection.next_deadline().is_some();
            let is_over = connection.transport() == Transport::Close && end.ended.is_some();
            let is_watched = self.keepalive && end.paused_at.is_none();
            let is_idle = connection.pending_output() == 0 && !connection.has_more();
            let waits = connection.state() != State::Open || !is_idle || is_watched;
            if waits && !(is_over && connection.pending_output() == 0) {
                assert!(has_deadline, "nobody would end the wait, after {:?}", self.path);
            }
        }
    }

    /// Lets all that waits happen, fairly and in time. Then both hosts close, if nothing else has closed the connection.
    pub(crate) fn settle(mut self) {
        let mut jumps = 0;
        loop {
            self.move_all();
            if self.ends.iter().all(|end| end.gone) {
                break;
            }
            let is_quiet = self.ends.iter().all(|end| end.ended.is_none() && !end.own_close && !end.closing);
            let owes_close = |end: &End| end.closing && !end.own_close && end.ended.is_none();
            if let Some(by) = (0..2).find(|by| self.ends[*by].request_waits) {
                self.decide(by, Act::Accept);
            } else if is_quiet {
                self.act((0, Act::Close));
            } else if let Some(by) = (0..2).find(|by| owes_close(&self.ends[*by])) {
                self.act((by as u8, Act::Close));
            } else {
                assert!(self.disturbed, "only a deadline would end this, after {:?}", self.path);
                jumps += 1;
                assert!(jumps < 20, "it does not end, after {:?}", self.path);
                self.now = self.next_jump().unwrap_or_else(|| panic!("nothing ends this, after {:?}", self.path));
            }
        }
        self.check_ends();
    }

    /// Lets nothing move any more, and each timer be late. Whoever waits gives up.
    pub(crate) fn starve(mut self) {
        let waits = |end: &End| end.connection.state() != State::Open || end.connection.pending_output() > 0;
        let waiting = self.ends.each_ref().map(waits);
        for _ in 0..40 {
            for by in 0..2 {
                if self.is_possible((by, Act::Due)) {
                    self.act((by, Act::Due));
                }
            }
            self.now = self.next_jump().map_or(self.now, |deadline| deadline + 2);
        }
        for end in self.ends.iter().zip(waiting).filter(|(_, waits)| *waits).map(|(end, _)| end) {
            assert!(end.gone, "it waits for ever, after {:?}", self.path);
        }
    }

    /// Moves bytes and ends of streams until nothing moves.
    fn move_all(&mut self) {
        let mut moves = true;
        while moves {
            moves = false;
            for by in 0..2 {
                if self.ends[by].paused_at.is_some() {
                    self.resume(by);
                }
                for act in [Act::Due, Act::Write, Act::Deliver] {
                    if self.is_possible((by as u8, act)) {
                        self.act((by as u8, act));
                        moves = true;
                    }
                }
            }
        }
    }

    fn check_ends(&self) {
        let path = &self.path;
        for end in &self.ends {
            assert_eq!(end.connection.transport(), Transport::Close, "after {path:?}");
            assert_eq!(end.connection.next_deadline(), None, "after {path:?}");
            assert_eq!(end.connection.pending_output(), 0, "after {path:?}");
        }
        let [client, server] = [0, 1].map(|by| self.ends[by].ended.expect("it is gone"));
        let are_clean = client.clean && server.clean;
        if self.refused {
            let faults = [client.fault, server.fault];
            let told = faults == [Some(FaultKind::HttpStatus), Some(FaultKind::Refused)];
            assert!(told || self.disturbed, "{faults:?} after {path:?}");
        } else {
            assert!(are_clean || self.disturbed, "{client:?} and {server:?} after {path:?}");
        }
        for (by, own, other) in [(0, client, server), (1, server, client)] {
            let (end, peer) = (&self.ends[by], &self.ends[1 - by]);
            assert_eq!(own.clean, own.fault.is_none(), "after {path:?}");
            if are_clean {
                assert_eq!(end.received, peer.sent, "after {path:?}");
                assert_eq!(Some(own.code), other.close_sent, "after {path:?}");
                // §5.5.1: the answer to a Close repeats its code.
                assert!(end.own_close || own.close_sent == Some(own.code), "{own:?} after {path:?}");
                assert!(!(own.by_peer && other.by_peer), "each says that the other began, after {path:?}");
            }
            self.check_log(end, by == 0, own);
        }
    }

    /// What an end has written: whole frames of whole messages, one Close, and no data behind it (RFC 6455 §5.4, §5.5.1).
    /// Only pings and pongs may follow it, until the peer's has come.
    fn check_log(&self, end: &End, masked: bool, ended: Ended) {
        let path = &self.path;
        let (sent, _) = frames::read_whole(behind_head(&end.log));
        let (mut close, mut in_message) = (None, false);
        for frame in sent {
            let (is_final, opcode) = (frame.first & FIN != 0, frame.first & 0xf);
            assert_eq!(frame.masked, masked, "after {path:?}");
            match opcode {
                PING | PONG => assert!(is_final, "after {path:?}"),
                CLOSE => {
                    assert!(is_final && close.is_none(), "two Close frames after {path:?}");
                    close = Some(u16::from_be_bytes([frame.payload[0], frame.payload[1]]));
                }
                opcode => {
                    assert_eq!(opcode, if in_message { CONTINUATION } else { TEXT }, "after {path:?}");
                    assert_eq!(close, None, "data behind Close, after {path:?}");
                    in_message = !is_final;
                }
            }
        }
        assert!(close.is_none() || close == ended.close_sent, "after {path:?}");
    }
}

/// The frames behind a head, if there is one. Behind a refusal there are none.
fn behind_head(log: &[u8]) -> &[u8] {
    let is_head = log.starts_with(b"GET") || log.starts_with(b"HTTP");
    let end = log.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(log.len(), |at| at + 4);
    match log.starts_with(b"GET") || log.starts_with(b"HTTP/1.1 101") {
        true => &log[end..],
        false if is_head => &[],
        false => log,
    }
}
