//! Which permission an operation of the Blob service needs.

use super::{permissions::Permissions, query::Query, terms::Terms};
use crate::{Error, Method, TermsFault};

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Container,
    Blob,
}

/// Query parameters that say which operation a request is, not on what.
const SELECTORS: [&str; 5] = ["blockid", "blocklisttype", "comp", "deletetype", "restype"];

/// Whether a parameter says which operation a request is, so that the permission
/// covers what it says.
pub(super) fn is_selector(name: &str) -> bool {
    SELECTORS
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known))
}

/// The permissions any one of which allows an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Needs {
    /// The one that allows it in every case, and the least beside.
    pub(super) usual: Permissions,
    /// Those that allow it at least in some cases.
    pub(super) any_of: Permissions,
}

impl Needs {
    const fn only(permission: Permissions) -> Self {
        Self {
            usual: permission,
            any_of: permission,
        }
    }

    fn either(usual: Permissions, other: Permissions) -> Self {
        Self {
            usual,
            any_of: usual | other,
        }
    }

    /// Finds what the request needs; `None` if a shared access signature of a
    /// container or blob cannot allow it, or if the operation is not known.
    ///
    /// The service's documentation says in prose what each permission is good
    /// for; Azurite's table agrees.
    pub(super) fn of<'a>(
        method: &str,
        scope: Scope,
        parameter: impl Fn(&str) -> Option<&'a str>,
    ) -> Option<Self> {
        let lower_case = |name| parameter(name).unwrap_or("").to_ascii_lowercase();
        let (comp, restype) = (lower_case("comp"), lower_case("restype"));
        match (scope, &*restype) {
            (Scope::Container, "container") => Self::of_container(method, &comp),
            (Scope::Blob, "") => Self::of_blob(method, &comp, |name| parameter(name).is_some()),
            _ => None,
        }
    }

    fn of_container(method: &str, comp: &str) -> Option<Self> {
        Some(match (method, comp) {
            ("GET", "list") => Self::only(Permissions::LIST),
            ("GET", "blobs") => Self::only(Permissions::FIND),
            _ => return None,
        })
    }

    fn of_blob(method: &str, comp: &str, has: impl Fn(&str) -> bool) -> Option<Self> {
        Some(match (method, comp) {
            ("GET" | "HEAD", "" | "metadata")
            | ("GET", "blocklist" | "pagelist")
            | ("POST", "query") => Self::only(Permissions::READ),
            ("PUT", "") => Self::either(Permissions::WRITE, Permissions::CREATE),
            ("PUT", "snapshot") => Self::either(Permissions::CREATE, Permissions::WRITE),
            ("PUT", "appendblock") => Self::either(Permissions::ADD, Permissions::WRITE),
            (
                "PUT",
                "block" | "blocklist" | "copy" | "incrementalcopy" | "lease" | "metadata" | "page"
                | "properties" | "seal" | "tier" | "undelete",
            ) => Self::only(Permissions::WRITE),
            ("GET" | "PUT", "tags") => Self::only(Permissions::TAGS),
            ("PUT" | "DELETE", "immutabilitypolicies") | ("PUT", "legalhold") => {
                Self::only(Permissions::SET_IMMUTABILITY)
            }
            ("DELETE", "") if has("deletetype") => Self::only(Permissions::DELETE_PERMANENTLY),
            ("DELETE", "") if has("versionid") => Self::only(Permissions::DELETE_VERSION),
            ("DELETE", "") => Self::only(Permissions::DELETE),
            _ => return None,
        })
    }
}

/// What the URL permits: what the terms say, or the least that the request usually needs.
pub(super) fn permissions(
    method: Method,
    scope: Scope,
    query: &Query<'_>,
    terms: &Terms,
) -> Result<Permissions, Error> {
    let needs = Needs::of(method.as_str(), scope, |name| query.find(name));
    let Some(given) = terms.permissions else {
        return needs
            .map(|needs| needs.usual)
            .ok_or(Error::UnknownOperation);
    };
    if scope == Scope::Blob && given.intersects(Permissions::LIST | Permissions::FIND) {
        return Err(Error::InvalidTerms(TermsFault::ContainerOnly));
    }
    if needs.is_some_and(|needs| !given.intersects(needs.any_of)) {
        return Err(Error::InvalidTerms(TermsFault::NotPermitted));
    }
    Ok(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual(method: &str, scope: Scope, query: &[(&str, &'static str)]) -> Option<String> {
        let find = |name: &str| {
            let found = query.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| *value)
        };
        Needs::of(method, scope, find).map(|needs| {
            assert!(needs.any_of.contains(needs.usual));
            needs.usual.to_string()
        })
    }

    #[test]
    fn operations_need_the_least_permission() {
        for (method, query, expected) in [
            ("GET", &[][..], Some("r")),
            ("HEAD", &[], Some("r")),
            ("GET", &[("comp", "metadata")], Some("r")),
            ("GET", &[("comp", "BlockList")], Some("r")),
            ("PUT", &[], Some("w")),
            ("PUT", &[("comp", "block"), ("blockid", "AAAA")], Some("w")),
            ("PUT", &[("comp", "blocklist")], Some("w")),
            ("PUT", &[("comp", "snapshot")], Some("c")),
            ("PUT", &[("comp", "appendblock")], Some("a")),
            ("GET", &[("comp", "tags")], Some("t")),
            ("DELETE", &[], Some("d")),
            ("DELETE", &[("snapshot", "2")], Some("d")),
            ("DELETE", &[("versionid", "2")], Some("x")),
            (
                "DELETE",
                &[("versionid", "2"), ("deletetype", "permanent")],
                Some("y"),
            ),
            ("DELETE", &[("comp", "immutabilityPolicies")], Some("i")),
            ("POST", &[("comp", "query")], Some("r")),
            ("POST", &[], None),
            ("GET", &[("comp", "acl")], None),
            ("GET", &[("comp", "list"), ("restype", "container")], None),
            ("get", &[], None),
        ] {
            let found = usual(method, Scope::Blob, query);
            assert_eq!(found.as_deref(), expected, "{method} {query:?}");
        }
    }

    #[test]
    fn containers_are_listed_and_searched_only() {
        let container = ("restype", "container");
        for (method, query, expected) in [
            ("GET", &[container, ("comp", "list")][..], Some("l")),
            ("GET", &[container, ("comp", "blobs")], Some("f")),
            ("GET", &[("comp", "list")], None),
            ("GET", &[container], None),
            ("PUT", &[container], None),
            ("DELETE", &[container], None),
            ("GET", &[container, ("comp", "acl")], None),
        ] {
            let found = usual(method, Scope::Container, query);
            assert_eq!(found.as_deref(), expected, "{method} {query:?}");
        }
    }
}
