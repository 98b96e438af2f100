//! What is promised to others equals what is committed. `make generate` rewrites the committed files.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::path::PathBuf;

/// Compares with a committed file, or rewrites it when `SIGNET_UPDATE` is set.
fn assert_committed(name: &str, made: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if server::config::environment().contains_key("SIGNET_UPDATE") {
        std::fs::write(&path, made).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differing = committed
        .lines()
        .zip(made.lines())
        .position(|(committed, made)| committed != made);
    assert!(
        committed == made,
        "docs/{name} is not what the code says, from line {} on; run `make generate` and look at the difference",
        differing.map_or(0, |line| line + 1)
    );
}

#[test]
fn contract_openapi_document_is_committed() {
    let mut document = server::api::document().to_pretty_json().unwrap();
    document.push('\n');
    assert_committed("openapi.json", &document);
}

#[test]
fn contract_configuration_reference_is_committed() {
    assert_committed("configuration.md", &server::config::reference());
}
