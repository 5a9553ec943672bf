//! An echo server that is run, and clients of it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};

/// It ends with the test.
pub(crate) struct Server {
    process: Child,
    url: String,
}

impl Server {
    pub(crate) fn start(program: impl AsRef<OsStr>) -> Self {
        let mut process = Command::new(program).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
        let url = line.trim_end().strip_prefix("listening on ").expect("the address").to_owned();
        Server { process, url }
    }

    /// Runs a client to its end with these arguments behind the URL, and this standard input.
    pub(crate) fn client(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let mut client = Command::new(program)
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
