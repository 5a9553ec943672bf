//! Measures all cells, or those that `CELLS` names, in `ROUNDS` rounds. A whole run writes its results into the folder given.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use sansock_bench_peers::cells::{self, Cell};
use sansock_bench_peers::measure::{Figure, measure, ratio};
use sansock_bench_peers::report::{Memory, Results, Row, chart};

const ROUNDS: usize = 15;

/// What keeps luck out of the figures, where the C library is glibc: the allocator keeps what is freed, or a large message would
/// cost what had been allocated before it decides; and memory is copied without the `rep movsb` instruction, whose speed depends tenfold
/// on where the buffers happen to lie.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("MALLOC_TRIM_THRESHOLD_", "1073741824"),
    ("MALLOC_MMAP_THRESHOLD_", "33554432"),
    ("GLIBC_TUNABLES", "glibc.cpu.hwcaps=-ERMS,-FSRM"),
];

fn main() {
    if std::env::var_os(ENVIRONMENT[0].0).is_none() {
        let program = std::env::current_exe().expect("this program has a path");
        panic!("{}", Command::new(program).args(std::env::args_os().skip(1)).envs(ENVIRONMENT).exec());
    }
    let folder = std::env::args().nth(1).expect("usage: sansock-bench-peers FOLDER");
    let pattern = std::env::var("CELLS").unwrap_or_default();
    let rounds = std::env::var("ROUNDS").unwrap_or_default();
    let whole = pattern.is_empty() && rounds.is_empty();
    let rounds = if rounds.is_empty() { ROUNDS } else { rounds.parse().expect("ROUNDS is a number") };
    let rows: Vec<_> = cells::all()
        .filter(|cell| name(cell).contains(&pattern))
        .map(|cell| {
            let figures = measure(&cell, rounds);
            print(&cell, &figures);
            Row::new(&cell, figures)
        })
        .collect();
    if whole {
        let results = Results { rounds, rows, memory: memory() };
        write(Path::new(&folder), &results);
    }
}

fn name(cell: &Cell) -> String {
    format!("{}, {}", cell.section, cell.name)
}

fn print(cell: &Cell, figures: &[Figure]) {
    let ratio = ratio(figures).map_or_else(String::new, |(ratio, best)| format!("{ratio:.2} of {best}"));
    println!("{}: {ratio}", name(cell));
    for Figure { entry, median, least, most, .. } in figures {
        println!("  {entry:<20} {median:>12.1} ns  ({least:.1} to {most:.1})");
    }
}

/// What the program beside this one says: it has an allocator of its own.
fn memory() -> Vec<Memory> {
    let program = std::env::current_exe().expect("this program has a path").with_file_name("memory");
    let output = Command::new(program).output().expect("the program `memory` is built");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().filter_map(Memory::parse).collect()
}

fn write(folder: &Path, results: &Results) {
    let put = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    };
    put("results/rust.json", results.json());
    put("rust.svg", chart::svg(results));
    put("README.md", results.page());
}
