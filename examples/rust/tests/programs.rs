//! The programs as they are run, in a build in which the engine checks that its host obeys the rules.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

#[test]
fn the_lines_of_the_readme() {
    let output = Command::new(env!("CARGO_BIN_EXE_readme")).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n");
    assert!(output.status.success());
}

#[test]
fn lines_go_out_and_come_back() {
    let lines = format!("one\n\ndrei ✓\n{}\n", "é世🌍".repeat(1 << 16));
    let server = Server::start();
    let output = server.client(&lines);
    assert_eq!(String::from_utf8_lossy(&output.stdout), lines + "closed 1000\n");
    assert!(output.status.success());
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let mut process =
            Command::new(env!("CARGO_BIN_EXE_echo_server")).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim_end().strip_prefix("listening on ").expect("the address").to_owned();
        Server { process, url }
    }

    /// Runs the client to its end with this standard input.
    fn client(&self, input: &str) -> Output {
        let mut client = Command::new(env!("CARGO_BIN_EXE_client"))
            .arg(&self.url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        client.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        client.wait_with_output().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().and_then(|()| self.process.wait()).expect("it ends");
    }
}
