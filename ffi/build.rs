//! What cargo does not tell the linker: the name under which programs load the shared library, which changes with
//! [`ABI`] alone, and that it is never unloaded.

/// The number in the file name that programs record. It changes when a program built before must not load it.
const ABI: u32 = 0;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |key: &str| std::env::var(format!("CARGO_CFG_TARGET_{key}")).unwrap_or_default();
    let argument = |text: String| println!("cargo::rustc-cdylib-link-arg={text}");
    match target("OS").as_str() {
        "macos" | "ios" => argument(format!("-Wl,-install_name,@rpath/libsansock.{ABI}.dylib")),
        "linux" | "freebsd" | "netbsd" | "android" => {
            argument(format!("-Wl,-soname,libsansock.so.{ABI}"));
            // The Rust runtime registers thread destructors, so unloading while threads live would crash them.
            argument("-Wl,-z,nodelete".to_owned());
        }
        _ => {}
    }
}
