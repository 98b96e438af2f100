//! The string to sign: one line for each field, empty where there is none.

use super::version::Layout;

/// The fields, each as the URL has it after decoding.
#[derive(Clone, Copy)]
pub(super) struct StringToSign<'a> {
    pub(super) permissions: &'a str,
    pub(super) start: &'a str,
    pub(super) expiry: &'a str,
    pub(super) account: &'a str,
    pub(super) container: &'a str,
    /// `None` for a signature that is for the whole container.
    pub(super) blob: Option<&'a str>,
    pub(super) signed_by: SignedBy<'a>,
    pub(super) addresses: &'a str,
    pub(super) protocols: &'a str,
    pub(super) version: &'a str,
    pub(super) resource: &'a str,
    /// The snapshot's time or the version's id, if the resource is one of those.
    pub(super) snapshot: &'a str,
    pub(super) encryption_scope: &'a str,
    pub(super) overrides: [&'a str; 5],
}

/// The fields in which the two kinds of signature differ.
#[derive(Clone, Copy)]
pub(super) enum SignedBy<'a> {
    /// The account's key, with the id of a stored access policy.
    Account { policy: &'a str },
    /// A delegated key, with all that only it can bind.
    Delegation {
        layout: Layout,
        key: KeyFields<'a>,
        authorized_agent: &'a str,
        unauthorized_agent: &'a str,
        correlation_id: &'a str,
        /// The lines of [`super::binding`].
        headers: &'a str,
        parameters: &'a str,
    },
}

/// The public half of a delegated key.
#[derive(Clone, Copy)]
pub(super) struct KeyFields<'a> {
    pub(super) object_id: &'a str,
    pub(super) tenant_id: &'a str,
    pub(super) start: &'a str,
    pub(super) expiry: &'a str,
    pub(super) service: &'a str,
    pub(super) version: &'a str,
}

impl StringToSign<'_> {
    /// Appends the string. What comes before the blob's name is the same for
    /// all blobs of a container, and what comes after it too.
    pub(super) fn push(&self, buffer: &mut Vec<u8>) {
        self.push_before_name(buffer);
        push_all(buffer, &[self.blob.unwrap_or("")]);
        self.push_after_name(buffer);
    }

    /// Puts it together, for people.
    pub(super) fn text(&self) -> String {
        let mut buffer = Vec::new();
        self.push(&mut buffer);
        String::from_utf8_lossy(&buffer).into_owned()
    }

    pub(super) fn push_before_name(&self, buffer: &mut Vec<u8>) {
        push_lines(buffer, &[self.permissions, self.start, self.expiry]);
        push_all(buffer, &["/blob/", self.account, "/", self.container]);
        if self.blob.is_some() {
            push_all(buffer, &["/"]);
        }
    }

    pub(super) fn push_after_name(&self, buffer: &mut Vec<u8>) {
        push_all(buffer, &["\n"]);
        match &self.signed_by {
            SignedBy::Account { policy } => push_lines(buffer, &[policy]),
            SignedBy::Delegation {
                layout,
                key,
                authorized_agent,
                unauthorized_agent,
                correlation_id,
                ..
            } => {
                push_lines(
                    buffer,
                    &[
                        key.object_id,
                        key.tenant_id,
                        key.start,
                        key.expiry,
                        key.service,
                        key.version,
                        authorized_agent,
                        unauthorized_agent,
                        correlation_id,
                    ],
                );
                if *layout >= Layout::V2025_07_05 {
                    // Tenant and object id of the one user whose token must come with the URL:
                    // neither signed nor accepted here.
                    push_lines(buffer, &["", ""]);
                }
            }
        }
        push_lines(
            buffer,
            &[
                self.addresses,
                self.protocols,
                self.version,
                self.resource,
                self.snapshot,
                self.encryption_scope,
            ],
        );
        if let SignedBy::Delegation {
            layout: Layout::V2026_04_06,
            headers,
            parameters,
            ..
        } = &self.signed_by
        {
            push_lines(buffer, &[headers, parameters]);
        }
        let [first @ .., last] = &self.overrides;
        push_lines(buffer, first);
        push_all(buffer, &[last]);
    }
}

fn push_lines(buffer: &mut Vec<u8>, lines: &[&str]) {
    for line in lines {
        push_all(buffer, &[line, "\n"]);
    }
}

fn push_all(buffer: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        buffer.extend_from_slice(part.as_bytes());
    }
}
