//! Writes the fields of spans as JSON, appending what is recorded later.
//!
//! The library's own writer parses and writes the whole span anew for each field that is recorded; a
//! request's span is on the hot path.

use std::fmt;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

/// Fields as one JSON object.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AppendedFields;

impl<'writer> FormatFields<'writer> for AppendedFields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        writer.write_char('{')?;
        let mut visitor = Visitor {
            writer: &mut writer,
            is_first: true,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result?;
        writer.write_char('}')
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        if current.fields.pop() != Some('}') {
            current.fields.clear();
            current.fields.push('{');
        }
        let mut visitor = Visitor {
            is_first: current.fields.len() == 1,
            writer: &mut current.fields,
            result: Ok(()),
        };
        fields.record(&mut visitor);
        visitor.result?;
        current.fields.push('}');
        Ok(())
    }
}

struct Visitor<'a> {
    writer: &'a mut dyn fmt::Write,
    is_first: bool,
    result: fmt::Result,
}

impl Visitor<'_> {
    fn write(&mut self, field: &Field, json: fmt::Arguments<'_>) {
        let comma = if self.is_first { "" } else { "," };
        self.is_first = false;
        self.result = self
            .result
            .and_then(|()| write!(self.writer, "{comma}\"{}\":{json}", field.name()));
    }

    fn write_text(&mut self, field: &Field, text: &str) {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        self.write(field, format_args!("{quoted}"));
    }
}

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.write_text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, format_args!("{value}"));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, format_args!("{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write_text(field, &format!("{value:?}"));
    }
}
