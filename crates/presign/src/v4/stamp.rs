//! What every URL of one key shows that is signed for the same window: by whom, when, for how long.

use super::{
    dialect::Dialect,
    parameter::{Parameter, canonical_query},
    string_to_sign,
};
use crate::{
    Window,
    encode::{cmp_components, component},
};

/// Who signs and how, as the URL shows it.
pub(crate) struct Authority<'a> {
    pub(crate) algorithm: &'static str,
    /// The value of the credential parameter, encoded.
    pub(crate) credential: &'a str,
    pub(crate) scope: &'a str,
    /// A parameter that the credential brings along.
    pub(crate) token: Option<Parameter<'a>>,
}

/// The query parameters of an authority and a window, and the beginning of the string to sign.
pub(crate) struct Stamp {
    pub(super) algorithm: &'static str,
    /// The time in basic ISO form.
    pub(super) time: String,
    pub(super) scope: String,
    /// The name of the parameter that lists the signed headers.
    signed_headers: &'static str,
    /// The parameters in canonical order, which ends with the signed headers, up to whose value
    /// this goes.
    parameters: String,
    /// The name of each parameter, and where it begins.
    beginnings: Vec<(String, usize)>,
}

impl Stamp {
    /// The window has to be checked before, as the scope's day comes from it.
    pub(crate) fn new(dialect: &'static Dialect, authority: Authority<'_>, window: Window) -> Self {
        let time = window.from.to_basic_iso8601();
        let expires = window.ttl.seconds().to_string();
        let mut all = vec![
            Parameter::encoded(dialect.algorithm, authority.algorithm),
            Parameter::encoded(dialect.credential, authority.credential),
            Parameter::encoded(dialect.date, &time),
            Parameter::encoded(dialect.expires, &expires),
        ];
        all.extend(authority.token);
        all.push(Parameter::encoded(dialect.signed_headers, ""));
        let mut beginnings = Vec::with_capacity(all.len());
        let mut at = 0;
        for parameter in &all {
            beginnings.push((parameter.name().to_owned(), at));
            at += parameter.query_bytes();
        }
        Self {
            algorithm: authority.algorithm,
            signed_headers: dialect.signed_headers,
            beginnings,
            parameters: canonical_query(all),
            scope: authority.scope.to_owned(),
            time,
        }
    }

    /// The string to sign up to the hash of the canonical request.
    pub(crate) fn string_to_sign(&self) -> [&str; 6] {
        string_to_sign::head(self.algorithm, &self.time, &self.scope)
    }

    /// How many bytes of the canonical query these parameters are, without the signed headers' names.
    pub(super) const fn parameters_bytes(&self) -> usize {
        self.parameters.len()
    }

    /// Writes the canonical query and an `&`. The names of the signed headers come encoded; other
    /// parameters do not, but in the order that they have when they are.
    pub(super) fn write_query(
        &self,
        signed_headers: &str,
        others: &[(&str, &str)],
        query: &mut String,
    ) {
        let is_before =
            |(name, _): &(&str, &str)| cmp_components(name, self.signed_headers).is_lt();
        let (before, behind) = others.split_at(others.partition_point(is_before));
        let mut rest = &*self.parameters;
        for other in before {
            let between;
            (between, rest) = rest.split_at(rest.len() - self.bytes_behind(other));
            query.push_str(between);
            write_parameter(other, query);
        }
        query.push_str(rest);
        query.push_str(signed_headers);
        query.push('&');
        for other in behind {
            write_parameter(other, query);
        }
    }

    /// How many bytes of these parameters come behind another one.
    fn bytes_behind(&self, (name, _): &(&str, &str)) -> usize {
        let is_behind = |(known, _): &&(String, usize)| cmp_components(name, known).is_lt();
        let next = self.beginnings.iter().find(is_behind);
        next.map_or(0, |(_, at)| self.parameters.len() - at)
    }
}

fn write_parameter((name, value): &(&str, &str), query: &mut String) {
    query.push_str(&component(name));
    query.push('=');
    query.push_str(&component(value));
    query.push('&');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Timestamp, Ttl,
        v4::dialect::{AWS, AWS4_HMAC_SHA256, X_AMZ_SECURITY_TOKEN},
    };

    #[test]
    fn parameters_of_a_request_fall_into_their_places() {
        let stamp = Stamp::new(
            &AWS,
            Authority {
                algorithm: AWS4_HMAC_SHA256,
                credential: "C",
                scope: "S",
                token: Some(Parameter::encoded(X_AMZ_SECURITY_TOKEN, "T")),
            },
            Window {
                from: Timestamp::from_unix_seconds(1_369_353_600),
                ttl: Ttl::MAX,
            },
        );
        let own = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "C"),
            ("X-Amz-Date", "20130524T000000Z"),
            ("X-Amz-Expires", "604800"),
            ("X-Amz-Security-Token", "T"),
            ("X-Amz-SignedHeaders", "host"),
        ];
        // As they are sorted when encoded.
        let others = [
            ("ü", "é"),
            ("A", "1"),
            ("X-Amz-Algorithm-", "2"),
            ("X-Amz-Cr", "3"),
            ("X-Amz-Date ", ""),
            ("X-Amz-Date0", "4"),
            ("X-Amz-Security", "5"),
            ("X-Amz-SignedHeaders-", "6"),
            ("x-grant", "7"),
        ];
        for drawn in 0..1_usize << others.len() {
            let is_drawn = |index: &usize| drawn & 1 << index != 0;
            let indices = (0..others.len()).filter(is_drawn);
            let others: Vec<_> = indices.map(|index| others[index]).collect();
            let all = own.iter().chain(&others);
            let all = all.map(|(name, value)| Parameter::encode(name, value));
            let mut query = String::new();
            stamp.write_query("host", &others, &mut query);
            assert_eq!(query, canonical_query(all.collect()) + "&");
        }
    }
}
