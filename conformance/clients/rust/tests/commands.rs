//! The command client as it is run, in a build in which the engine checks that its host obeys the rules.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const CLIENT: &str = env!("CARGO_BIN_EXE_command_client");

#[test]
fn every_command_has_its_event() {
    let long = "é世🌍".repeat(1 << 16);
    let commands = [
        "wait open",
        "text hello",
        "wait text",
        "binary 00ff",
        "wait binary",
        &format!("parts text 7 {long}"),
        "wait text",
        "ping anybody there?",
        "wait pong",
        "pong unsolicited",
        "close 4001 bye ✓",
    ];
    let printed = [
        "open chat",
        "text hello",
        "binary 00ff",
        &format!("text {long}"),
        "pong anybody there?",
        "closing 4001 bye ✓",
        "closed 4001 bye ✓",
    ];
    let server = Server::start();
    let output = server.client(&["--subprotocol", "chat"], &(commands.join("\n") + "\n"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed.join("\n") + "\n");
    assert!(output.status.success());
}

/// The echo server of `examples/rust`, from the same build.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let build = ["build", "--quiet", "-p", "sansock-examples", "--bin", "echo_server"];
        let built = Command::new(env!("CARGO")).args(build).status().expect("cargo runs");
        assert!(built.success());
        let program = Path::new(CLIENT).with_file_name("echo_server");
        let mut process = Command::new(program).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim_end().strip_prefix("listening on ").expect("the address").to_owned();
        Server { process, url }
    }

    /// Runs the client to its end with this standard input.
    fn client(&self, arguments: &[&str], input: &str) -> Output {
        let mut client = Command::new(CLIENT)
            .arg(&self.url)
            .args(arguments)
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
