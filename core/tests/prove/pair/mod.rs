//! Two engines back to back: every order of calls of both hosts, of writes, deliveries, deadlines and cuts of the link, to a
//! depth.
//!
//! Connections cannot be copied, so a state is kept as the path that leads to it, which is walked again. Two paths that lead
//! to the same state are one from there on: see [`World::digest`]. At the end of each path of a new state it is checked that
//! whoever waits has a deadline, that all ends well from there where the link is good, and that it ends at all where nothing
//! moves: see [`World::settle`] and [`World::starve`].

mod world;

use std::collections::HashSet;
use std::time::Duration;

use sansock::{Config, ConfigBuilder, Role};

use crate::common::drive::{client, opened};
use crate::{proved, whole};
use world::{Act, Act::*, World};

/// What is searched: the configurations of both ends, and what can happen.
pub(crate) struct Setting {
    name: &'static str,
    /// Of the client and of the server.
    configs: [Config; 2],
    acts: &'static [Act],
    /// Whether both ends send keepalive pings.
    keepalive: bool,
    /// How many acts long the paths are, and how many in a share.
    depths: [usize; 2],
}

/// Times are short and differ, so that deadlines pass in several orders.
fn build(config: ConfigBuilder) -> Config {
    let seconds = Duration::from_secs;
    let config = config.handshake_timeout(seconds(5)).close_timeout(seconds(10)).write_timeout(seconds(8));
    config.receive_while_closing(true).build().expect("a good configuration")
}

fn opened_pair(change: impl Fn(ConfigBuilder) -> ConfigBuilder) -> [Config; 2] {
    [Role::Client, Role::Server].map(|role| build(change(opened(role))))
}

/// Takes each path one act further, until the paths are as long as the setting says.
fn search(setting: &Setting) {
    let depth = setting.depths[usize::from(!whole())];
    let mut seen = HashSet::new();
    let mut paths: Vec<Vec<(u8, Act)>> = vec![Vec::new()];
    let mut tried = 0_u64;
    for len in 1..=depth {
        let mut longer = Vec::new();
        for path in &paths {
            for step in World::after(setting, path).possible() {
                let mut world = World::after(setting, path);
                world.act(step);
                tried += 1;
                if seen.insert(world.digest()) {
                    world.check_waits();
                    world.settle();
                    World::after(setting, &[&path[..], &[step]].concat()).starve();
                    if len < depth {
                        longer.push([&path[..], &[step]].concat());
                    }
                }
            }
        }
        paths = longer;
    }
    let domain = format!("two engines, {}: {tried} steps on paths of up to {depth} acts, states", setting.name);
    proved(&domain, seen.len() as u64);
}

#[test]
fn open_connections_end_well() {
    search(&Setting {
        name: "open",
        configs: opened_pair(|config| config),
        acts: &[Text, Ping, Close, Fail, Pause, Resume, Write, WriteHalf, Deliver, DeliverHalf, Cut, Due, Jump],
        keepalive: false,
        depths: [8, 4],
    });
}

#[test]
fn compressed_connections_end_well() {
    search(&Setting {
        name: "open, with compression",
        configs: opened_pair(|config| config.deflate(cfg!(feature = "deflate"))),
        acts: &[Text, Compressed, Close, Fail, Write, WriteHalf, Deliver, DeliverHalf, Cut, Due, Jump],
        keepalive: false,
        depths: [8, 3],
    });
}

#[test]
fn connections_with_a_keepalive_end_well() {
    let seconds = Duration::from_secs;
    search(&Setting {
        name: "open, with a keepalive and little room for output",
        configs: opened_pair(|config| {
            config.ping_interval(seconds(7)).pong_timeout(seconds(4)).output_soft_limit(8).output_hard_limit(40)
        }),
        acts: &[Text, Ping, Close, Pause, Resume, Write, WriteHalf, Deliver, DeliverHalf, Due, Jump],
        keepalive: true,
        depths: [8, 5],
    });
}

#[test]
fn handshakes_end_well() {
    search(&Setting {
        name: "from the handshake on",
        configs: [build(client()), build(Config::server())],
        acts: &[Text, Close, Fail, Accept, Reject, Write, WriteHalf, Deliver, DeliverHalf, Cut, Due, Jump],
        keepalive: false,
        depths: [11, 5],
    });
}

#[test]
fn fragmented_messages_end_well() {
    search(&Setting {
        name: "open, messages in fragments, Close left to the hosts",
        configs: opened_pair(|config| config.auto_close(false)),
        acts: &[Text, Fragment, LastFragment, Close, Fail, Write, Deliver, DeliverHalf, Cut, Due, Jump],
        keepalive: false,
        depths: [8, 3],
    });
}
