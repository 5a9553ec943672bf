//! The numbers as constants of the crate from which the C header is made, and the enumerations of the C++ header.

use crate::model::{Item, groups, items, with_names, wrap};
use sansock::boundary::ABI_VERSION;

/// `ffi/src/numbers.rs`.
pub(crate) fn numbers() -> String {
    let mut text = String::from(
        "//! The numbers of the header. Made of the engine's tables: do not edit, run\n\
         //! `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.\n",
    );
    let mut add = |name: &str, kind: &str, value: &str, doc: &str| {
        for line in wrap(&c_names(doc), 112) {
            text.push_str(&format!("/// {line}\n"));
        }
        text.push_str(&format!("pub const SANSOCK_{name}: {kind} = {value};\n"));
    };
    add(
        "ABI_VERSION",
        "u32",
        &ABI_VERSION.to_string(),
        "The number of the binary interface that this header describes. The shared library has it in its name (libsansock.so.1). A program that loads the library at run time compares it with sansock_abi_version().",
    );
    add("NEVER", "u64", "u64::MAX", "A deadline that never comes.");
    for group in groups().iter().filter(|group| group.prefix != "FAULT_") {
        for item in &group.items {
            let value = match group.prefix {
                "FLAG_" => format!("0x{:02x}", item.value),
                "BLOCK_" => format!("0x{:04x}", item.value),
                _ => item.value.to_string(),
            };
            add(&group.name(item), group.kind, &value, &item.text);
        }
    }
    text
}

/// `include/sansock_faults.h`.
pub(crate) fn faults() -> String {
    let mut text = String::from(
        "/* The numbers of faults: what `fault` of a block, and sansock_record_fault, return. Optional: sansock_fault_name\n\
         \x20* and sansock_fault_text have the same as text.\n\
         \x20*\n\
         \x20* Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`. */\n\
         #ifndef SANSOCK_FAULTS_H\n#define SANSOCK_FAULTS_H\n",
    );
    for Item { name, value, text: doc } in items("FAULT_") {
        text.push_str(&format!("\n/// {}\n#define SANSOCK_FAULT_{name} {value}\n", c_names(&doc)));
    }
    text.push_str("\n#endif /* SANSOCK_FAULTS_H */\n");
    text
}

/// The documentation of a number with the names that other numbers have in C.
fn c_names(text: &str) -> String {
    let text = with_names(text, |module, name| format!("SANSOCK_{}_{name}", module.to_uppercase()));
    text.replace("one of `origin`", "one of SANSOCK_ORIGIN_*").replace('`', "").replace('§', "section ")
}

/// The enumerations whose bodies are made here, by their names in the C++ header.
pub(crate) const ENUMERATIONS: [&str; 5] = ["Status", "Option", "Transport", "State", "OriginRelation"];

/// The body of an enumeration.
pub(crate) fn enumeration(name: &str) -> String {
    let prefix = match name {
        "Status" => "",
        "Option" => "OPTION_",
        "Transport" => "TRANSPORT_",
        "State" => "STATE_",
        _ => "ORIGIN_",
    };
    let mut body = String::new();
    for Item { name, value, .. } in items(prefix) {
        let prefix = if prefix.is_empty() && value != 0 { "ERR_" } else { prefix };
        body.push_str(&format!("    {} = SANSOCK_{prefix}{name},\n", name.to_lowercase()));
    }
    body
}
