//! Who may import whom: the source against the table in `docs/architecture.md`, and the crates'
//! manifests against the table here.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be read must fail the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const INLINE_TESTS: &str = "#[cfg(test)]\nmod tests {";

type Table = BTreeMap<String, BTreeSet<String>>;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_owned()
}

/// Every Rust file beneath a folder, with its path from there.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(folder).unwrap();
                let name = name.to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// The source without comments and without what strings hold, so that only code is looked at.
fn code(source: &str) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c: char| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            end.map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else {
            code.push(c);
            c.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// The paths that follow `crate::`, with groups taken apart: `crate::{a::B, c}` is `a::B` and `c`.
fn paths_in_crate(code: &str) -> Vec<String> {
    code.match_indices("crate::")
        .filter(|(at, _)| {
            let before = code[..*at].chars().next_back();
            // `pub(crate)` has no `::`, and `$crate::` is another crate's
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '$')
        })
        .flat_map(|(at, found)| {
            let rest = &code[at + found.len()..];
            match rest.strip_prefix('{') {
                None => vec![word_path(rest)],
                Some(group) => group_members(group),
            }
        })
        .collect()
}

fn word_path(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':'))
        .collect()
}

fn group_members(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut members = vec![String::new()];
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => members.push(String::new()),
            c if depth == 0 && !c.is_whitespace() => members.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    members.retain(|member| !member.is_empty());
    members
}

