//! Azure Blob Storage: what azure-storage-blob signs.

use crate::{
    azure_case::Case,
    comparison::{self, Exception, Outcome},
};

#[test]
fn service_sas_equal_those_of_azures_library() {
    comparison::compare("azure", SERVICE_EXCEPTIONS, |draw| {
        let version = draw.pick(&["2020-12-06", "2026-04-06"]);
        Case::draw(draw, version, false)
    });
}

#[test]
fn user_delegation_sas_equal_those_of_azures_library() {
    comparison::compare("azure", DELEGATION_EXCEPTIONS, |draw| {
        Case::draw(draw, "2026-04-06", true)
    });
}

/// The library writes one layout, whatever version it is told; an older one writes the older.
#[test]
fn user_delegation_sas_of_2020_equal_those_of_an_older_library() {
    comparison::compare("older-azure", OLDER_DELEGATION_EXCEPTIONS, |draw| {
        Case::draw(draw, "2020-12-06", true)
    });
}

const SERVICE_EXCEPTIONS: &[Exception<Case>] = &[
    // That would be a URL for the container.
    Exception {
        class: "empty name",
        outcome: Outcome::BothRefuse,
        make: |case| case.set_blob(""),
    },
    // The service takes none of these, so that a URL would be of no use.
    Exception {
        class: "name of 1,025 characters",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_blob(&"é".repeat(1025)),
    },
    Exception {
        class: "name of 255 segments",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_blob(&"a/".repeat(254)),
    },
    // The string to sign is made of lines.
    Exception {
        class: "control character in a name",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_blob("a\nb"),
    },
];

const DELEGATION_EXCEPTIONS: &[Exception<Case>] = &[
    // Names of headers are signed in lower case, in which they arrive over HTTP/2 and HTTP/3.
    Exception {
        class: "header in upper case",
        outcome: Outcome::OtherUrl,
        make: |case| case.set_header("X-Ms-Meta-Note", "a"),
    },
    // HTTP takes blanks off the ends of a value.
    Exception {
        class: "blanks around a header",
        outcome: Outcome::OtherUrl,
        make: |case| case.set_header("x-ms-meta-note", " a "),
    },
    Exception {
        class: "header outside ASCII",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_header("x-ms-meta-note", "größe"),
    },
    Exception {
        class: "empty header",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_header("x-ms-meta-note", ""),
    },
    // The string to sign is made of lines, and of names before colons.
    Exception {
        class: "line break in a header",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_header("x-ms-meta-note", "a\nx-ms-tags:b"),
    },
    Exception {
        class: "colon in a parameter's name",
        outcome: Outcome::WeRefuse,
        make: |case| case.query.push(("a:b".to_owned(), "c".to_owned())),
    },
    Exception {
        class: "empty parameter",
        outcome: Outcome::WeRefuse,
        make: |case| case.query.push(("empty".to_owned(), String::new())),
    },
];

const OLDER_DELEGATION_EXCEPTIONS: &[Exception<Case>] = &[
    // This version covers neither, so that they would bind nothing; the library has no word for them.
    Exception {
        class: "header in a version that binds none",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_header("x-ms-meta-note", "a"),
    },
    Exception {
        class: "parameter in a version that binds none",
        outcome: Outcome::WeRefuse,
        make: |case| case.query.push(("x-grant".to_owned(), "1".to_owned())),
    },
];
