//! The only place that prints.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what a command line is for"
)]

use serde::Serialize;

/// Where results and messages go: results to standard output, all else to standard error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// A result: as JSON, or as the text that `human` makes of it.
    pub(crate) fn result<T: Serialize>(self, value: &T, human: impl FnOnce(&T) -> String) {
        if self.json {
            match serde_json::to_string(value) {
                Ok(text) => println!("{text}"),
                Err(error) => eprintln!("error: the result cannot be written as JSON: {error}"),
            }
        } else {
            println!("{}", human(value));
        }
    }

    /// Results one below the other: a JSON line each, or a table with these headings.
    pub(crate) fn rows<T: Serialize, const N: usize>(
        self,
        headings: [&str; N],
        values: &[T],
        human: impl Fn(&T) -> [String; N],
    ) {
        if self.json {
            for value in values {
                self.result(value, |_| String::new());
            }
            return;
        }
        let rows: Vec<[String; N]> = values.iter().map(human).collect();
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count());
            cells
                .chain(headings.get(column).map(|heading| heading.len()))
                .max()
                .unwrap_or(0)
        });
        let line = |cells: Vec<&str>| {
            let padded: Vec<String> = cells
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            println!("{}", padded.join("  ").trim_end());
        };
        line(headings.to_vec());
        for row in &rows {
            line(row.iter().map(String::as_str).collect());
        }
    }

    /// A line for the person who waits; nothing when results are JSON.
    pub(crate) fn tell(self, text: impl std::fmt::Display) {
        if !self.json {
            println!("{text}");
        }
    }

    /// A line beside the results.
    pub(crate) fn note(text: impl std::fmt::Display) {
        eprintln!("{text}");
    }

    /// What failed, with all causes.
    pub(crate) fn failure(self, error: &anyhow::Error, code: u8) {
        let text = error
            .chain()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(": ");
        if self.json {
            eprintln!(
                "{}",
                serde_json::json!({ "error": text, "exit_code": code })
            );
        } else {
            eprintln!("error: {text}");
        }
    }
}

/// A number of bytes for people: `1.5 GiB`.
pub(crate) fn bytes(count: u64) -> String {
    indicatif::BinaryBytes(count).to_string()
}
