//! What a message costs an echo server over loopback: the time of its processor, for servers of this crate and of others.
//!
//! `sansock-bench-tokio` runs all cells and prints a table. `sansock-bench-tokio serve NAME` is one of the servers, which it starts.

mod load;
mod servers;

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use load::Load;

/// Every server takes part in each round, each round beginning with another one.
const ROUNDS: usize = 9;

const CELLS: [(&str, Load); 10] = [
    ("20 B, one at a time", Load { connections: 64, window: 1, size: 20, text: true, messages: 60_000 }),
    ("1 KiB, one at a time", Load { connections: 64, window: 1, size: 1024, text: true, messages: 60_000 }),
    ("16 KiB, one at a time", Load { connections: 64, window: 1, size: 16_384, text: true, messages: 20_000 }),
    ("64 KiB, one at a time", Load { connections: 16, window: 1, size: 65_536, text: true, messages: 5_000 }),
    ("1 MiB, one at a time", Load { connections: 4, window: 1, size: 1 << 20, text: true, messages: 400 }),
    ("20 B, 32 at a time", Load { connections: 16, window: 32, size: 20, text: true, messages: 500_000 }),
    ("1 KiB, 32 at a time", Load { connections: 16, window: 32, size: 1024, text: true, messages: 200_000 }),
    ("20 B binary, 32 at a time", Load { connections: 16, window: 32, size: 20, text: false, messages: 500_000 }),
    ("16 KiB binary, one at a time", Load { connections: 64, window: 1, size: 16_384, text: false, messages: 20_000 }),
    ("1 MiB binary, one at a time", Load { connections: 4, window: 1, size: 1 << 20, text: false, messages: 400 }),
];

const IDLE: &str = "bytes of memory for an idle connection";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [verb, name] = &arguments[..] {
        assert_eq!(verb, "serve");
        return servers::serve(name);
    }
    let cells = env::var("CELLS").unwrap_or_default();
    let rounds = env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    println!("| | {} |", servers::NAMES.join(" | "));
    println!("| --- |{}", " ---: |".repeat(servers::NAMES.len()));
    for (name, load) in CELLS.iter().filter(|(name, _)| name.contains(&cells)) {
        println!("{}", row(name, load, rounds)?);
    }
    if IDLE.contains(&cells) {
        let sizes = servers::NAMES.iter().map(|name| Ok(Server::start(name)?.idle()?.to_string()));
        println!("| {IDLE} | {} |", sizes.collect::<Result<Vec<_>, Box<dyn Error>>>()?.join(" | "));
    }
    Ok(())
}

/// Nanoseconds per message, the median of all rounds, for each server.
fn row(name: &str, load: &Load, rounds: usize) -> Result<String, Box<dyn Error>> {
    let mut samples = vec![Vec::new(); servers::NAMES.len()];
    for round in 0..rounds {
        for turn in 0..servers::NAMES.len() {
            let number = (round + turn) % servers::NAMES.len();
            samples[number].push(Server::start(servers::NAMES[number])?.measure(load)?);
        }
    }
    let figures = samples.iter_mut().map(|sample| {
        sample.sort_unstable();
        sample[sample.len() / 2].to_string()
    });
    Ok(format!("| {name} | {} |", figures.collect::<Vec<_>>().join(" | ")))
}

/// A server in a process of its own.
struct Server {
    process: Child,
    lines: BufReader<std::process::ChildStdout>,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["serve", name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        lines.read_line(&mut line)?;
        Ok(Server { process, lines, address: line.trim().parse()? })
    }

    /// Nanoseconds of the processor that each message cost.
    fn measure(mut self, load: &Load) -> Result<u64, Box<dyn Error>> {
        let mut crowd = load.connect(self.address)?;
        crowd.exchange(load.messages / 10)?; // not counted: it fills caches and pools
        let before = self.used()?;
        let count = crowd.exchange(load.messages)?;
        let used = self.used()? - before;
        drop(crowd);
        self.process.kill()?;
        self.process.wait()?;
        Ok(used / count)
    }

    /// Bytes of memory for each connection that has echoed one message and waits.
    fn idle(mut self) -> Result<usize, Box<dyn Error>> {
        let load = Load { connections: 50, window: 1, size: 20, text: true, messages: 50 };
        let mut first = load.connect(self.address)?;
        first.exchange(load.messages)?;
        let before = self.resident()?;
        // Both ends have to fit into what a process may usually open.
        let load = Load { connections: 400, messages: 400, ..load };
        let mut crowd = load.connect(self.address)?;
        crowd.exchange(load.messages)?;
        let size = self.resident()?.saturating_sub(before) / load.connections;
        self.process.kill()?;
        self.process.wait()?;
        Ok(size)
    }

    /// Bytes of memory of the server, as Linux tells it.
    fn resident(&self) -> Result<usize, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
    }

    /// Nanoseconds of the processor that the server has used so far.
    fn used(&mut self) -> Result<u64, Box<dyn Error>> {
        self.process.stdin.as_mut().ok_or("no input")?.write_all(b"\n")?;
        let mut line = String::new();
        self.lines.read_line(&mut line)?;
        Ok(line.trim().parse()?)
    }
}
