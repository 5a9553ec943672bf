//! Proofs by enumeration: every case of a small domain, through the public calls, against a model that is written from the
//! RFCs alone.
//!
//! `cargo test` takes a share of each domain; `make prove`, which sets `SANSOCK_PROVE=all`, takes all of it. Each proof prints
//! one line: its domain, and how many cases agree.

#[path = "../common/mod.rs"]
mod common;

mod closes;
mod headers;
mod keys;
mod masking;
mod pair;
mod sequences;
mod texts;
#[cfg(feature = "deflate")]
mod windows;

/// Whether the whole of each domain is enumerated.
fn whole() -> bool {
    std::env::var("SANSOCK_PROVE").is_ok_and(|share| share == "all")
}

/// The step through a domain: one of `share` cases, or each. A prime number meets cases of every kind.
fn step(share: usize) -> usize {
    if whole() { 1 } else { share }
}

/// Prints what was proved.
fn proved(domain: &str, cases: u64) {
    let extent = if whole() { "all" } else { "a share" };
    println!("proved ({extent}): {domain}: {cases} cases, all agree");
}
