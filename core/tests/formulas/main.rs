//! What a connection holds at most, as a formula of its configuration and of the bytes passed in one call, against an
//! allocator that counts: over the inputs of all vectors and what a hostile peer sends. `--nocapture` prints how much of the
//! formula the worst input of each configuration takes.

#[path = "../common/allocator.rs"]
mod allocator;
#[path = "../common/mod.rs"]
mod common;

#[path = "../vectors/case.rs"]
#[allow(dead_code, reason = "code of the tests beside these")]
mod case;
#[path = "../vectors/files.rs"]
mod files;
mod formula;
mod hostile;
mod terms;
mod watch;

use sansock::{Config, ConfigBuilder, Connection, Role};

use common::bytes::parse;
use common::drive::ms;
use common::evidence::read;
use common::frames::{self, BINARY, CLOSE, FIN, PING};
use formula::{Setup, sum};
use hostile::Input;
use watch::{Came, Style, Watched};

const READS: [usize; 5] = [1, 100, 4096, 65_536, usize::MAX];
const MOST_READS: usize = 100;
const STYLES: [Style; 4] = [Style::Silent, Style::Writes, Style::Echoes, Style::Sends];

type Options = &'static [(&'static str, u64)];

const LIMITS: [(&str, Options); 3] = [
    (
        "small",
        &[
            ("max_message_size", 4096),
            ("output_hard_limit", 8192),
            ("max_head_size", 2048),
            ("max_headers", 16),
            ("max_body_size", 1000),
        ],
    ),
    ("medium", &[("max_message_size", 300_000), ("output_hard_limit", 100_000)]),
    ("large", &[("max_message_size", 2_500_000), ("output_hard_limit", 1_000_000), ("max_headers", 1000)]),
];
const DELIVERY: [(&str, Options); 3] =
    [("messages", &[]), ("parts", &[("parts", 1)]), ("frames", &[("frames", 1), ("auto_pong", 1)])];
#[cfg(feature = "deflate")]
const COMPRESSION: [(&str, Options); 4] = [
    ("", &[]),
    ("15 bits", &[("deflate", 1)]),
    ("received in 10 bits", &[("deflate", 1)]),
    ("alone", &[("deflate", 1), ("server_no_context_takeover", 1), ("client_no_context_takeover", 1)]),
];
#[cfg(not(feature = "deflate"))]
const COMPRESSION: [(&str, Options); 1] = [("", &[])];

fn configured(setup: Setup, (limits, delivery, compression): (Named, Named, Named)) -> Setup {
    let window = if setup.role == Role::Server { "client_max_window_bits" } else { "server_max_window_bits" };
    let setup = setup.with(limits.1).with(delivery.1).with(compression.1);
    if compression.0 == "received in 10 bits" { setup.with(&[(window, 10)]) } else { setup }
}

fn start(role: Role) -> ConfigBuilder {
    match role {
        Role::Server => Config::server(),
        Role::Client => Config::client("ws://a/"),
    }
}

/// What the worst input takes of the formula.
#[derive(Default)]
struct Worst {
    share: f64,
    formula: u64,
    text: String,
}

fn check(setup: &Setup, input: &Input, read: usize, style: Style, late: bool, worst: &mut Worst) {
    let mut setup = setup.clone();
    let read = read.min(input.bytes.len().max(1));
    let bytes = &input.bytes[..input.bytes.len().min(read.saturating_mul(MOST_READS))];
    setup.passed = read as u64;
    let config = setup.build(start(setup.role));
    if setup.warm {
        warm_up(&config, &setup);
    }
    let mut watched = Watched::new(&config, style, late, !setup.warm);
    let (first, rest) = bytes.split_at(bytes.len() / 2 / read * read);
    watched.feed(first, read);
    watched.pause();
    watched.feed(rest, read);
    watched.finish();
    let Came { most, most_beside, answered } = watched.end();
    let (formula, share) = (sum(&setup.connection()), most as f64 / sum(&setup.connection()) as f64);
    let text = || format!("{} in reads of {read}, {style:?}{}", input.name, if late { ", accepted late" } else { "" });
    assert!(most <= formula, "{}: {most} of {formula}: {:?}", text(), terms(&setup));
    if !setup.warm {
        let most = sum(&setup.configuration());
        assert!(most_beside <= most, "{}: {most_beside} of {most} at the configuration", text());
    }
    if matches!(style, Style::Silent | Style::Writes) {
        let most = most_answered(setup.role, bytes.len());
        assert!(answered <= most, "{}: {answered} bytes sent, {most} allowed", text());
    }
    if share > worst.share {
        *worst = Worst { share, formula, text: text() };
    }
}

/// What is sent at most because of so many bytes received: a pong has as many bytes as its ping, and a mask if it is a
/// client's; and once what ends the connection, or the answer that opens it.
fn most_answered(role: Role, received: usize) -> u64 {
    match role {
        Role::Server => received as u64 + 256,
        Role::Client => 3 * received as u64 + 131,
    }
}

