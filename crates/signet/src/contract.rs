//! The command line as a document: `docs/command-line.md` must say what `--help` says.

use crate::arguments::Arguments;
use clap::{Command, CommandFactory as _};
use std::fmt::Write as _;

fn document() -> String {
    let mut command = Arguments::command().term_width(100);
    command.build();
    let mut text = String::from(
        "# Command line\n\nGenerated from the program's own help; `make generate` rewrites it.\n\n\
         | exit code | meaning |\n|---|---|\n| 0 | done |\n| 1 | something unexpected |\n\
         | 2 | wrong use, or a value that cannot be |\n| 3 | not signed in |\n| 4 | forbidden, or absent |\n\
         | 5 | conflict |\n| 6 | network or storage |\n| 7 | digest mismatch |\n",
    );
    describe(&mut command, "signet", &mut text);
    text
}

fn describe(command: &mut Command, name: &str, text: &mut String) {
    let help = command.render_help().to_string();
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    write!(
        text,
        "\n## `{name}`\n\n```text\n{}\n```\n",
        help.join("\n").trim_end()
    )
    .unwrap();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for sub in names.iter().filter(|sub| *sub != "help") {
        describe(
            command.find_subcommand_mut(sub).unwrap(),
            &format!("{name} {sub}"),
            text,
        );
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "`make generate` says by it that the file is to be rewritten"
)]
fn contract_the_command_line_is_as_documented() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/command-line.md");
    if std::env::var("SIGNET_UPDATE").is_ok() {
        std::fs::write(path, document()).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == document(),
        "docs/command-line.md is not what `--help` says; run `make generate`"
    );
}
