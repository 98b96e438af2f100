//! `docs/faults.md` against the tree: every test that it names is there, and every fault test is in it.
#![expect(clippy::unwrap_used, reason = "what cannot be read must fail the test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The lines of the security checklist that must be in the table.
const CHECKLIST: [&str; 33] = [
    "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T12", "T13", "T15", "T16", "T17",
    "T18", "T19", "T20", "T21", "T22", "T23", "T24", "T25", "T28", "T29", "T30", "T32", "T33",
    "T37", "T38", "T39", "T42", "T46",
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// One row of the page.
struct Row {
    fear: String,
    /// Each test and the file that it is in, before it.
    tests: Vec<(String, String)>,
    also_on: String,
}

/// What stands in backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn rows() -> Vec<Row> {
    let page = std::fs::read_to_string(workspace().join("docs/faults.md")).unwrap();
    let mut rows = Vec::new();
    let header = ["| what is feared", "|---"];
    for line in page.lines() {
        if !line.starts_with('|') || header.iter().any(|start| line.starts_with(start)) {
            continue;
        }
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [fear, shown_by, also_on] = cells.as_slice() else {
            panic!("three cells in {line}");
        };
        let mut file = None;
        let mut tests = Vec::new();
        for word in quoted(shown_by) {
            if Path::new(word).extension().is_some_and(|end| end == "rs") {
                file = Some(word);
            } else {
                let file = file.unwrap_or_else(|| panic!("no file before `{word}`"));
                tests.push((file.to_owned(), word.to_owned()));
            }
        }
        assert!(!tests.is_empty(), "nothing shows {fear}");
        rows.push(Row {
            fear: (*fear).to_owned(),
            tests,
            also_on: (*also_on).to_owned(),
        });
    }
    rows
}

/// The macro that makes a test of a scenario for each kind of store.
const EACH_STORE: &str = "on_each_store! {";

/// The tests in a source: functions that an attribute of a test stands before, and scenarios that are
/// run on each kind of store.
fn tests_in(source: &str) -> BTreeSet<&str> {
    let scenarios = source.split(EACH_STORE).skip(1);
    let mut tests: BTreeSet<&str> = scenarios
        .flat_map(|rest| {
            rest.split('}')
                .next()
                .unwrap_or_default()
                .split_whitespace()
        })
        .collect();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        let name = line
            .strip_prefix("async fn ")
            .or_else(|| line.strip_prefix("fn "))
            .and_then(|rest| rest.split('(').next());
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if let Some(name) = name {
            if std::mem::take(&mut is_test) {
                tests.insert(name);
            }
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            is_test = false;
        }
    }
    tests
}

#[test]
fn every_test_that_the_page_names_is_there() {
    let mut wrong = Vec::new();
    for row in rows() {
        let mut sources = String::new();
        for (file, test) in &row.tests {
            match std::fs::read_to_string(workspace().join("crates").join(file)) {
                Ok(source) if tests_in(&source).contains(test.as_str()) => {
                    sources.push_str(&source);
                }
                Ok(_) => wrong.push(format!("`{test}` is no test in `{file}`")),
                Err(error) => wrong.push(format!("`{file}`: {error}")),
            }
        }
        let postgres = ["for_each_database(", "TestDatabase::postgres("];
        let seaweedfs = [
            "Fixture::external(",
            "seaweedfs()",
            "SIGNET_TEST_S3",
            EACH_STORE,
        ];
        for (mark, means) in [
            ("PostgreSQL", &postgres[..]),
            ("SeaweedFS", &seaweedfs[..]),
            ("Azurite", &[EACH_STORE][..]),
        ] {
            if row.also_on.contains(mark) && !means.iter().any(|call| sources.contains(call)) {
                wrong.push(format!("nothing runs on {mark} for: {}", row.fear));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_line_of_the_checklist_has_a_row() {
    let rows = rows();
    let told: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.fear.split(|c: char| !c.is_ascii_alphanumeric()))
        .collect();
    let missing: Vec<_> = CHECKLIST.iter().filter(|t| !told.contains(*t)).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}

#[test]
fn every_fault_test_is_on_the_page() {
    let named: BTreeSet<String> = rows()
        .into_iter()
        .flat_map(|row| row.tests)
        .map(|(_, test)| test)
        .collect();
    let mut folders = vec![workspace().join("crates")];
    let mut missing = Vec::new();
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&path).unwrap();
                for test in tests_in(&source) {
                    if test.starts_with("fault_") {
                        count += 1;
                        missing.extend((!named.contains(test)).then(|| test.to_owned()));
                    }
                }
            }
        }
    }
    assert!(count >= 5, "the tree was read: {count} fault tests");
    assert!(missing.is_empty(), "not in docs/faults.md: {missing:?}");
}
