//! The snippets of the README are the programs that the examples' tests compile and run.

use std::path::Path;

#[test]
fn the_snippets_are_the_programs_that_are_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let readme = read("README.md");
    for (language, path) in [
        ("c", "examples/c/client_tls.c"),
        ("c", "examples/c/readme.c"),
        ("cpp", "examples/cpp/asio_echo_server.cpp"),
        ("cpp", "examples/cpp/readme.cpp"),
        ("js", "examples/node/readme.mjs"),
        ("python", "examples/python/readme.py"),
        ("rust", "examples/rust/src/bin/readme.rs"),
        ("rust", "examples/rust/tokio/src/bin/hello.rs"),
    ] {
        // In the repository the package is imported by its path.
        let program = read(path).replace("\"../js/sansock.mjs\"", "\"sansock\"");
        let snippet = format!("```{language}\n{}\n```\n", program.trim_matches('\n'));
        assert!(readme.contains(&snippet), "README.md does not show {path} as it is");
    }
}
