//! The command client as it is run, in a build in which the engine checks that its host obeys the rules.

#[path = "../../../../examples/rust/tests/server/mod.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use server::Server;

const CLIENT: &str = env!("CARGO_BIN_EXE_command_client");
const TOKIO_CLIENT: &str = env!("CARGO_BIN_EXE_tokio_command_client");

#[test]
fn every_command_has_its_event() {
    every_command(CLIENT);
}

#[test]
fn every_command_has_its_event_over_tokio() {
    every_command(TOKIO_CLIENT);
}

#[test]
fn a_wrong_command_is_a_failure() {
    let server = start_server();
    for client in [CLIENT, TOKIO_CLIENT] {
        let output = server.client(client, &[], "wait open\nshout\n");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "open\n");
        assert_eq!(output.status.code(), Some(1));
    }
}

fn every_command(client: &str) {
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
    let server = start_server();
    let output = server.client(client, &["--subprotocol", "chat"], &(commands.join("\n") + "\n"));
    assert_eq!(String::from_utf8_lossy(&output.stdout), printed.join("\n") + "\n");
    assert!(output.status.success());
}

/// The echo server of `examples/rust`, from the same build.
fn start_server() -> Server {
    let build = ["build", "--quiet", "-p", "sansock-examples", "--bin", "echo_server"];
    let built = Command::new(env!("CARGO")).args(build).status().expect("cargo runs");
    assert!(built.success());
    Server::start(Path::new(CLIENT).with_file_name("echo_server"))
}
