//! The files of the vectors.

use std::path::{Path, PathBuf};

use super::case::File;

/// Every file, and where it is.
pub(crate) fn files() -> Vec<(PathBuf, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of vectors")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "vec"))
        .collect();
    paths.sort();
    let parse = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a text");
        let mut file = File::parse(&path.file_name().expect("a name").to_string_lossy(), &text);
        // A build without compression refuses the option, one without fields the calls, and one without tunnels has none.
        let takes_fields = |call: &str| call.starts_with("receive-request ") || call.starts_with("request-fields ");
        file.cases.retain(|case| {
            let compresses = case.setup("option").any(|option| option == "deflate 1");
            let has_fields = case.steps.iter().any(|step| takes_fields(&step.call));
            (cfg!(feature = "deflate") || !compresses)
                && (cfg!(feature = "fields") || !has_fields)
                && (cfg!(feature = "tunnel") || !case.is_tunnel())
        });
        (path, file)
    };
    paths.into_iter().map(parse).collect()
}