/// The unit that a file belongs to: `db` for `db.rs` and `db/team.rs`.
fn unit_of(file: &str) -> &str {
    let first = file.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

fn words_in_backticks(text: &str) -> BTreeSet<String> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The table of units in the architecture's page, with what everybody may use.
fn units() -> Table {
    let page = std::fs::read_to_string(workspace().join("docs/architecture.md")).unwrap();
    let (_, table) = page.split_once("| unit | what it is | may use").unwrap();
    let mut units = Table::new();
    for line in table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
    {
        let cells: Vec<&str> = line.split('|').collect();
        for unit in words_in_backticks(cells[1]) {
            let may_use = if cells[3].contains("all above") {
                units
                    .keys()
                    .cloned()
                    .chain(words_in_backticks(cells[1]))
                    .collect()
            } else {
                words_in_backticks(cells[3])
            };
            units.insert(unit, may_use);
        }
    }
    for everybody in ["clock", "ids"] {
        units.insert(everybody.to_owned(), ["clock".to_owned()].into());
    }
    let (facades, inner): (Vec<_>, Vec<_>) = units
        .iter()
        .partition(|(unit, _)| matches!(unit.as_str(), "api" | "serve"));
    assert_eq!(
        (facades.len(), inner.len()),
        (2, 14),
        "the table was read: {units:?}"
    );
    for (unit, may_use) in inner {
        let outward = may_use
            .iter()
            .find(|used| matches!(used.as_str(), "api" | "serve"));
        assert_eq!(outward, None, "`{unit}` may not use what faces outward");
    }
    units
}

#[test]
fn every_module_uses_only_what_the_table_allows() {
    let units = units();
    let mut wrong = Vec::new();
    for (file, source) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let unit = unit_of(&file);
        if unit == "lib" {
            continue;
        }
        let Some(may_use) = units.get(unit) else {
            wrong.push(format!("`{file}`: `{unit}` is not in the table"));
            continue;
        };
        // Tests build worlds, and may look further
        let is_test =
            file.ends_with("tests.rs") || file.contains("/tests/") || file.ends_with("testing.rs");
        let code = code(&source);
        let code = code.split(INLINE_TESTS).next().unwrap();
        for path in paths_in_crate(code) {
            let used = path.split("::").next().unwrap().to_owned();
            let known = units.contains_key(&used);
            let allowed = used == unit
                || matches!(used.as_str(), "clock" | "ids")
                || may_use.contains(&used)
                || is_test && !matches!(used.as_str(), "api" | "serve");
            if !known || !allowed {
                wrong.push(format!("`{file}` uses `{used}`"));
            }
        }
        if code.contains("presign::") && unit != "presign" && !may_use.contains("presign") {
            wrong.push(format!("`{file}` uses `presign`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is pure stays pure, and SQL stays in one place.
#[test]
fn runtimes_and_databases_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (file, source) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let code = code(&source);
        let forbidden: &[&str] = match unit_of(&file) {
            "policy" | "clock" | "ids" => &[
                "tokio",
                "sqlx",
                "axum",
                "hyper",
                "reqwest",
                "std::fs",
                "std::net::Tcp",
            ],
            "db" => &["axum", "hyper", "reqwest"],
            "api" | "serve" => &["sqlx"],
            _ => &["sqlx", "axum"],
        };
        for name in forbidden {
            if code.contains(&format!("{name}::")) || code.contains(&format!("use {name}")) {
                wrong.push(format!("`{file}` uses `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Rule 1: callers come from `auth`, permits through `gate`.
#[test]
fn callers_and_permits_have_one_door_each() {
    let mut calls: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (file, source) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        if file.ends_with("tests.rs") || file.contains("/tests/") {
            continue;
        }
        let code = code(&source);
        let code = code.split(INLINE_TESTS).next().unwrap();
        for door in ["authenticated(", "authorize("] {
            let named = |(at, _): (usize, &str)| {
                let before = code[..at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
                    && !code[..at].ends_with("fn ")
            };
            if code.match_indices(door).any(named) {
                calls
                    .entry(door)
                    .or_default()
                    .insert(unit_of(&file).to_owned());
            }
        }
    }
    let one = |unit: &str| BTreeSet::from([unit.to_owned()]);
    assert_eq!(calls.get("authenticated("), Some(&one("auth")));
    assert_eq!(calls.get("authorize("), Some(&one("gate")));
}

/// Which crates of ours each crate may depend on, development apart.
const CRATES: &[(&str, &[&str])] = &[
    ("presign", &[]),
    ("protocol", &[]),
    ("client", &["protocol"]),
    ("devstore", &["presign", "protocol"]),
    ("server", &["presign", "protocol"]),
    // `presign` for the credentials of its embedded store
    (
        "signet",
        &["client", "devstore", "presign", "protocol", "server"],
    ),
];

#[test]
fn every_crate_depends_only_on_what_the_table_allows() {
    let crates = workspace().join("crates");
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for entry in std::fs::read_dir(&crates).unwrap() {
        let folder = entry.unwrap();
        let name = folder.file_name().into_string().unwrap();
        let text = std::fs::read_to_string(folder.path().join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        seen.insert(name.clone());
        let Some((_, may)) = CRATES.iter().find(|(known, _)| *known == name) else {
            // What tests share may use everything, and is published nowhere
            assert_eq!(name, "testkit", "`{name}` is not in the table");
            continue;
        };
        let ours = [
            "client", "devstore", "presign", "protocol", "server", "signet", "testkit",
        ];
        for table in ["dependencies", "build-dependencies"] {
            let names = manifest.get(table).and_then(|table| table.as_table());
            for used in names.into_iter().flat_map(toml::Table::keys) {
                let used = used.strip_prefix("signet-").unwrap_or(used);
                if ours.contains(&used) && !may.contains(&used) {
                    wrong.push(format!("`{name}` depends on `{used}`"));
                }
            }
        }
        if matches!(name.as_str(), "presign" | "protocol") {
            let dependencies = manifest["dependencies"].as_table().unwrap();
            for runtime in ["tokio", "axum", "hyper", "reqwest", "sqlx", "rand"] {
                assert!(
                    !dependencies.contains_key(runtime),
                    "`{name}` is pure, and uses `{runtime}`"
                );
            }
        }
    }
    for (name, _) in CRATES {
        assert!(seen.contains(*name), "`{name}` is gone");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let mut silent = Vec::new();
    for entry in std::fs::read_dir(workspace().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        for part in ["src", "tests", "benches", "examples"] {
            if !folder.join(part).is_dir() {
                continue;
            }
            for (file, source) in sources(&folder.join(part)) {
                let first = source.lines().next().unwrap_or_default();
                if !first.starts_with("//! ") && !source.starts_with("#![doc = include_str!") {
                    silent.push(format!("{}/{part}/{file}", folder.display()));
                }
            }
        }
    }
    assert!(silent.is_empty(), "without `//!`:\n{}", silent.join("\n"));
}

#[test]
fn the_reader_of_sources_sees_what_is_there() {
    let source = r#"
        use crate::db::team::{self, TeamRow};
        use crate::{broker, ledger::{Error, Ledger}, db};
        // use crate::comment::Hidden
        pub(crate) fn f() -> crate::stores::Error { let s = "crate::string::X"; let q = '"'; crate::ids::f() }
        $crate::other!();
    "#;
    let paths = paths_in_crate(&code(source));
    let expected = [
        "db::team::",
        "broker",
        "ledger::",
        "db",
        "stores::Error",
        "ids::f",
    ];
    assert_eq!(paths, expected);
}
