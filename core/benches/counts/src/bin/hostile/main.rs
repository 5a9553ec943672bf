//! Counts the instructions that each byte of hostile input costs, and compares them with the page on record.
//!
//! `hostile PAGE` compares, `BLESS=1` records; `CELLS` is what the names of the cells that are counted contain. It is a program
//! of its own, so that its table leaves the code as it is that counts messages.

#[path = "../../callgrind.rs"]
mod callgrind;
mod cells;
mod deflate;
mod page;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["run", name, passes] => {
            let cell = cells::all().into_iter().find(|cell| cell.label() == name).expect("a cell of the table");
            cell.run(passes.parse().expect("a number"));
            ExitCode::SUCCESS
        }
        [page] if page::compare(page) => ExitCode::SUCCESS,
        [_] => ExitCode::FAILURE,
        _ => {
            eprintln!("usage: hostile PAGE");
            ExitCode::from(2)
        }
    }
}
