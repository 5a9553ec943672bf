//! Counts the instructions that a message costs, and compares them with those on record.
//!
//! `sansock-bench-counts FILE PAGE` compares with the file of what messages cost and the page of what hostile bytes cost,
//! `BLESS=1` records. The program runs itself under callgrind, with two numbers of
//! messages: the difference is what the messages cost, without start and growth.

mod deflate;
mod hostile;
mod page;
mod paths;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode};

use paths::Path;

/// Batches of the two runs.
const PASSES: [usize; 2] = [100, 200];
/// Differences up to this part of the recorded count pass.
const ALLOWANCE: f64 = 0.03;
/// The C library's memory functions for any x86-64, whatever this machine has.
const BASELINE: &str = "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512BW,-AVX512VL,-AVX_Fast_Unaligned_Load,\
-ERMS,-FSRM,-SSSE3,-Fast_Unaligned_Copy,-Fast_Copy_Backward";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", name, passes] => run(name, passes),
        [file, page] => {
            // Cells that are named are cells of the page.
            let passes = !only().is_empty() || compare(file);
            if page::compare(page) && passes { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        _ => {
            eprintln!("usage: sansock-bench-counts FILE PAGE");
            ExitCode::from(2)
        }
    }
}

/// What the names of the cells that are counted contain.
fn only() -> String {
    std::env::var("CELLS").unwrap_or_default()
}

/// One path, under callgrind.
fn run(name: &str, passes: &str) -> ExitCode {
    let passes = passes.parse().expect("a number");
    match hostile::all().iter().find(|cell| cell.label() == name) {
        Some(cell) => cell.run(passes),
        None => paths::all().find(|path| path.name() == name).expect("a path of the table").run(passes),
    }
    ExitCode::SUCCESS
}

/// What counts depend on besides the sources.
fn machine() -> String {
    #[cfg(target_arch = "x86_64")]
    let level = if std::arch::is_x86_feature_detected!("avx2") { " with AVX2" } else { " without AVX2" };
    #[cfg(not(target_arch = "x86_64"))]
    let level = "";
    format!("{}, {}{level}", env!("RUSTC_VERSION"), std::env::consts::ARCH)
}

/// Compares what messages cost, or records it.
fn compare(file: &str) -> bool {
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let machine = machine();
    let record = recorded.lines().find_map(|line| line.strip_prefix("# Counted with ")).unwrap_or_default();
    if !bless && record != machine {
        println!("instruction counts: not compared, for they are of {record:?} and this is {machine:?}");
        return true;
    }
    let counts: Vec<_> = paths::all().map(|path| (path.name(), instructions(&path))).collect();
    if bless {
        let lines: String = counts.iter().map(|(name, count)| format!("{name:<48}{count:>8.0}\n")).collect();
        let text = format!(
            "# Instructions per message. Written by `make bench-counts BLESS=1`.\n# Counted with {machine}\n{lines}"
        );
        std::fs::write(file, text).expect("the file can be written");
        return true;
    }
    let recorded = parse(&recorded);
    let failures =
        counts.iter().filter(|(name, count)| !report(name, *count, recorded.get(name.as_str()).copied())).count();
    if failures > 0 {
        println!("instruction counts: {failures} differ by more than 3 %; if that is meant, record them with BLESS=1");
    }
    failures == 0
}

/// The counts of a file, by path.
fn parse(text: &str) -> BTreeMap<&str, f64> {
    let line = |line: &'_ str| -> Option<(usize, f64)> {
        let (name, count) = line.rsplit_once(' ')?;
        Some((name.trim_end().len(), count.parse().ok()?))
    };
    text.lines()
        .filter(|text| !text.starts_with('#'))
        .filter_map(|text| line(text).map(|(len, count)| (&text[..len], count)))
        .collect()
}

/// Prints a line, and whether the count is within the allowance.
fn report(name: &str, count: f64, recorded: Option<f64>) -> bool {
    let Some(recorded) = recorded else {
        println!("{name:<48}{count:>8.0}  not on record");
        return false;
    };
    let change = count / recorded - 1.0;
    let passes = change.abs() <= ALLOWANCE;
    let verdict = match (passes, change > 0.0) {
        (true, _) => "",
        (false, true) => "  more than recorded",
        (false, false) => "  less than recorded",
    };
    println!("{name:<48}{count:>8.0} {:>+6.1} %{verdict}", change * 100.0);
    passes
}

/// Instructions per message of a path.
fn instructions(path: &Path) -> f64 {
    let [few, many] = PASSES.map(|passes| collected(&path.name(), passes));
    (many - few) as f64 / ((PASSES[1] - PASSES[0]) * path.batch) as f64
}

/// Instructions of one run of the program.
fn collected(name: &str, passes: usize) -> u64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["run", name, &passes.to_string()])
        .env("GLIBC_TUNABLES", BASELINE)
        .output()
        .expect("valgrind runs (package valgrind)");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected :")).expect("a count of callgrind's");
    line.1.trim().parse().expect("a number")
}
