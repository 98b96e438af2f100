//! Pages of what is held in memory.

use protocol::Page;

/// Items on one page.
const PAGE_ITEMS: usize = 500;

/// The query of a listing.
#[derive(Debug, Clone, Default, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// Read on after this: the `next` of the page before.
    pub(super) after: Option<String>,
}

/// The page after `after` of items sorted by name.
pub(super) fn page<T, U>(
    mut items: Vec<T>,
    after: Option<&str>,
    name: impl Fn(&T) -> &str,
    tell: impl FnMut(T) -> U,
) -> Page<U> {
    items.retain(|item| after.is_none_or(|after| name(item) > after));
    items.sort_unstable_by(|a, b| name(a).cmp(name(b)));
    let is_last = items.len() <= PAGE_ITEMS;
    items.truncate(PAGE_ITEMS);
    let next = items.last().map(|item| name(item).to_owned());
    Page {
        next: next.filter(|_| !is_last),
        items: items.into_iter().map(tell).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE_ITEMS, page};

    #[test]
    fn pages_joined_are_the_whole_in_order() {
        let names: Vec<String> = (0..PAGE_ITEMS * 2)
            .rev()
            .map(|n| format!("{n:05}"))
            .collect();
        let mut read = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let next = page(names.clone(), after.as_deref(), String::as_str, |name| name);
            read.extend(next.items);
            after = next.next;
            if after.is_none() {
                break;
            }
        }
        let mut sorted = names;
        sorted.sort();
        assert_eq!(read, sorted);
    }
}
