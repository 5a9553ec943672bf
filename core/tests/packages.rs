//! What the pages of the packages say in their registries: the program of each is one that is compiled and run, and their
//! links lead somewhere from there. With `SANSOCK_BLESS=1` the programs are written into the pages.

mod common;

use common::evidence::{read, root};

/// The page of a package, the language of its program, and the program.
const PAGES: [(&str, &str, &str); 3] = [
    ("core/README.md", "rust", "examples/rust/src/bin/readme.rs"),
    ("bindings/python/README.md", "python", "examples/python/readme.py"),
    ("bindings/js/README.md", "js", "examples/node/readme.mjs"),
];
/// What a page says besides: how to install the package, where it comes from, and its licences.
const SAID: [(&str, &[&str]); 3] = [
    ("core/README.md", &["\ncargo add sansock", "(https://docs.rs/sansock)"]),
    ("bindings/python/README.md", &["\npip install sansock\n", "help(sansock)"]),
    ("bindings/js/README.md", &["\nnpm install sansock\n", "`dist/*.d.ts`"]),
];
const REPOSITORY: &str = "https://github.com/sansock/sansock";

/// The program as the package's users write it, without the comment that says what it is.
fn program(path: &str) -> String {
    let text = read(path).replace("\"../js/sansock.mjs\"", "\"sansock\"");
    let (comment, program) = text.split_once("\n\n").expect("a comment, and a program behind it");
    assert!(["//", "\"\"\""].iter().any(|start| comment.starts_with(start)), "{path} does not begin with a comment");
    program.trim_matches('\n').to_owned()
}

#[test]
fn the_pages_show_programs_that_are_run() {
    for (page, language, path) in PAGES {
        let text = read(page);
        let start = format!("```{language}\n");
        let (before, behind) = text.split_once(&start).unwrap_or_else(|| panic!("{page} has no program"));
        let (_, after) = behind.split_once("```\n").expect("the end of the program");
        let wanted = format!("{before}{start}{}\n```\n{after}", program(path));
        if std::env::var_os("SANSOCK_BLESS").is_some() {
            std::fs::write(root().join(page), &wanted).expect("a file that can be written");
        } else {
            assert!(
                text == wanted,
                "{page} does not show {path}: run `SANSOCK_BLESS=1 cargo test -p sansock --test packages`"
            );
        }
    }
}

#[test]
fn the_pages_can_be_read_in_a_registry() {
    for (page, said) in SAID {
        let text = read(page);
        for said in said.iter().copied().chain([REPOSITORY, "LICENSE-MIT)", "LICENSE-APACHE)"]) {
            assert!(text.contains(said), "{page} does not say {said:?}");
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            assert!(link.starts_with("https://"), "{page} links to {link}, which is not there in a registry");
            let Some((_, path)) = link.strip_prefix(REPOSITORY).and_then(|path| path.split_once("/main/")) else {
                continue;
            };
            let path = path.split('#').next().unwrap_or_default();
            assert!(root().join(path).exists(), "{page} links to {path}, which the repository does not have");
        }
    }
}
