//! `numbers.ts`, `options.ts`, and of `hosts` `fault-statuses.ts` and `defaults.ts`, of `bindings/js/src`, and the types that `wasm` shares with them.

use sansock::boundary::ABI_VERSION;
use sansock::config::{OPTIONS, OptionInfo, Unit};
use sansock::{Answer, FaultKind};

use crate::model::{Item, items, paragraph, value_of};

const EDIT: &str =
    "Made of the engine's tables: do not edit, run `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.";

/// Where things lie in linear memory, which the engine asserts in `abi.rs`.
const LAYOUT: &str = "\
/** Where the fields of a block lie on wasm32, in bytes. `WRITTEN` follows the block and is written by the host. */
export const BLOCK = {
  EVENT_COUNT: 4,
  TRANSPORT: 8,
  STATE: 9,
  FLAGS: 10,
  FAULT: 12,
  CONSUMED: 16,
  NEXT_DEADLINE: 24,
  PAYLOAD_REMAINING: 32,
  FAULT_ACTUAL: 40,
  FAULT_LIMIT: 48,
  FAULT_POSITION: 56,
  EVENTS: 64,
  REGIONS: 68,
  STORE_LEN: 84,
  OUTPUT: 92,
  OUTPUT_LEN: 96,
  WRITTEN: 104,
} as const;

/** Where the fields of a record lie, in bytes. */
export const RECORD = {
  KIND: 0,
  FLAGS: 1,
  CODE: 2,
  AUX: 4,
  OFFSET: 8,
  LEN: 16,
  EXTRA: 24,
} as const;

";

/// `numbers.ts`.
pub(crate) fn numbers() -> String {
    let mut text = format!(
        "/**\n * The numbers of the engine's interface, the same in every language. A test compares them with\n \
         * `include/sansock.h`. Made of the engine's tables: do not edit, run\n \
         * `SANSOCK_BLESS=1 cargo test -p sansock --test generated`.\n */\n\n\
         export const ABI_VERSION = {ABI_VERSION};\nexport const RECORD_SIZE = 32;\nexport const BLOCK_SIZE = 104;\n\n\
         /** The upper half of a 64-bit number that means \"never\" or \"none\". */\n\
         export const NEVER_HIGH = 0xffff_ffff;\n\n"
    );
    text.push_str(&table("", "ROLE", &items("ROLE_"), |value| value.to_string()));
    text.push_str(&table("", "KIND", &items("KIND_"), |value| value.to_string()));
    let flags = "Flags of a record. What the larger ones mean depends on its kind.";
    text.push_str(&table(flags, "FLAG", &items("FLAG_"), |value| format!("0x{value:02x}")));
    text.push_str(&table("The regions in which payloads lie.", "REGION", &items("REGION_"), |value| value.to_string()));
    text.push_str(&table("Flags of a block.", "BLOCK_FLAG", &items("BLOCK_"), |value| format!("0x{value:04x}")));
    text.push_str(LAYOUT);
    text.push_str(&table("", "TEXT", &items("TEXT_"), |value| value.to_string()));
    text.push_str(&table("", "HTTP", &items("HTTP_"), |value| value.to_string()));
    let errors: Vec<Item> = items("").into_iter().filter(|item| item.value != 0).collect();
    text.push_str(&table("", "STATUS", &errors, |value| value.to_string()));
    text.push_str("/** In the order of their numbers. */\n");
    for (name, prefix) in [("TRANSPORTS", "TRANSPORT_"), ("STATES", "STATE_"), ("ORIGIN_RELATIONS", "ORIGIN_")] {
        let words: Vec<String> = items(prefix).iter().map(|item| format!("\"{}\"", word(&item.name))).collect();
        text.push_str(&format!("export const {name} = [{}] as const;\n", words.join(", ")));
    }
    text.push('\n');
    text.push_str(&fault_names());
    text
}

