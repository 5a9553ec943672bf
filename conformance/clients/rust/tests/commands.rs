//! The command client as it is run, in a build in which the engine checks that its host obeys the rules.

#[path = "../../../../examples/rust/tests/server/mod.rs"]
mod server;

use std::path::Path;
use std::process::Command;

use server::Server;

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
    let server = start_server();
    let output = server.client(CLIENT, &["--subprotocol", "chat"], &(commands.join("\n") + "\n"));
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
