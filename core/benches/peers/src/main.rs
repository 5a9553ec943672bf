//! Measures a part of what its page shows, in `ROUNDS` rounds, or the cells of it that `CELLS` names. A whole run writes its results into
//! the folder given.

use std::path::PathBuf;
use std::process::Command;

use sansock_bench_peers::cells::{self, Cell};
use sansock_bench_peers::measure::{Figure, measure, ratio};
use sansock_bench_peers::report::{self, Memory, Row, Times};

const ROUNDS: usize = 15;

type Part = (&'static str, fn(&Run));

/// What is to be done, each in a process of its own: what others leave of the heap decides whether a large buffer grows in place.
const PARTS: &[Part] = &[
    ("compare", |run| run.times(report::COMPARE, cells::compare())),
    ("scale", |run| run.times(report::SCALE, cells::scale())),
    ("memory", Run::memory),
    ("page", Run::page),
];

struct Run {
    folder: PathBuf,
    pattern: String,
    rounds: usize,
    /// Whether it measures enough to be recorded.
    whole: bool,
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, folder, part] = arguments.as_slice() else { panic!("usage: sansock-bench-peers FOLDER PART") };
    let (_, go) = PARTS.iter().find(|(name, _)| name == part).expect("a part: compare, scale, memory, page");
    let pattern = std::env::var("CELLS").unwrap_or_default();
    let rounds = std::env::var("ROUNDS").unwrap_or_default();
    let whole = pattern.is_empty() && rounds.is_empty();
    let rounds = if rounds.is_empty() { ROUNDS } else { rounds.parse().expect("ROUNDS is a number") };
    go(&Run { folder: folder.into(), pattern, rounds, whole });
}

impl Run {
    fn times(&self, file: &str, cells: impl Iterator<Item = Cell>) {
        let rows = cells.filter(|cell| name(cell).contains(&self.pattern)).map(|cell| {
            let figures = measure(&cell, self.rounds);
            print(&cell, &figures);
            Row::new(&cell, figures)
        });
        let times = Times::new(self.rounds, rows.collect());
        if self.whole {
            report::write(&self.folder, file, &times.json());
        }
    }

    /// Records what the program beside this one says: it has an allocator of its own.
    fn memory(&self) {
        if !self.whole {
            return;
        }
        let program = std::env::current_exe().expect("this program has a path").with_file_name("memory");
        let output = Command::new(program).output().expect("the program `memory` is built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8_lossy(&output.stdout);
        print!("{text}");
        report::write(&self.folder, report::MEMORY, &Memory::parse(&text).json());
    }

    fn page(&self) {
        if self.whole {
            report::write_page(&self.folder);
        }
    }
}

fn name(cell: &Cell) -> String {
    format!("{}, {}", cell.section, cell.name)
}

fn print(cell: &Cell, figures: &[Figure]) {
    let ratio = ratio(figures).map_or_else(String::new, |(ratio, best)| format!("{ratio:.2} of {best}"));
    println!("{}: {ratio}", name(cell));
    for Figure { entry, median, least, most } in figures {
        println!("  {entry:<20} {median:>12.1} ns  ({least:.1} to {most:.1})");
    }
}