fn terms(setup: &Setup) -> Vec<(&'static str, u64)> {
    setup.connection().iter().map(|term| (term.0, term.1)).collect()
}

/// Other connections of the configuration have left buffers of all sizes that they can.
fn warm_up(config: &Config, setup: &Setup) {
    let most = setup.option("max_message_size") as usize;
    let limit = setup.option("output_hard_limit") as usize;
    let mut connections: Vec<_> = (0..4).map(|_| Connection::new(config, [3; 32], ms(0)).expect("memory")).collect();
    for (at, connection) in connections.iter_mut().enumerate() {
        let mut message = frames::to(setup.role, FIN | BINARY, &vec![1; most >> at]);
        let half = message.len() / 2;
        connection.receive(&mut message[..half], ms(0)).events.for_each(drop);
        connection.receive(&mut message[half..], ms(0)).events.for_each(drop);
        connection.receive(&mut [], ms(0)).events.for_each(drop);
        let _ = connection.send_binary(&vec![1; (limit - 200) >> at]);
    }
}

/// Every input in every way of reading is too much for each configuration: they take turns.
fn check_all(setup: &Setup, inputs: &[Input], turn: usize, worst: &mut Worst) {
    let is_large = setup.option("max_message_size") > 1_000_000;
    for (at, input) in inputs.iter().enumerate().skip((turn + turn / 2) % 2).step_by(if is_large { 5 } else { 2 }) {
        let turn = turn + at + turn / READS.len();
        let read = READS[turn % READS.len()];
        check(setup, input, read, STYLES[turn % STYLES.len()], turn.is_multiple_of(2), worst);
    }
}

/// Checks all inputs, with the pool cold and warm, and prints what takes most.
fn check_and_print(setup: &Setup, name: &str, inputs: &[Input], turn: usize) {
    let mut setup = setup.clone();
    for warm in [false, true] {
        setup.warm = warm;
        let mut worst = Worst::default();
        check_all(&setup, inputs, 2 * turn + usize::from(warm), &mut worst);
        let pool = if warm { "warm" } else { "cold" };
        println!("{:5.1} % of {:>9}: {name}, {pool}: {}", worst.share * 100.0, worst.formula, worst.text);
    }
}

#[test]
fn no_connection_holds_more_than_the_formula() {
    for role in [Role::Server, Role::Client] {
        for (index, row) in matrix().enumerate() {
            let setup = configured(Setup::new(role).with(&[("start_open", 1)]), row);
            let name = format!("{role:?}, {}, {}, {}", row.0.0, row.1.0, row.2.0);
            check_and_print(&setup, &name, &hostile::frames(&setup), index);
        }
    }
}

