//! The targets as lines: name, longest input, dictionary.

fn main() {
    for target in sansock_fuzz::TARGETS {
        println!("{} {} {}", target.name, target.max_len, target.dictionary.unwrap_or("-"));
    }
}
