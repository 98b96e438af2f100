//! Service versions, and which lines the string to sign has in each.

/// The service version that signs, `sv`.
///
/// It also is the version in which the service handles the request, unless the
/// request has an `x-ms-version` header.
///
/// ```
/// use presign::azure::Version;
///
/// assert_eq!(Version::V2026_04_06.as_str(), "2026-04-06");
/// assert!(Version::V2020_12_06 < Version::V2026_04_06);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// `2020-12-06`, which every Azure cloud and emulator knows.
    V2020_12_06,
    /// `2026-04-06`, in which a user delegation SAS binds request headers and
    /// query parameters. Newer than what some emulators accept.
    V2026_04_06,
}

impl Version {
    /// The version as the service writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2020_12_06 => "2020-12-06",
            Self::V2026_04_06 => "2026-04-06",
        }
    }

    pub(super) const fn layout(self) -> Layout {
        match self {
            Self::V2020_12_06 => Layout::V2020_12_06,
            Self::V2026_04_06 => Layout::V2026_04_06,
        }
    }
}

/// What the string to sign of a user delegation SAS consists of, named by the
/// version that began it. That of a service SAS is the same in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layout {
    V2020_12_06,
    /// With lines for the tenant and the object id of the one user it is for.
    V2025_07_05,
    /// And with lines for request headers and query parameters.
    V2026_04_06,
}

/// The versions that the service has published since the string to sign got its
/// line for the encryption scope.
const PUBLISHED: [&str; 22] = [
    "2020-12-06",
    "2021-02-12",
    "2021-04-10",
    "2021-06-08",
    "2021-08-06",
    "2021-12-02",
    "2022-11-02",
    "2023-01-03",
    "2023-05-03",
    "2023-08-03",
    "2023-11-03",
    "2024-05-04",
    "2024-08-04",
    "2024-11-04",
    "2025-01-05",
    "2025-05-05",
    "2025-07-05",
    "2025-11-05",
    "2026-02-06",
    "2026-04-06",
    "2026-06-06",
    "2026-10-06",
];

impl Layout {
    /// The layout that a received version has; `None` if the version is none that is known.
    pub(super) fn of(version: &str) -> Option<Self> {
        PUBLISHED
            .contains(&version)
            .then_some(if version < "2025-07-05" {
                Self::V2020_12_06
            } else if version < "2026-04-06" {
                Self::V2025_07_05
            } else {
                Self::V2026_04_06
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_versions_have_the_layout_of_their_time() {
        for (version, layout) in [
            ("2020-10-02", None),
            ("2020-12-06", Some(Layout::V2020_12_06)),
            ("2020-12-07", None),
            ("2025-05-05", Some(Layout::V2020_12_06)),
            ("2025-07-05", Some(Layout::V2025_07_05)),
            ("2026-02-06", Some(Layout::V2025_07_05)),
            ("2026-04-06", Some(Layout::V2026_04_06)),
            ("2026-10-06", Some(Layout::V2026_04_06)),
            ("2027-01-01", None),
            ("", None),
        ] {
            assert_eq!(Layout::of(version), layout, "{version}");
        }
    }

    #[test]
    fn versions_that_sign_have_the_layout_they_are_read_in() {
        for version in [Version::V2020_12_06, Version::V2026_04_06] {
            assert_eq!(Layout::of(version.as_str()), Some(version.layout()));
        }
    }
}
