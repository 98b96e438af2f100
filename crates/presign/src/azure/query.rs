//! The query parameters of a request to sign, sorted by how the signature covers them.

use super::{
    binding::{self, Binding},
    operation::{self, Scope},
    parameter::{OVERRIDES, SNAPSHOT, VERSION_ID, is_reserved},
};
use crate::{BindFault, Error};

/// The parameters, none of them encoded.
#[derive(Debug, Default)]
pub(super) struct Query<'a> {
    /// What replaces headers of the response: lines of their own in the string to sign.
    pub(super) overrides: [&'a str; 5],
    /// The snapshot or version that the request is about: part of the signed resource.
    pub(super) snapshot: Option<Snapshot<'a>>,
    /// Everything else; the signature covers it only if it is among `bound` too.
    pub(super) others: Vec<(&'a str, &'a str)>,
    pub(super) bound: Binding,
}

/// The one state of a blob that a URL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Snapshot<'a> {
    Time(&'a str),
    Version(&'a str),
}

impl<'a> Snapshot<'a> {
    /// The name of the parameter, the value, and what the signed resource is called.
    pub(super) fn fields(self) -> (&'static str, &'a str, &'static str) {
        match self {
            Self::Time(time) => (SNAPSHOT, time, "bs"),
            Self::Version(id) => (VERSION_ID, id, "bv"),
        }
    }
}

impl<'a> Query<'a> {
    /// Sorts the parameters; `binds` says whether the signature can cover any.
    ///
    /// Where it cannot, only what names the operation is let through, as the
    /// permission says what that may be.
    pub(super) fn sort(
        parameters: &'a [(&'a str, &'a str)],
        scope: Scope,
        binds: bool,
    ) -> Result<Self, Error> {
        let mut query = Self::default();
        let mut rest = parameters;
        while let Some((&(name, value), others)) = rest.split_first() {
            if name.is_empty() || is_reserved(name) {
                return Err(Error::ReservedParameter { name: name.into() });
            }
            if others
                .iter()
                .any(|(other, _)| other.eq_ignore_ascii_case(name))
            {
                return Err(Error::DuplicateParameter { name: name.into() });
            }
            query.add(name, value, scope, binds)?;
            rest = others;
        }
        Ok(query)
    }

    fn add(
        &mut self,
        name: &'a str,
        value: &'a str,
        scope: Scope,
        binds: bool,
    ) -> Result<(), Error> {
        let cannot_bind = |fault| Error::CannotBindParameter {
            name: name.into(),
            fault,
        };
        binding::check_value(value).map_err(cannot_bind)?;
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        let mut overrides = OVERRIDES.iter().zip(&mut self.overrides);
        if let Some((_, line)) = overrides.find(|(known, _)| is(known)) {
            *line = value;
            return Ok(());
        }
        let snapshot = match scope {
            Scope::Blob if is(SNAPSHOT) => Some(Snapshot::Time(value)),
            Scope::Blob if is(VERSION_ID) => Some(Snapshot::Version(value)),
            _ => None,
        };
        if snapshot.is_some() {
            if self.snapshot.is_some() {
                // The string to sign has one line for both.
                return Err(cannot_bind(BindFault::NotCovered));
            }
            self.snapshot = snapshot;
            return Ok(());
        }
        if binds {
            self.bound.push_parameter(name, value)?;
        } else if !operation::is_selector(name) {
            return Err(cannot_bind(BindFault::NotCovered));
        }
        self.others.push((name, value));
        Ok(())
    }

    /// The value of a parameter that says which operation the request is.
    pub(super) fn find(&self, name: &str) -> Option<&'a str> {
        let snapshot = self.snapshot.map(Snapshot::fields);
        self.others
            .iter()
            .copied()
            .chain(snapshot.map(|(name, value, _)| (name, value)))
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_parameter_is_covered_in_its_way() {
        let parameters = [
            ("rscd", "attachment"),
            ("comp", "block"),
            ("versionid", "v1"),
            ("x-grant", "grt_01"),
        ];
        let query = Query::sort(&parameters, Scope::Blob, true).unwrap();
        assert_eq!(query.overrides, ["", "attachment", "", "", ""]);
        assert_eq!(query.snapshot, Some(Snapshot::Version("v1")));
        assert_eq!(query.others, [("comp", "block"), ("x-grant", "grt_01")]);
        assert_eq!(query.bound.lines, "\ncomp:block\nx-grant:grt_01");
        assert_eq!(query.find("versionid"), Some("v1"));
        assert_eq!(query.find("comp"), Some("block"));
        assert_eq!(query.find("snapshot"), None);
    }

    #[test]
    fn where_nothing_can_be_bound_only_the_operation_is_named() {
        let parameters = [("comp", "block"), ("BlockId", "AAAA"), ("RSCC", "no-cache")];
        let query = Query::sort(&parameters, Scope::Blob, false).unwrap();
        assert_eq!(query.others, [("comp", "block"), ("BlockId", "AAAA")]);
        assert_eq!(query.overrides, ["no-cache", "", "", "", ""]);
        assert_eq!(query.bound, Binding::default());
        for name in ["x-grant", "prefix", "timeout"] {
            assert_eq!(
                Query::sort(&[(name, "1")], Scope::Blob, false).unwrap_err(),
                Error::CannotBindParameter {
                    name: name.into(),
                    fault: BindFault::NotCovered
                }
            );
            assert!(
                Query::sort(&[(name, "1")], Scope::Blob, true).is_ok(),
                "{name}"
            );
        }
    }

    #[test]
    fn a_container_has_no_snapshot() {
        let parameters = [("snapshot", "1")];
        assert!(Query::sort(&parameters, Scope::Container, false).is_err());
        let query = Query::sort(&parameters, Scope::Container, true).unwrap();
        assert_eq!(query.bound.lines, "\nsnapshot:1");
    }

    #[test]
    fn what_would_be_lost_is_an_error() {
        let sort = |parameters: &[(&str, &str)]| {
            Query::sort(parameters, Scope::Blob, true)
                .map(|_| ())
                .unwrap_err()
        };
        for name in ["", "sig", "SP", "srh", "skoid", "ss"] {
            let reserved = Error::ReservedParameter { name: name.into() };
            assert_eq!(sort(&[(name, "1")]), reserved);
        }
        assert_eq!(
            sort(&[("a", "1"), ("b", "1"), ("A", "1")]),
            Error::DuplicateParameter { name: "a".into() }
        );
        for (parameters, fault) in [
            (
                &[("snapshot", "1"), ("versionid", "2")][..],
                BindFault::NotCovered,
            ),
            (&[("rscc", "")], BindFault::Empty),
            (&[("comp", "")], BindFault::Empty),
            (&[("rscd", "a\r\nb")], BindFault::Value),
            (&[("versionid", "a\nb")], BindFault::Value),
            (&[("a", "x\ny")], BindFault::Value),
        ] {
            assert!(
                matches!(sort(parameters), Error::CannotBindParameter { fault: found, .. } if found == fault),
                "{parameters:?}"
            );
        }
    }
}
