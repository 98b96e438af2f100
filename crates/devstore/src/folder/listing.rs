//! Pages of keys: prefix, delimiter, where to go on.

use std::collections::BTreeMap;
use std::ops::Bound;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// Where the last page ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum After {
    Key(String),
    /// A group of keys that was listed as one common prefix.
    Group(String),
}

impl After {
    /// The continuation token: opaque to clients.
    pub(crate) fn token(&self) -> String {
        match self {
            Self::Key(key) => BASE64.encode(format!("k{key}")),
            Self::Group(prefix) => BASE64.encode(format!("g{prefix}")),
        }
    }

    pub(crate) fn parse(token: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64.decode(token).ok()?).ok()?;
        if let Some(key) = text.strip_prefix('k') {
            return Some(Self::Key(key.to_owned()));
        }
        Some(Self::Group(text.strip_prefix('g')?.to_owned()))
    }
}

/// One page of a listing.
#[derive(Debug)]
pub(crate) struct Page<'a, T> {
    pub(crate) entries: Vec<(&'a String, &'a T)>,
    pub(crate) groups: Vec<String>,
    pub(crate) next: Option<After>,
}

/// Lists at most `max` entries and groups in the byte order of the keys.
pub(crate) fn page<'a, T>(
    all: &'a BTreeMap<String, T>,
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&After>,
    max: usize,
) -> Page<'a, T> {
    let mut page = Page {
        entries: Vec::new(),
        groups: Vec::new(),
        next: None,
    };
    let start = match after {
        Some(After::Key(key)) if key.as_str() >= prefix => Bound::Excluded(key.as_str()),
        Some(After::Group(group)) if group.as_str() >= prefix => Bound::Included(group.as_str()),
        _ => Bound::Included(prefix),
    };
    let mut last = None;
    for (key, value) in all.range::<str, _>((start, Bound::Unbounded)) {
        let Some(rest) = key.strip_prefix(prefix) else {
            break;
        };
        if matches!(after, Some(After::Group(group)) if key.starts_with(group.as_str())) {
            continue;
        }
        let group = delimiter
            .filter(|delimiter| !delimiter.is_empty())
            .and_then(|delimiter| {
                let (head, _) = rest.split_once(delimiter)?;
                Some(format!("{prefix}{head}{delimiter}"))
            });
        if group.is_some() && group.as_ref() == page.groups.last() {
            continue;
        }
        if page.entries.len() + page.groups.len() == max {
            page.next = last;
            break;
        }
        if let Some(group) = group {
            last = Some(After::Group(group.clone()));
            page.groups.push(group);
        } else {
            last = Some(After::Key(key.clone()));
            page.entries.push((key, value));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> BTreeMap<String, usize> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), name.len()))
            .collect()
    }

    /// Every page of a listing, one after the other.
    fn walk(
        all: &BTreeMap<String, usize>,
        prefix: &str,
        delimiter: Option<&str>,
        max: usize,
    ) -> Vec<String> {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = page(all, prefix, delimiter, after.as_ref(), max);
            assert!(page.entries.len() + page.groups.len() <= max);
            let mut names: Vec<_> = page.entries.iter().map(|entry| entry.0.clone()).collect();
            names.extend(page.groups);
            names.sort();
            found.extend(names);
            let Some(next) = page.next else { return found };
            after = After::parse(&next.token());
            assert_eq!(after.as_ref(), Some(&next));
        }
    }

    #[test]
    fn pages_of_any_size_list_every_key_once() {
        let all = keys(&[
            "a", "b/1", "b/2", "b/3", "b0", "c/x/1", "c/y", "d", "é", "e\u{301}",
        ]);
        for max in 1..12 {
            assert_eq!(
                walk(&all, "", None, max),
                all.keys().cloned().collect::<Vec<_>>()
            );
            assert_eq!(walk(&all, "b/", None, max), ["b/1", "b/2", "b/3"]);
            assert_eq!(
                walk(&all, "", Some("/"), max),
                ["a", "b/", "b0", "c/", "d", "e\u{301}", "é"]
            );
            assert_eq!(walk(&all, "c/", Some("/"), max), ["c/x/", "c/y"]);
        }
    }

    #[test]
    fn a_page_of_nothing_is_not_followed_by_another() {
        let all = keys(&["a"]);
        let page = page(&all, "", None, None, 0);
        assert!(page.entries.is_empty() && page.next.is_none());
    }
}
