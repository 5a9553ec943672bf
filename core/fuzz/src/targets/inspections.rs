//! The inspector of captures: nothing in a file or on a connection stops it, and the same bytes show the same.

use std::collections::HashMap;

use sansock_inspect::{CaptureError, Entry, Inspector, Side, What, line};

use crate::input::{Cuts, Input};

type Outcome = (Vec<Entry>, Result<(), CaptureError>);

/// What holds of all entries: ids ascend, heads and frames of one sender follow each other without a gap, lines obey nobody.
fn check(entries: &[Entry]) {
    let mut ends: HashMap<(u32, Side), u64> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        assert_eq!(entry.id, at as u64 + 1);
        if let (What::Head(_) | What::Frame(_), Some(from)) = (&entry.what, entry.from) {
            // Between them there may be bodies, and what has been passed over.
            let end = ends.entry((entry.connection, from)).or_default();
            let offset = entry.offset.expect("an offset");
            assert!(offset >= *end, "{entry:?}");
            *end = offset + entry.length.expect("a length");
        }
        let text = line(entry);
        assert!(text.chars().all(|character| character == '\n' || !character.is_control()), "{text:?}");
    }
}

/// What is shown when a stream is cut is what is shown when it is not.
fn same(cut: &[Entry], whole: &[Entry]) {
    cut.iter().zip(whole).for_each(|(cut, whole)| assert_eq!(cut, whole));
    assert_eq!(cut.len(), whole.len());
}

fn cut(bytes: &[u8], cuts: &mut Cuts, mut read: impl FnMut(&[u8])) {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(cuts.next(rest.len()));
        read(piece);
        rest = behind;
    }
}

fn read(file: &[u8], mut cuts: Cuts) -> Outcome {
    let mut inspector = Inspector::new();
    cut(file, &mut cuts, |piece| inspector.push(piece));
    let outcome = inspector.finish();
    (inspector.take().collect(), outcome)
}

/// A file of any kind, whole and cut.
pub fn inspect(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let cuts = Cuts::of(input.byte());
    let file = input.rest();
    let whole = read(file, Cuts::WHOLE);
    check(&whole.0);
    let (entries, outcome) = read(file, cuts);
    same(&entries, &whole.0);
    assert_eq!(outcome, whole.1);
}

/// What an inspector is told: the number of a connection, an end, when, and bytes; or that the end sends nothing more.
struct Step<'a> {
    number: u32,
    from: Side,
    time: u64,
    bytes: Option<&'a [u8]>,
    /// Whether nobody looks at them.
    is_skipped: bool,
}

fn steps<'a>(input: &mut Input<'a>) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    while !input.is_empty() {
        let choice = input.byte();
        let from = if choice & 1 == 0 { Side::Client } else { Side::Server };
        let bytes = if choice & 0x30 == 0x30 {
            None
        } else {
            let count = input.word();
            Some(input.take(count.into()))
        };
        let time = u64::from(choice >> 6) * 20_000_000;
        let is_skipped = choice & 0x38 == 0x28;
        steps.push(Step { number: 1 + u32::from(choice >> 1 & 1), from, time, bytes, is_skipped });
    }
    steps
}

fn feed(agreed: Option<&str>, begins: u8, steps: &[Step<'_>], mut cuts: Cuts) -> Vec<Entry> {
    let mut inspector = Inspector::new();
    if let Some(agreed) = agreed {
        inspector.assume(agreed);
    }
    for _ in 0..begins {
        inspector.begin("client", "server", 0);
    }
    let mut now = 0;
    for Step { number, from, time, bytes, is_skipped } in steps {
        now += time;
        match bytes {
            Some(bytes) if *is_skipped => cut(bytes, &mut cuts, |piece| _ = inspector.skip(*number, *from, piece, now)),
            Some(bytes) => cut(bytes, &mut cuts, |piece| inspector.feed(*number, *from, piece, now)),
            None => inspector.end(*number, *from, now),
        }
    }
    inspector.finish().expect("there is no file that can be broken");
    inspector.take().collect()
}

/// Connections that are under way, each piece of them whole and cut.
pub fn inspect_feed(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let choice = input.byte();
    let extensions =
        ["", "permessage-deflate", "permessage-deflate; server_no_context_takeover; client_max_window_bits=9"];
    let agreed = extensions.get(usize::from(choice & 3)).copied();
    let begins = choice >> 2 & 3;
    let cuts = Cuts::of(input.byte());
    let steps = steps(&mut input);
    let whole = feed(agreed, begins, &steps, Cuts::WHOLE);
    check(&whole);
    same(&feed(agreed, begins, &steps, cuts), &whole);
}
