//! The reference of all settings, made from their declarations.

use super::section::{Description, Section, variable};
use super::{
    Bootstrap, Database, Limits, Log, Metrics, Networks, Seal, Server, Stores, Teams, Tls, Urls,
};
use std::fmt::Write as _;

const HEAD: &str = "# Configuration

<!-- Made by `make generate` from the declarations in crates/server/src/config. Do not edit. -->

One TOML file, named by `signet serve --config FILE`, and the environment over it: `SIGNET_SECTION__KEY` sets `key` of
`[section]`. The file begins with `version = 1`. A setting that does not exist is an error. Secrets stand in files of their
own or in the environment. `signet serve --check-config` prints the values in force with secrets hidden.
";

/// All settings in Markdown: `docs/configuration.md`.
pub fn reference() -> String {
    let mut page = HEAD.to_owned();
    section::<Server>(&mut page);
    section::<Tls>(&mut page);
    section::<Limits>(&mut page);
    section::<Database>(&mut page);
    section::<Seal>(&mut page);
    section::<Stores>(&mut page);
    section::<Metrics>(&mut page);
    section::<Log>(&mut page);
    section::<Bootstrap>(&mut page);
    section::<Teams>(&mut page);
    section::<Urls>(&mut page);
    section::<Networks>(&mut page);
    page
}

fn section<S: Section>(page: &mut String) {
    // Writing to a `String` cannot fail
    let _ = write!(page, "\n## `[{}]`\n\n{}\n", S::NAME, S::TEXT.trim());
    for description in S::descriptions() {
        let _ = write!(page, "\n{}", entry(S::NAME, &description));
    }
}

fn entry(section: &str, description: &Description) -> String {
    let default = match &description.default {
        Some(value) => format!("default `{value}`"),
        None => "no default".to_owned(),
    };
    format!(
        "- `{}` ({}; {default}; `{}`)\n  {}\n",
        description.key,
        description.kind.name(),
        variable(section, description.key),
        description.text.replace('\n', "\n  "),
    )
}
