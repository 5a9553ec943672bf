//! Options: plain objects with the names of the npm package, as configurations of the engine.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::Uint8Array;
use sansock::boundary::{self, Error, option, text};
use sansock::config::{OPTIONS, OptionInfo, Unit};
use sansock::{Config, Role};
use wasm_bindgen::prelude::*;

use super::arguments::{boolean, integer_or_infinity, items, properties, string, time};
use super::bytes::bytes;
use super::errors::{invalid, refused};
use super::headers::{Header, headers};

/// The longest string that every JavaScript engine allows, in UTF-16 code units: V8's of 32 bits. A text has no more of them than
/// bytes of UTF-8.
const LARGEST_MESSAGE: u64 = (1 << 28) - 16;
const SEED_SIZE: usize = 32;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &Uint8Array) -> Result<Uint8Array, JsValue>;
}

/// What a connection is created with.
pub(super) struct Choices {
    pub(super) config: Config,
    pub(super) seed: [u8; SEED_SIZE],
    pub(super) now: Duration,
    pub(super) text_as_bytes: bool,
}

/// A change of a configuration, and what errors call it.
#[derive(PartialEq)]
enum Change {
    Number(String, u32, u64),
    Text(String, u32, String),
    Header(Header),
}

impl Change {
    /// Whether it is of all connections, and holds nothing secret, as URLs and headers may.
    fn may_be_kept(&self) -> bool {
        matches!(self, Change::Number(..) | Change::Text(_, text::SUBPROTOCOL, _))
    }
}

/// The options as they are read.
#[derive(Default)]
struct Given {
    changes: Vec<Change>,
    /// Numeric options, which may depend on each other.
    numbers: Vec<(String, &'static OptionInfo, u64)>,
    seed: Option<[u8; SEED_SIZE]>,
    now: Option<Duration>,
    text_as_bytes: bool,
}

thread_local! {
    /// The last configuration. The connections of a configuration share its memory, so those with the same options have one.
    static LAST: RefCell<Option<(Role, Vec<Change>, Config)>> = const { RefCell::new(None) };
}

impl Choices {
    /// Reads the options of a connection.
    pub(super) fn read(role: Role, url: Option<String>, options: &JsValue) -> Result<Self, JsValue> {
        let mut given = Given::default();
        given.changes.extend(url.map(|url| Change::Text("url".into(), text::URL, url)));
        for (name, value) in properties("options", options)? {
            given.read(name, &value)?;
        }
        given.finish_numbers();
        let now = given.now.ok_or_else(|| invalid("now", "must be a number of milliseconds, 0 or more"))?;
        let config = configuration(role, given.changes)?;
        // A server draws nothing from its seed.
        let seed = match (given.seed, role) {
            (Some(seed), _) => seed,
            (None, Role::Server) => [0; SEED_SIZE],
            (None, Role::Client) => random_seed()?,
        };
        Ok(Choices { config, seed, now, text_as_bytes: given.text_as_bytes })
    }
}

impl Given {
    fn read(&mut self, name: String, value: &JsValue) -> Result<(), JsValue> {
        let row = OPTIONS.iter().find(|row| is_camel(&name, row.name));
        let known = ["now", "seed", "textAsBytes", "origin", "key", "subprotocols", "headers"];
        if row.is_none() && !known.contains(&name.as_str()) {
            return Err(invalid(&name, "there is no such option"));
        }
        if value.is_undefined() {
            return Ok(());
        }
        match (row, name.as_str()) {
            (Some(row), _) => {
                let switch = row.unit == Unit::Switch;
                let value = if switch { boolean(&name, value)?.into() } else { integer_or_infinity(&name, value)? };
                self.numbers.push((name, row, value));
            }
            (None, "now") => self.now = Some(time(value)?),
            (None, "seed") => self.seed = Some(seed(value)?),
            (None, "textAsBytes") => self.text_as_bytes = boolean(&name, value)?,
            (None, "subprotocols") => self.changes.extend(subprotocols(value)?),
            (None, "headers") => self.changes.extend(headers(&name, value)?.into_iter().map(Change::Header)),
            (None, _) => {
                let number = if name == "origin" { text::ORIGIN } else { text::KEY };
                let value = string(&name, value)?;
                self.changes.push(Change::Text(name, number, value));
            }
        }
        Ok(())
    }

