//! The vectors of presign's tests, as inputs to begin with.

use serde_json::Value;

use crate::wire::Wire;

/// One signed URL and what it was made from.
pub(crate) struct Vector(Value);

/// The vectors of a file: its list, or the list under a name.
pub(crate) fn vectors(file: &str, under: &str) -> Vec<Vector> {
    let mut file: Value = serde_json::from_str(file).expect("a file of vectors is JSON");
    let list = if under.is_empty() {
        file
    } else {
        file[under].take()
    };
    let Value::Array(list) = list else {
        panic!("a file of vectors has a list");
    };
    // A few of each kind are enough to begin with; all of them would only slow the choice.
    list.into_iter().map(Vector).step_by(3).collect()
}

impl Vector {
    pub(crate) fn number(&self, name: &str) -> i64 {
        self.0[name].as_i64().expect("a vector has its times")
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().expect("a vector has its texts")
    }

    /// The request that uses the URL.
    pub(crate) fn wire(&self) -> Wire {
        let headers: Vec<(String, String)> = self.0["headers"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.to_owned())))
            .collect();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        Wire::new(self.text("method"), self.text("url"), &headers)
    }
}
