//! What cargo does not pass to the linker: the name under which programs load the shared library, and that it is never
//! unloaded.

use std::path::{Path, PathBuf};

/// The number of the binary interface, `SANSOCK_ABI_VERSION`: a test holds it against the header.
///
/// One number serves two kinds of programs, as they ask the same question: may a program that was built before use this
/// library? A linked program asks with the name that it loads (SONAME `libsansock.so.1`), one that loads the library at
/// run time with `sansock_abi_version()`. It goes up with the first release in which a function, a struct or a number
/// of the header is gone or means something else; it stays when something is added. The version of the release says how
/// often to expect that: as long as it is 0.x, with any minor version.
const ABI: u32 = 1;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let argument = |text: String| println!("cargo::rustc-cdylib-link-arg={text}");
    match target.as_str() {
        "macos" | "ios" => {
            let name = format!("libsansock.{ABI}.dylib");
            argument(format!("-Wl,-install_name,@rpath/{name}"));
            link_beside("libsansock.dylib", &name);
        }
        "linux" | "freebsd" | "netbsd" | "android" => {
            let name = format!("libsansock.so.{ABI}");
            argument(format!("-Wl,-soname,{name}"));
            // The Rust runtime registers thread destructors, so unloading while threads live would crash them.
            argument("-Wl,-z,nodelete".to_owned());
            link_beside("libsansock.so", &name);
        }
        _ => {}
    }
}

/// Makes a symbolic link beside the library that cargo builds, so that programs linked to it there find it there.
fn link_beside(library: &str, name: &str) {
    let Some(link) = profile_dir().map(|dir| dir.join(name)) else { return };
    if std::fs::read_link(&link).is_ok_and(|target| target == Path::new(library)) {
        return;
    }
    let _ = std::fs::remove_file(&link);
    if let Err(error) = symbolic_link(Path::new(library), &link) {
        println!("cargo::warning=programs that link to {library} will not start: no link {}: {error}", link.display());
    }
}

/// Where cargo puts the library: the directory with `build` in it, which the output of this script is below.
fn profile_dir() -> Option<PathBuf> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR")?);
    let build = out.ancestors().find(|dir| dir.file_name().is_some_and(|name| name == "build"))?;
    build.parent().map(Path::to_owned)
}

#[cfg(unix)]
fn symbolic_link(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symbolic_link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
