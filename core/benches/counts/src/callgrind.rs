//! Counting by callgrind, for both programs.

use std::process::Command;

/// Differences up to this part of the recorded count pass.
pub const ALLOWANCE: f64 = 0.03;
/// The C library's memory functions for any x86-64, whatever this machine has.
const BASELINE: &str = "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512BW,-AVX512VL,-AVX_Fast_Unaligned_Load,\
-ERMS,-FSRM,-SSSE3,-Fast_Unaligned_Copy,-Fast_Copy_Backward";

/// What counts depend on besides the sources.
pub fn machine() -> String {
    #[cfg(target_arch = "x86_64")]
    let level = if std::arch::is_x86_feature_detected!("avx2") { " with AVX2" } else { " without AVX2" };
    #[cfg(not(target_arch = "x86_64"))]
    let level = "";
    format!("{}, {}{level}", env!("RUSTC_VERSION"), std::env::consts::ARCH)
}

/// Instructions of one run of the program.
pub fn collected(name: &str, passes: usize) -> u64 {
    let program = std::env::current_exe().expect("this program has a path");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["run", name, &passes.to_string()])
        .env("GLIBC_TUNABLES", BASELINE)
        .output()
        .expect("valgrind runs (package valgrind)");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text.lines().find_map(|line| line.split_once("Collected :")).expect("a count of callgrind's");
    line.1.trim().parse().expect("a number")
}
