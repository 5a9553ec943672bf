//! Objects of C++17 and of later standards, by gcc and by clang, in one program: sansock.hpp gives all the same types.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use support::{WARNINGS, fresh_dir, has_standard, library, root, run_ok};

/// The compilers and standards, in an order in which each passes types to another of its kind, and to the other one.
fn ways() -> Vec<(&'static str, &'static str)> {
    let ways = ["g++", "clang++"].map(|compiler| ["c++17", "c++20", "c++2b"].map(|standard| (compiler, standard)));
    ways.into_iter().flatten().filter(|(compiler, standard)| has_standard(compiler, standard)).collect()
}

/// Namespaces whose names are of one length, so that mangled names differ in nothing else.
fn unit(number: usize) -> String {
    format!("unit{number}")
}

fn compile(dir: &Path, (compiler, standard): (&str, &str), number: usize, next: usize) -> PathBuf {
    let object = dir.join(unit(number)).with_extension("o");
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(WARNINGS).args(["-Wno-missing-field-initializers", "-c"]);
    command.arg(format!("-DUNIT={}", unit(number))).arg(format!("-DNEXT={}", unit(next)));
    command.arg(format!("-DNAME=\"{compiler} {standard}\""));
    command.arg("-I").arg(root().join("include")).arg(root().join("ffi/tests/standards/unit.cpp"));
    run_ok(command.arg("-o").arg(&object));
    object
}

/// The functions that a unit defines, by their mangled names without its number.
fn functions(object: &Path, number: usize) -> Vec<String> {
    let symbols = run_ok(Command::new("nm").args(["-g", "--defined-only"]).arg(object));
    let strong = symbols.lines().filter_map(|line| line.split_once(" T "));
    strong.map(|(_, name)| name.replace(&unit(number), "unit")).collect()
}

#[test]
fn one_program_may_have_several_standards() {
    let dir = fresh_dir("standards");
    let ways = ways();
    assert!(ways.len() >= 4, "gcc and clang know C++17 and C++20: {ways:?}");
    let mut objects = Vec::new();
    for (number, way) in ways.iter().enumerate() {
        objects.push(compile(&dir, *way, number, (number + 1) % ways.len()));
    }

    let names = functions(&objects[0], 0);
    assert!(names.iter().any(|name| name.contains("7sansock4SpanIKhE")), "no function takes Bytes: {names:?}");
    for (number, way) in ways.iter().enumerate() {
        assert_eq!(functions(&objects[number], number), names, "{way:?} (left), {:?} (right)", ways[0]);
    }

    let declarations: String = (0..ways.len()).map(|n| format!("namespace {} {{ int run(); }}\n", unit(n))).collect();
    let calls: Vec<String> = (0..ways.len()).map(|n| format!("{}::run()", unit(n))).collect();
    std::fs::write(dir.join("main.cpp"), format!("{declarations}int main() {{ return {}; }}\n", calls.join(" + ")))
        .expect("a source file");
    let mut command = Command::new("g++");
    command.arg(dir.join("main.cpp")).args(&objects).arg("-L").arg(library().dir()).arg("-lsansock");
    command.arg(format!("-Wl,-rpath,{}", library().dir().display())).arg("-o").arg(dir.join("program"));
    run_ok(&mut command);
    let out = run_ok(Command::new(dir.join("program")).env_remove("LD_LIBRARY_PATH"));
    assert_eq!(out.matches(" 0 failed\n").count(), ways.len(), "{out}");
}
