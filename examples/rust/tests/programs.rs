//! The programs as they are run, in a build in which the engine checks that its host obeys the rules.

mod server;

use std::process::Command;

use server::Server;

#[test]
fn the_lines_of_the_readme() {
    let output = Command::new(env!("CARGO_BIN_EXE_readme")).output().expect("it runs");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n");
    assert!(output.status.success());
}

#[test]
fn lines_go_out_and_come_back() {
    let lines = format!("one\n\ndrei ✓\n{}\n", "é世🌍".repeat(1 << 16));
    let server = Server::start(env!("CARGO_BIN_EXE_echo_server"));
    let output = server.client(env!("CARGO_BIN_EXE_client"), &[], &lines);
    assert_eq!(String::from_utf8_lossy(&output.stdout), lines + "closed 1000\n");
    assert!(output.status.success());
}
