//! Counts the instructions that a message costs, and compares them with those on record.
//!
//! `sansock-bench-counts FILE` compares, `BLESS=1` records. The program runs itself under callgrind, with two numbers of
//! messages: the difference is what the messages cost, without start and growth.

mod callgrind;
mod paths;

use std::collections::BTreeMap;
use std::process::ExitCode;

use callgrind::{ALLOWANCE, collected, machine};
use paths::Path;

/// Batches of the two runs.
const PASSES: [usize; 2] = [100, 200];
fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", name, passes] => run(name, passes),
        [file] => compare(file),
        _ => {
            eprintln!("usage: sansock-bench-counts FILE");
            ExitCode::from(2)
        }
    }
}

/// One path, under callgrind.
fn run(name: &str, passes: &str) -> ExitCode {
    let path = paths::all().find(|path| path.name() == name).expect("a path of the table");
    path.run(passes.parse().expect("a number"));
    ExitCode::SUCCESS
}

fn compare(file: &str) -> ExitCode {
    let recorded = std::fs::read_to_string(file).unwrap_or_default();
    let bless = std::env::var("BLESS").is_ok_and(|value| value == "1");
    let machine = machine();
    let record = recorded.lines().find_map(|line| line.strip_prefix("# Counted with ")).unwrap_or_default();
    if !bless && record != machine {
        println!("instruction counts: not compared, for they are of {record:?} and this is {machine:?}");
        return ExitCode::SUCCESS;
    }
    let counts: Vec<_> = paths::all().map(|path| (path.name(), instructions(&path))).collect();
    if bless {
        let lines: String = counts.iter().map(|(name, count)| format!("{name:<48}{count:>8.0}\n")).collect();
        let text = format!(
            "# Instructions per message. Written by `make bench-counts BLESS=1`.\n# Counted with {machine}\n{lines}"
        );
        std::fs::write(file, text).expect("the file can be written");
        return ExitCode::SUCCESS;
    }
    let recorded = parse(&recorded);
    let failures =
        counts.iter().filter(|(name, count)| !report(name, *count, recorded.get(name.as_str()).copied())).count();
    if failures > 0 {
        println!("instruction counts: {failures} differ by more than 3 %; if that is meant, record them with BLESS=1");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
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