fn fault_names() -> String {
    let names: Vec<String> = FaultKind::ALL.iter().map(|kind| format!("  | \"{}\"", kind.name())).collect();
    format!("/** The names of faults. */\nexport type FaultName =\n{};\n", names.join("\n"))
}

/// `wasm/src/objects/shared.d.ts`, of `bindings/js/src/events.ts` and the tables. Its payloads are always copies.
pub(crate) fn objects(events: &str) -> String {
    let (_, events) = events.split_once("\n\n").expect("an import before the types");
    let events = events.replace(", unless the option `views` is set", "");
    assert!(!events.contains("`views`") && !events.contains("import "), "events.ts says what does not hold for wasm");
    format!("// {EDIT}\n\n{}\n{}\n{events}", engine_options(), fault_names())
}

/// `hosts/fault-statuses.ts`.
pub(crate) fn statuses() -> String {
    let mut text = format!(
        "// {EDIT}\n\nimport type {{ FaultName }} from \"../numbers.js\";\n\n/** The HTTP status that refuses a request with a \
         fault. */\nexport const FAULT_STATUSES: Partial<Record<FaultName, number>> = {{\n"
    );
    for kind in FaultKind::ALL {
        if let Answer::Status(status) = kind.answer() {
            text.push_str(&format!("  {}: {status},\n", kind.name()));
        }
    }
    text.push_str("};\n");
    text
}

/// `hosts/defaults.ts`.
pub(crate) fn defaults() -> String {
    let mut text = format!(
        "// {EDIT}\n\n/** The values of the engine's options that a host has to know where they are not set. Sizes are in bytes, times \
         in milliseconds. */\nexport const DEFAULTS = {{\n"
    );
    for name in ["output_hard_limit", "handshake_timeout", "close_timeout", "write_timeout"] {
        let option = OPTIONS.iter().find(|option| option.name == name).expect("an option");
        text.push_str(&format!("  {}: {},\n", camel(name), option.default.expect("a default")));
    }
    text.push_str("} as const;\n");
    text
}

/// `options.ts`.
pub(crate) fn options() -> String {
    let mut text = format!("// {EDIT}\n\n{}", engine_options());
    text.push_str("\n/** The number of each option in the engine, and its type. */\nexport const OPTIONS = {\n");
    for option in OPTIONS {
        let (name, number) = (camel(option.name), option.number);
        text.push_str(&format!("  {name}: {{ number: {number}, type: \"{}\" }},\n", kind(option)));
    }
    text.push_str("} as const;\n");
    text
}

fn engine_options() -> String {
    let mut text = String::from(
        "/** The engine's options. What is left out, or undefined, has its default. Sizes are in bytes, times in \
         milliseconds. */\nexport interface EngineOptions {\n",
    );
    for option in OPTIONS {
        let (name, kind) = (camel(option.name), kind(option));
        text.push_str(&format!("  /** {} */\n  readonly {name}?: {kind} | undefined;\n", doc(option)));
    }
    text.push_str("}\n");
    text
}

fn table(doc: &str, name: &str, items: &[Item], write: impl Fn(i64) -> String) -> String {
    let doc = if doc.is_empty() { String::new() } else { format!("/** {doc} */\n") };
    let rows: String = items.iter().map(|item| format!("  {}: {},\n", item.name, write(item.value))).collect();
    format!("{doc}export const {name} = {{\n{rows}}} as const;\n\n")
}

/// `SHUTDOWN_WRITE` as `shutdown-write`.
fn word(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// `max_message_size` as `maxMessageSize`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

fn kind(option: &OptionInfo) -> &'static str {
    if option.unit == Unit::Switch { "boolean" } else { "number" }
}

/// What an option does, with the names that options have here.
fn doc(option: &OptionInfo) -> String {
    let text = format!("{} {}", paragraph(option.text), value_of(option, "false", "true"));
    let names = text.split('`').enumerate().map(|(index, piece)| match index % 2 {
        1 => format!("`{}`", camel(piece)),
        _ => piece.to_owned(),
    });
    names.collect::<String>().replace(" §", " section ")
}
