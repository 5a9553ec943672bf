//! Compiles and runs the tests in C and C++, and the examples of the README, against the library: plain, and with
//! AddressSanitizer (leaks too) and UndefinedBehaviorSanitizer. Warnings are errors.

mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use support::{Library, PROFILE, WARNINGS, fresh_dir, hooked_library, library, root, run, run_ok};

/// How a program is built.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Build {
    /// Against the shared library.
    Plain,
    /// Against the static library.
    Static,
    /// The same, with sanitizers.
    Sanitized,
}

use Build::{Plain, Sanitized, Static};

/// What the static library needs.
const SYSTEM: [&str; 3] = ["-lpthread", "-ldl", "-lm"];

fn sources(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("a folder of sources")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has *.{extension}", folder.display());
    paths
}

/// Builds a program of some sources. `standard` is of C or C++.
fn compile(
    name: &str,
    compiler: &str,
    standard: &str,
    sources: &[PathBuf],
    library: &Library,
    build: Build,
) -> PathBuf {
    let dir = fresh_dir(&format!("{name}-{compiler}-{standard}-{build:?}").to_lowercase());
    let program = dir.join("program");
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(WARNINGS).args(["-g", "-pthread"]);
    if standard.starts_with("c++") {
        // Some of the headers for the tests are shared with C.
        command.arg("-Wno-missing-field-initializers");
    } else {
        command.arg("-Wstrict-prototypes");
    }
    command.arg("-I").arg(root().join("include")).args(sources).arg("-o").arg(&program);
    match build {
        Plain => {
            let mut rpath = OsString::from("-Wl,-rpath,");
            rpath.push(library.dir());
            command.arg("-O2").arg("-L").arg(library.dir()).arg("-lsansock").arg(rpath);
        }
        Static => {
            command.arg("-O2").arg(library.archive()).args(SYSTEM);
        }
        Sanitized => {
            command.args(["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
            command.arg(library.archive()).args(SYSTEM);
        }
    }
    run_ok(&mut command);
    // Proof that the sanitizer is there, and only there.
    let symbols = run_ok(Command::new("nm").arg(&program));
    assert_eq!(symbols.contains("__asan_init"), build == Sanitized, "__asan_init in {}", program.display());
    program
}

/// Runs a program that must succeed. Returns what it printed.
fn execute(program: &Path, arguments: &[PathBuf]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).env("ASAN_OPTIONS", "detect_leaks=1").env("UBSAN_OPTIONS", "print_stacktrace=1");
    // The panics that a test asks for are reported in one line each.
    command.env("RUST_BACKTRACE", "0");
    // Cargo's path leads to a library that may have been built in another way.
    command.env_remove("LD_LIBRARY_PATH");
    let output = run(&mut command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {}\n{out}{err}", program.display(), output.status);
    out.into_owned()
}

/// The test of one topic: prints `name: N checks, 0 failed`.
fn topic(name: &str, library: &Library) {
    let source = [root().join(format!("ffi/tests/c/{name}.c"))];
    for build in [Plain, Sanitized] {
        let out = execute(&compile(name, "gcc", "c11", &source, library, build), &[]);
        assert!(out.ends_with(" checks, 0 failed\n") && out.starts_with(name), "{out}");
    }
}

/// The test of one topic that puts functions of its own before these.
fn wrapped_topic(name: &str, functions: &[&str]) {
    let source = root().join(format!("ffi/tests/c/{name}.c"));
    let mut arguments = vec![source];
    arguments.extend(functions.iter().map(|function| PathBuf::from(format!("-Wl,--wrap={function}"))));
    for build in [Static, Sanitized] {
        let out = execute(&compile(name, "gcc", "c11", &arguments, library(), build), &[]);
        assert!(out.ends_with(" checks, 0 failed\n") && out.starts_with(name), "{out}");
    }
}

#[test]
fn every_test_in_c_is_run() {
    let run_below = [
        "accessors",
        "compression",
        "events",
        "fragmentation",
        "lending",
        "lifecycle",
        "misuse",
        "no_entropy",
        "no_memory",
        "null_everywhere",
        "old_header",
        "own_memory",
        "panic_guard",
        "session",
        "tunnel",
        "vectors",
    ];
    let found = sources("ffi/tests/c", "c");
    let names: Vec<_> = found.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
    assert_eq!(names, run_below);
}

#[test]
fn accessors() {
    topic("accessors", library());
}

#[test]
fn compression() {
    topic("compression", library());
}

#[test]
fn events() {
    topic("events", library());
}

#[test]
fn fragmentation() {
    topic("fragmentation", library());
}

#[test]
fn lending() {
    topic("lending", library());
}

#[test]
fn lifecycle() {
    topic("lifecycle", library());
}

#[test]
fn misuse() {
    topic("misuse", library());
}

/// The program's own source of random bytes stands before that of the system, and has none.
#[test]
fn no_entropy() {
    wrapped_topic("no_entropy", &["dlsym"]);
}

/// The program's own allocator stands before that of the system in the static library.
#[test]
fn no_memory() {
    wrapped_topic("no_memory", &["malloc", "calloc", "realloc"]);
}

#[test]
fn null_everywhere() {
    topic("null_everywhere", library());
}

#[test]
fn old_header() {
    topic("old_header", library());
}

#[test]
fn own_memory() {
    topic("own_memory", library());
}

#[test]
fn panic_guard() {
    topic("panic_guard", &hooked_library(PROFILE));
}

#[test]
fn session() {
    topic("session", library());
}

#[test]
fn tunnel() {
    topic("tunnel", library());
}

#[test]
fn vectors() {
    let vectors = sources("core/vectors", "vec");
    let source = [root().join("ffi/tests/c/vectors.c")];
    for build in [Plain, Sanitized] {
        let out = execute(&compile("vectors", "gcc", "c11", &source, library(), build), &vectors);
        assert!(out.starts_with("vectors: ") && out.ends_with(" passed, 0 failed\n"), "{out}");
    }
}

#[test]
fn the_cpp_layer() {
    let units = sources("ffi/tests/cpp", "cpp");
    assert!(units.len() >= 2, "two units, so that a definition which is not inline shows");
    for (compiler, standard, build) in [
        ("g++", "c++17", Plain),
        ("g++", "c++17", Sanitized),
        ("g++", "c++20", Sanitized),
        ("clang++", "c++17", Plain),
        ("clang++", "c++20", Plain),
    ] {
        let out = execute(&compile("raii", compiler, standard, &units, library(), build), &[]);
        assert!(out.starts_with("raii: ") && out.ends_with(" checks, 0 failed\n"), "{out}");
    }
}

#[test]
fn the_examples_of_the_readme() {
    for build in [Plain, Sanitized] {
        let c = compile("readme-c", "gcc", "c11", &[root().join("examples/c/readme.c")], library(), build);
        let out = execute(&c, &[]);
        assert!(out.starts_with("HTTP/1.1 101 ") && out.ends_with("\r\n\r\n\u{fffd}\u{5}hello"), "{out:?}");
        let cpp = compile("readme-cpp", "g++", "c++17", &[root().join("examples/cpp/readme.cpp")], library(), build);
        assert_eq!(execute(&cpp, &[]), "hello\n");
    }
}

/// The program over the engine alone in the README: the last one of its language.
fn program_of_the_readme(language: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let (_, block) = readme.rsplit_once(&format!("```{language}\n")).expect("a program");
    block.split_once("```").expect("an end of the block").0.to_owned()
}

/// Builds the programs of the README in an empty folder, with the very lines that the documentation says. A clone of the
/// repository is in `sansock`; its libraries are those that these tests have built.
#[test]
fn the_programs_of_the_readme_are_built_as_it_says() {
    let page = std::fs::read_to_string(root().join("ffi/README.md")).expect("ffi/README.md");
    let commands: Vec<&str> = page.lines().filter(|line| line.starts_with("cc ") || line.starts_with("c++ ")).collect();
    assert_eq!(commands.len(), 4, "C and C++, static and shared: {commands:?}");
    for (number, command) in commands.iter().enumerate() {
        let dir = fresh_dir(&format!("as-it-says-{number}"));
        let clone = dir.join("sansock");
        std::fs::create_dir_all(clone.join("target")).expect("a folder");
        std::os::unix::fs::symlink(root().join("include"), clone.join("include")).expect("a link");
        std::os::unix::fs::symlink(library().dir(), clone.join("target/release")).expect("a link");
        let archives = library().archive().parent().expect("a folder");
        std::os::unix::fs::symlink(archives, clone.join("target/c")).expect("a link");
        std::fs::write(dir.join("hello.c"), program_of_the_readme("c")).expect("a program");
        std::fs::write(dir.join("hello.cpp"), program_of_the_readme("cpp")).expect("a program");
        run_ok(Command::new("sh").arg("-c").arg(command).current_dir(&dir));
        let out = execute(&dir.join("hello"), &[]);
        assert!(out.contains("hello"), "{command}\n{out}");
    }
}

#[test]
fn the_examples_compile_without_a_warning() {
    let c = ["examples/c/echo_server", "examples/c/client", "examples/c/relay", "conformance/clients/c/command_client"];
    let cpp = ["examples/cpp/echo_server", "examples/cpp/client", "conformance/clients/cpp/command_client"];
    for (sources, standard, extension, compilers) in
        [(&c[..], "c11", "c", ["gcc", "clang"]), (&cpp[..], "c++17", "cpp", ["g++", "clang++"])]
    {
        for (source, compiler) in sources.iter().flat_map(|source| compilers.map(|compiler| (source, compiler))) {
            let name = source.rsplit('/').next().expect("a name");
            compile(name, compiler, standard, &[root().join(source).with_extension(extension)], library(), Plain);
        }
    }
}
