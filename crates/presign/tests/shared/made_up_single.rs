//! Requests that come one by one: made-up queries and headers, some seconds to sign in.

use presign::{Method, Timestamp, Ttl, Window};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::made_up::{method, unique};

#[derive(Clone, Debug)]
pub(crate) struct Single {
    pub(crate) method: Method,
    pub(crate) key: String,
    pub(crate) bound: Option<&'static str>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) window: Window,
}

/// With names of parameters that fall before, between and behind those of the signature, which
/// begin with `prefix`. Few windows, two on each side of `midnight`, so that some come again.
pub(crate) fn singles(
    prefix: &'static str,
    midnight: Timestamp,
) -> impl Strategy<Value = Vec<Single>> {
    let name = prop_oneof![
        Just("x-grant".to_owned()),
        "[A-Za-z0-9-]{1,8}",
        ".{1,4}",
        "[A-Z][a-z]{0,3}".prop_map(move |rest| format!("{prefix}{rest}")),
    ];
    let single = (
        method(),
        prop_oneof!["[a-z0-9/]{1,90}", ".{1,20}"],
        option::of(select(vec!["5", "a b/ü"])),
        vec((name, "[a-z0-9_]{0,30}|.{0,12}"), 0..4),
        (-2..2_i64, select(vec![600, 604_800])),
    );
    let single = single.prop_map(move |(method, key, bound, query, (second, ttl))| Single {
        method,
        key,
        bound,
        query: unique(query),
        window: Window {
            from: Timestamp::from_unix_seconds(midnight.unix_seconds() + second),
            ttl: Ttl::from_seconds(ttl).unwrap(),
        },
    });
    vec(single, 1..40)
}
