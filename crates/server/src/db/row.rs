//! Reads columns back into types; what does not parse was changed by something else.

use super::Error;
use protocol::Timestamp;
use serde::de::DeserializeOwned;
use serde::de::IntoDeserializer as _;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::str::FromStr;

/// Typed reading of a row.
pub(super) trait Columns {
    /// A `TEXT` column.
    fn text(&self, column: &'static str) -> Result<String, Error>;
    /// A `TEXT` column that may be `NULL`.
    fn text_or_null(&self, column: &'static str) -> Result<Option<String>, Error>;
    /// A `BIGINT` column.
    fn number(&self, column: &'static str) -> Result<i64, Error>;
    /// A `BIGINT` column that may be `NULL`.
    fn number_or_null(&self, column: &'static str) -> Result<Option<i64>, Error>;
    /// A `BYTEA` column.
    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, Error>;

    /// A `TEXT` column that parses as a `T`.
    fn parsed<T: FromStr>(&self, column: &'static str) -> Result<T, Error> {
        let text = self.text(column)?;
        text.parse().map_err(|_| Error::Corrupt { column })
    }
    /// The same, where it may be `NULL`.
    fn parsed_or_null<T: FromStr>(&self, column: &'static str) -> Result<Option<T>, Error> {
        self.text_or_null(column)?
            .map(|text| text.parse().map_err(|_| Error::Corrupt { column }))
            .transpose()
    }
    /// A `TEXT` column with one of the words of an enum, as it stands in a body.
    fn word<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        let text = self.text(column)?;
        let word: serde::de::value::StringDeserializer<serde::de::value::Error> =
            text.into_deserializer();
        T::deserialize(word).map_err(|_| Error::Corrupt { column })
    }
    /// A `TEXT` column of JSON.
    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, Error> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|_| Error::Corrupt { column })
    }
    /// The same, where it may be `NULL`.
    fn json_or_null<T: DeserializeOwned>(&self, column: &'static str) -> Result<Option<T>, Error> {
        self.text_or_null(column)?
            .map(|text| serde_json::from_str(&text).map_err(|_| Error::Corrupt { column }))
            .transpose()
    }
    /// A `BIGINT` column that is 0 or 1.
    fn flag(&self, column: &'static str) -> Result<bool, Error> {
        match self.number(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Corrupt { column }),
        }
    }
    /// A `BIGINT` column of Unix milliseconds.
    fn time(&self, column: &'static str) -> Result<Timestamp, Error> {
        self.number(column).map(Timestamp::from_unix_millis)
    }
    /// The same, where it may be `NULL`.
    fn time_or_null(&self, column: &'static str) -> Result<Option<Timestamp>, Error> {
        Ok(self
            .number_or_null(column)?
            .map(Timestamp::from_unix_millis))
    }
}

impl Columns for AnyRow {
    fn text(&self, column: &'static str) -> Result<String, Error> {
        Ok(self.try_get(column)?)
    }
    fn text_or_null(&self, column: &'static str) -> Result<Option<String>, Error> {
        Ok(self.try_get(column)?)
    }
    fn number(&self, column: &'static str) -> Result<i64, Error> {
        Ok(self.try_get(column)?)
    }
    fn number_or_null(&self, column: &'static str) -> Result<Option<i64>, Error> {
        Ok(self.try_get(column)?)
    }
    fn bytes(&self, column: &'static str) -> Result<Vec<u8>, Error> {
        Ok(self.try_get(column)?)
    }
}

/// The word of an enum, as it stands in a body; see [`Columns::word`].
pub(super) fn word<T: serde::Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // Every enum stored this way is of plain words; an empty one does not read back
        _ => String::new(),
    }
}

/// The JSON of a value, as it is stored; see [`Columns::json`].
pub(super) fn json<T: serde::Serialize>(value: &T) -> String {
    // Every type stored this way has text for keys; an empty column does not read back
    serde_json::to_string(value).unwrap_or_default()
}
