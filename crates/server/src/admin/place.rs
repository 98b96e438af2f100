//! Where a bucket's registration is: two may not have equal or nested places, or one team's keys would
//! be another's.

use protocol::bucket::{AudienceEndpoints, StorePlace};
use url::Url;

/// The longest prefix of a registration, in bytes: keys beneath it must still fit into 1,024.
const MAX_PREFIX_BYTES: usize = 512;

/// A place in a store, in a form that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    store: String,
    container: String,
    prefix: String,
}

impl Place {
    /// A registration's place at each of its store's addresses; `None` when one of them cannot be read
    /// as a URL with a host.
    pub(super) fn all(
        place: &StorePlace,
        endpoints: &AudienceEndpoints,
        prefix: &str,
    ) -> Option<Vec<Self>> {
        // Accounts of Azure may share a host, and then have containers of equal names
        let container = match place {
            StorePlace::Azure {
                account, container, ..
            } => format!("{account}/{container}"),
            place => place.container().to_owned(),
        };
        std::iter::once(place.endpoint())
            .chain(endpoints.values().cloned())
            .map(|endpoint| Self::of(&endpoint, &container, prefix))
            .collect()
    }

    /// `None` when the endpoint cannot be read as a URL with a host.
    fn of(endpoint: &str, container: &str, prefix: &str) -> Option<Self> {
        let url = Url::parse(endpoint).ok()?;
        let host = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        Some(Self {
            store: store(&host, url.port()),
            container: container.to_owned(),
            prefix: prefix.to_owned(),
        })
    }

    /// Whether some key lies in both.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.store == other.store
            && self.container == other.container
            && (self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix))
    }
}

/// One name a store. All of AWS's endpoints of a partition are one: a bucket's name is unique there.
/// With and without TLS is the same store where both are on their usual ports.
fn store(host: &str, port: Option<u16>) -> String {
    for partition in ["amazonaws.com", "amazonaws.com.cn"] {
        let domain = host.strip_suffix(partition);
        if domain.is_some_and(|rest| rest.is_empty() || rest.ends_with('.')) {
            return partition.to_owned();
        }
    }
    match port {
        None | Some(80 | 443) => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    }
}

/// Checks what all keys of a registration begin with: empty, or components that each end in `/`, none
/// of them empty, `.` or `..`.
pub(super) fn check_prefix(prefix: &str) -> Result<(), String> {
    if prefix.is_empty() {
        return Ok(());
    }
    if prefix.len() > MAX_PREFIX_BYTES {
        return Err(format!("is longer than {MAX_PREFIX_BYTES} bytes"));
    }
    let Some(inner) = prefix.strip_suffix('/') else {
        return Err("must end in `/`".to_owned());
    };
    match inner.parse::<protocol::ObjectKey>() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.fault.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(endpoint: &str, container: &str, prefix: &str) -> Place {
        Place::of(endpoint, container, prefix).unwrap()
    }

    #[test]
    fn equal_and_nested_places_overlap() {
        let base = place("https://s3.example.org", "c", "a/b/");
        for (endpoint, container, prefix) in [
            ("https://s3.example.org", "c", "a/b/"),
            ("https://S3.EXAMPLE.org.:443/", "c", "a/b/"),
            ("http://s3.example.org", "c", "a/b/"),
            ("http://s3.example.org:80", "c", "a/b/"),
            ("https://s3.example.org", "c", "a/"),
            ("https://s3.example.org", "c", "a/b/c/"),
            ("https://s3.example.org", "c", ""),
        ] {
            let other = place(endpoint, container, prefix);
            assert!(base.overlaps(&other) && other.overlaps(&base), "{other:?}");
        }
        for (endpoint, container, prefix) in [
            ("https://s3.example.org", "c", "a/bb/"),
            ("https://s3.example.org", "c", "a/c/"),
            ("https://s3.example.org", "d", "a/b/"),
            ("https://s3.example.org:8333", "c", "a/b/"),
            ("https://s3.example.net", "c", "a/b/"),
            ("https://s3.example.org", "c", "A/b/"),
        ] {
            let other = place(endpoint, container, prefix);
            assert!(
                !base.overlaps(&other) && !other.overlaps(&base),
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_bucket_of_aws_is_the_same_at_every_endpoint() {
        let aws = |endpoint: &str| place(endpoint, "c", "");
        let base = aws("https://s3.eu-west-1.amazonaws.com");
        assert!(base.overlaps(&aws("https://s3.amazonaws.com")));
        assert!(base.overlaps(&aws("https://s3.dualstack.eu-west-1.amazonaws.com")));
        assert!(!base.overlaps(&aws("https://s3.cn-north-1.amazonaws.com.cn")));
        assert!(!base.overlaps(&aws("https://notamazonaws.com")));
    }

    #[test]
    fn prefixes_are_folders() {
        for good in ["", "a/", "a/b c/é/"] {
            check_prefix(good).unwrap();
        }
        for bad in [
            "a",
            "/",
            "/a/",
            "a//",
            "a/../",
            "./",
            "a/\n/",
            &"a/".repeat(300),
        ] {
            assert!(check_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
