//! Shows a capture: `cargo run --example inspect FILE`, with `--json` one object a line.

use std::error::Error;
use std::io::{BufWriter, Read, Write};

use sansock_inspect::{Inspector, line};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_json = arguments.iter().any(|argument| argument == "--json");
    arguments.retain(|argument| argument != "--json");
    let [name] = &arguments[..] else { return Err("name one FILE, or - for standard input".into()) };
    let mut source: Box<dyn Read> =
        if name == "-" { Box::new(std::io::stdin()) } else { Box::new(std::fs::File::open(name)?) };
    let mut output = BufWriter::new(std::io::stdout().lock());
    let mut inspector = Inspector::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let count = source.read(&mut piece)?;
        inspector.push(&piece[..count]);
        let outcome = if count == 0 { inspector.finish() } else { Ok(()) };
        for entry in inspector.take() {
            if is_json {
                serde_json::to_writer(&mut output, &entry)?;
                writeln!(output)?;
            } else {
                writeln!(output, "{}", line(&entry))?;
            }
        }
        output.flush()?;
        outcome?;
        if count == 0 {
            return Ok(());
        }
    }
}
