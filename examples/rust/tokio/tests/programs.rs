//! The programs as they are run, in a build in which the engine checks that its host obeys the rules.

#[path = "../../tests/server/mod.rs"]
mod server;

use server::Server;

#[test]
fn lines_go_out_and_come_back() {
    let lines = format!("one\n\ndrei ✓\n{}\n", "é世🌍".repeat(1 << 16));
    let server = Server::start(env!("CARGO_BIN_EXE_tokio_echo_server"));
    let output = server.client(env!("CARGO_BIN_EXE_tokio_client"), &[], &lines);
    assert_eq!(String::from_utf8_lossy(&output.stdout), lines + "closed 1000\n");
    assert!(output.status.success());
}

#[test]
fn programs_over_the_crate_are_short() {
    for text in [include_str!("../src/bin/echo_server.rs"), include_str!("../src/bin/client.rs")] {
        let lines = text.lines().count();
        assert!(lines <= 30, "{lines} lines");
    }
}
