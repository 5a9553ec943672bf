//! What the tests of the C ABI share: the compilers, the built library, a place for what they build.
#![allow(dead_code)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the repository")
}

/// A fresh directory below cargo's own for tests.
pub(crate) fn fresh_dir(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ffi").join(name);
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a directory for test output");
    dir
}

/// Runs a command to its end; a program that is not installed fails the test with a clear sentence.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| {
        panic!("cannot run {:?}: {error}. The tests of the C ABI need gcc, clang and binutils.", command.get_program())
    })
}

/// Runs a command that must succeed, and returns its standard output.
pub(crate) fn run_ok(command: &mut Command) -> String {
    let output = run(command);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{}\n{out}{err}", output.status);
    out.into_owned()
}

/// The libraries of one build, as users link them.
pub(crate) struct Library {
    dir: PathBuf,
    archive: OnceLock<PathBuf>,
}

impl Library {
    /// The directory with the shared library.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The static library, which `ffi/localize` makes of the one that cargo has built.
    pub(crate) fn archive(&self) -> &Path {
        self.archive.get_or_init(|| {
            let output = self.dir.join("c/libsansock.a");
            run_ok(Command::new(root().join("ffi/localize")).arg(self.dir.join("libsansock.a")).arg(&output));
            output
        })
    }
}

/// The libraries of the profile that the tests themselves were built with.
///
/// A crate without an rlib is not built for its integration tests, so they build it; cargo holds no lock while tests
/// run.
pub(crate) fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| build_library(PROFILE, &[], None))
}

/// The libraries of a profile with the test hook of the panic guard, in a directory of their own.
pub(crate) fn hooked_library(profile: &str) -> Library {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ffi-panic-hook");
    build_library(profile, &["--features", "panic-hook"], Some(&target))
}

/// The profile that the tests themselves were built with.
pub(crate) const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

/// Builds the libraries and asks cargo where they are.
fn build_library(profile: &str, extra: &[&str], target_dir: Option<&Path>) -> Library {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(root()).args(["build", "-p", "sansock-ffi", "--lib", "--message-format", "json"]);
    command.args(["--profile", profile]).args(extra);
    if let Some(dir) = target_dir {
        command.arg("--target-dir").arg(dir);
    }
    let messages = run_ok(&mut command);
    let library = messages
        .split('"')
        .map(Path::new)
        .find(|path| path.is_absolute() && path.file_name() == Some(OsStr::new("libsansock.so")))
        .expect("cargo names the shared library it built");
    let dir = library.parent().expect("the library lies in a directory").to_owned();
    Library { dir, archive: OnceLock::new() }
}

/// Whether a compiler of C++ knows a standard.
pub(crate) fn has_standard(compiler: &str, standard: &str) -> bool {
    let option = format!("-std={standard}");
    run(Command::new(compiler).args([&option, "-fsyntax-only", "-x", "c++", "/dev/null"])).status.success()
}

/// How a C or C++ program is compiled for the tests.
pub(crate) const WARNINGS: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];