type Named = (&'static str, Options);

fn matrix() -> impl Iterator<Item = (Named, Named, Named)> {
    let compressed = |limits: Named, delivery: Named| {
        COMPRESSION.into_iter().map(move |compression| (limits, delivery, compression))
    };
    let all = LIMITS
        .into_iter()
        .flat_map(move |limits| DELIVERY.into_iter().flat_map(move |delivery| compressed(limits, delivery)));
    // Large messages take time, and differ in little else.
    all.filter(|(limits, delivery, compression)| {
        limits.0 != "large" || delivery.0 == "messages" && compression.0 != "alone"
    })
}

#[test]
fn no_handshake_holds_more_than_the_formula() {
    for (index, row) in matrix().enumerate().filter(|(_, row)| row.0.0 == "small" || row.2.0.is_empty()) {
        for role in [Role::Server, Role::Client] {
            let setup = configured(Setup::new(role), row);
            let inputs = if role == Role::Server { hostile::requests(&setup) } else { hostile::refusals(&setup) };
            let name = format!("{role:?}, handshake, {}, {}, {}", row.0.0, row.1.0, row.2.0);
            check_and_print(&setup, &name, &inputs, index);
        }
    }
}

/// What the vectors pass to the engine, in their own configurations and in others.
#[test]
fn no_vector_holds_more_than_the_formula() {
    let mut count = 0;
    for (_, file) in files::files() {
        for (at, case) in file.cases.iter().filter(|case| !case.is_tunnel()).enumerate() {
            let role = if case.setup("role").next() == Some("server") { Role::Server } else { Role::Client };
            let own: Vec<(&str, u64)> = case
                .setup("option")
                .map(case::split_word)
                .map(|(name, value)| (name, value.parse().expect("a number")))
                .collect();
            let received = |call: &str| call.strip_prefix("receive ").map(|text| parse(text).expect("bytes"));
            let bytes: Vec<u8> = case.steps.iter().filter_map(|step| received(&step.call)).flatten().collect();
            let input = Input { name: case.name.clone(), bytes };
            let rows = std::iter::once(None)
                .chain(matrix().filter(|row| row.0.0 == "small").map(Some).skip(at % 4).step_by(4));
            for (index, row) in rows.enumerate() {
                let setup = Setup::new(role).with(&own);
                let mut setup = row.map_or(setup.clone(), |row| configured(setup, row));
                setup.warm = index > 0 && at.is_multiple_of(2);
                let read = READS[(at + index) % READS.len()];
                let mut worst = Worst::default();
                check(
                    &setup,
                    &input,
                    read,
                    STYLES[(at + index / 5) % STYLES.len()],
                    index.is_multiple_of(2),
                    &mut worst,
                );
                count += 1;
            }
        }
    }
    assert!(count > 1000, "only {count} runs");
}

/// The worst of what a peer can make the engine send.
#[test]
fn answers_are_as_long_as_what_they_answer() {
    let answered = |role: Role, options: Options, bytes: &[u8]| {
        let config = Setup::new(role).with(options).build(start(role));
        let mut watched = Watched::new(&config, Style::Writes, false, true);
        watched.feed(bytes, usize::MAX);
        let answered = watched.end().answered;
        println!("{role:?}: {answered} bytes sent for {} received", bytes.len());
        assert!(answered <= most_answered(role, bytes.len()));
        answered
    };
    let open = &[("start_open", 1)];
    for (role, pongs) in [(Role::Server, 2), (Role::Client, 6)] {
        let pings = frames::to(role, FIN | PING, b"").repeat(100);
        assert_eq!(answered(role, open, &pings), 100 * pongs);
        assert_eq!(answered(role, open, &frames::to(role, FIN | CLOSE, b"")), pongs);
        let echoed = frames::to(role, FIN | CLOSE, &frames::close(1000, &"r".repeat(123)));
        assert!(answered(role, open, &echoed) <= 131);
        assert!(answered(role, open, &[0x83]) <= 131, "a fault that the first byte shows");
    }
    assert!(answered(Role::Server, &[], b"\n") > 60, "a response to a head of one byte");
}

/// The largest compressor is what the formula of a configuration takes each for.
#[cfg(feature = "deflate")]
#[test]
fn a_compressor_is_the_configurations() {
    for (level, least) in [(8, 300 << 10), (9, 400 << 10)] {
        let setup = Setup::new(Role::Server).with(&[("start_open", 1), ("deflate", 1), ("deflate_mem_level", level)]);
        let config = setup.build(start(Role::Server));
        let mut watched = Watched::new(&config, Style::Writes, false, true);
        watched.call(|connection| connection.send_binary(&[7; 1000]).expect("room"));
        let beside = watched.end().most_beside;
        assert!((least..=512 << 10).contains(&beside), "memory level {level}: {beside}");
    }
}

/// Figures of the page, from the formula.
#[test]
fn the_page_says_what_the_formula_gives() {
    let page = read("SECURITY.md");
    let small: Options = &[("max_message_size", 65_536), ("output_hard_limit", 65_536)];
    let compressed: Options = &[("deflate", 1)];
    let rows: [(&str, Role, [Options; 2]); 5] = [
        ("a server with the defaults", Role::Server, [&[], &[]]),
        ("a client with the defaults", Role::Client, [&[], &[]]),
        ("a server with the defaults that compresses", Role::Server, [&[], compressed]),
        ("a server with `max_message_size` and `output_hard_limit` of 64 KiB", Role::Server, [small, &[]]),
        ("the same that compresses", Role::Server, [small, compressed]),
    ];
    let mut missing = Vec::new();
    for (name, role, [limits, compression]) in rows {
        if !cfg!(feature = "deflate") && !compression.is_empty() {
            continue;
        }
        let mut setup = Setup::new(role).with(limits).with(compression);
        setup.passed = 65_536;
        let figures = [false, true].map(|warm| {
            setup.warm = warm;
            sum(&setup.connection()).div_ceil(1024)
        });
        let row = format!("| {name} | {} KiB | {} KiB |", figures[0], figures[1]);
        if !page.contains(&row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "SECURITY.md lacks:\n{}", missing.join("\n"));
}

/// The page of hostile input is made by `make bench-counts BLESS=1`. Each kind begins with its honest row.
#[test]
fn hostile_bytes_cost_little_more_than_honest_ones() {
    let (page, promises) = (read("core/benches/results/hostile.md"), read("SECURITY.md"));
    let mut honest = ("", 0.0);
    let (mut most, mut most_times) = (0.0_f64, 0.0_f64);
    for (label, rest) in page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | ")) {
        let Some((kind, name)) = label.split_once(": ") else { continue };
        let count: f64 = rest.split(' ').next().expect("a count").parse().expect("a number");
        if honest.0 != kind {
            assert!(name.starts_with("honest: "), "{label} comes first");
            honest = (kind, count);
        }
        let times = count / honest.1;
        assert!(times <= 40.0, "{label}: {times:.1} times what an honest byte costs");
        (most, most_times) = (most.max(count), most_times.max(times));
    }
    for text in [format!(" {most:.0} instructions at most"), format!(" {most_times:.1} times what an honest byte")] {
        assert!(promises.contains(&text), "SECURITY.md does not say:{text}");
    }
}