    /// What is delivered whole must fit into a string.
    fn finish_numbers(&mut self) {
        let in_pieces = |number| number == option::PARTS || number == option::FRAMES;
        let is_whole = !self.numbers.iter().any(|(_, row, value)| in_pieces(row.number) && *value == 1);
        for (name, row, value) in self.numbers.drain(..) {
            let is_capped = is_whole && row.number == option::MAX_MESSAGE_SIZE;
            let value = if is_capped { value.min(LARGEST_MESSAGE) } else { value };
            self.changes.push(Change::Number(name, row.number, value));
        }
    }
}

/// A configuration with these changes: the last one, if it had the same.
fn configuration(role: Role, changes: Vec<Change>) -> Result<Config, JsValue> {
    let last = LAST.with_borrow(|last| {
        let same = last.as_ref().filter(|(its_role, its_changes, _)| *its_role == role && *its_changes == changes);
        same.map(|(_, _, config)| config.clone())
    });
    if let Some(config) = last {
        return Ok(config);
    }
    let mut config = boundary::Config::new(role as u32).map_err(|error| refused(error, "role"))?;
    for change in &changes {
        let (label, result) = match change {
            Change::Number(label, number, value) => (label, config.set(*number, *value)),
            Change::Text(label, number, value) => (label, config.set_text(*number, value.as_bytes())),
            Change::Header(header) => (&header.label, config.add_header(&header.name, &header.value)),
        };
        result.map_err(|error| refused(error, label))?;
    }
    let config = config.built().map_err(|error| refused(error, "url"))?.clone();
    if changes.iter().all(Change::may_be_kept) {
        LAST.set(Some((role, changes, config.clone())));
    }
    Ok(config)
}

/// Each subprotocol. A string is one, as in the browser's `WebSocket`.
fn subprotocols(value: &JsValue) -> Result<Vec<Change>, JsValue> {
    if let Some(name) = value.as_string() {
        return Ok(vec![Change::Text("subprotocols".into(), text::SUBPROTOCOL, name)]);
    }
    let Some(names) = items(value)? else {
        return Err(invalid("subprotocols", "must be a string, or an iterable of strings"));
    };
    let change = |(index, name): (usize, JsValue)| {
        let label = format!("subprotocols[{index}]");
        let name = string(&label, &name)?;
        Ok(Change::Text(label, text::SUBPROTOCOL, name))
    };
    names.into_iter().enumerate().map(change).collect()
}

fn seed(value: &JsValue) -> Result<[u8; SEED_SIZE], JsValue> {
    let seed = bytes("seed", value, "bytes")?;
    seed.try_into().map_err(|_| invalid("seed", "must be 32 bytes"))
}

fn random_seed() -> Result<[u8; SEED_SIZE], JsValue> {
    let bytes = Uint8Array::new_with_length(SEED_SIZE as u32);
    get_random_values(&bytes).map_err(|_| refused(Error::Entropy, ""))?;
    let mut seed = [0; SEED_SIZE];
    bytes.copy_to(&mut seed);
    Ok(seed)
}

/// Whether a name is `maxMessageSize` for an option that is called `max_message_size`.
fn is_camel(name: &str, option: &str) -> bool {
    let mut upper = false;
    let wanted = option.chars().filter_map(|letter| match (letter, upper) {
        ('_', _) => {
            upper = true;
            None
        }
        (_, true) => {
            upper = false;
            Some(letter.to_ascii_uppercase())
        }
        _ => Some(letter),
    });
    wanted.eq(name.chars())
}
