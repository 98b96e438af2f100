//! Names of things in AWS.
//!
//! Nothing that is parsed here can hold a wildcard or a variable of a policy.

use super::checked_text;
use protocol::ParseError;
use protocol::error::Fault;
use std::str::FromStr;

/// A part of AWS that shares nothing with the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Partition {
    /// The common one.
    Aws,
    /// China.
    AwsCn,
    /// The government's of the United States.
    AwsUsGov,
}

impl Partition {
    /// As ARNs name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsCn => "aws-cn",
            Self::AwsUsGov => "aws-us-gov",
        }
    }

    /// The partition of a region.
    pub fn of(region: &Region) -> Self {
        match region.as_str() {
            name if name.starts_with("cn-") => Self::AwsCn,
            name if name.starts_with("us-gov-") => Self::AwsUsGov,
            _ => Self::Aws,
        }
    }
}

impl FromStr for Partition {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Aws, Self::AwsCn, Self::AwsUsGov]
            .into_iter()
            .find(|each| each.as_str() == text)
            .ok_or_else(|| {
                Fault::Form {
                    expected: "`aws`, `aws-cn` or `aws-us-gov`",
                }
                .of("partition")
            })
    }
}

fn region(text: &str) -> Result<(), Fault> {
    let fits = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let expected = "lower-case letters, digits and `-`";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// A store's region: `eu-west-1`.
    Region,
    "region",
    region
);

/// The parts between the colons of an ARN of this service.
fn parts<'a>(text: &'a str, service: &str) -> Option<[&'a str; 4]> {
    let mut all = text.splitn(6, ':');
    let is_arn = all.next()? == "arn";
    let partition = all.next()?;
    let is_of_service = all.next()? == service;
    let parts = [partition, all.next()?, all.next()?, all.next()?];
    let known = partition.parse::<Partition>().is_ok();
    (is_arn && is_of_service && known).then_some(parts)
}

fn is_word(text: &str, more: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

fn principal(text: &str) -> Result<(), Fault> {
    let fits = parts(text, "iam").is_some_and(|[_, region, account, resource]| {
        let (kind, name) = resource.split_once('/').unwrap_or_default();
        region.is_empty()
            && account.chars().all(|c| c.is_ascii_alphanumeric())
            && matches!(kind, "role" | "user" | "static")
            && is_word(name, "_+=,.@-/")
            && !name.ends_with('/')
    });
    // A policy that names a session instead of its role would not be narrowed by the session's policy
    let expected = "`arn:aws:iam::<account>:role/<name>` or `…:user/<name>`";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// The ARN of a role or user, never of a session.
    PrincipalArn,
    "principal's ARN",
    principal
);

impl PrincipalArn {
    fn parts(&self) -> [&str; 4] {
        parts(&self.0, "iam").unwrap_or_default()
    }

    /// The partition's name.
    pub fn partition(&self) -> &str {
        let [partition, ..] = self.parts();
        partition
    }

    pub(super) fn is_role(&self) -> bool {
        let [.., resource] = self.parts();
        resource.starts_with("role/")
    }

    /// Whether AWS could know it: stores that speak its protocol have other accounts and kinds.
    pub(super) fn is_of_aws(&self) -> bool {
        let [_, _, account, resource] = self.parts();
        account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && !resource.starts_with("static/")
    }

    /// The path, `/` or more, and the name.
    pub(super) fn path_and_name(&self) -> (&str, &str) {
        let [.., resource] = self.parts();
        let at = resource.find('/').unwrap_or_default();
        let rest = resource.get(at..).unwrap_or_default();
        rest.rfind('/')
            .and_then(|last| rest.split_at_checked(last + 1))
            .unwrap_or(("/", rest))
    }
}

fn key(text: &str) -> Result<(), Fault> {
    let fits = parts(text, "kms").is_some_and(|[_, place, account, resource]| {
        region(place).is_ok()
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && resource
                .strip_prefix("key/")
                .is_some_and(|id| is_word(id, "-"))
    });
    // A policy that names an alias allows nothing
    let expected = "`arn:aws:kms:<region>:<account>:key/<id>`, not of an alias";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// The ARN of a KMS key.
    KeyArn,
    "KMS key's ARN",
    key
);

impl KeyArn {
    /// The partition's name.
    pub fn partition(&self) -> &str {
        let [partition, ..] = parts(&self.0, "kms").unwrap_or_default();
        partition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_roles_and_users_are_principals() {
        for good in [
            "arn:aws:iam::111122223333:role/signet",
            "arn:aws-cn:iam::111122223333:role/team/signet",
            "arn:aws-us-gov:iam::111122223333:user/signet",
            "arn:aws:iam:::user/signet",
            "arn:aws:iam::wandb:static/wandb-integration",
        ] {
            assert_eq!(good.parse::<PrincipalArn>().unwrap().as_str(), good);
        }
        for bad in [
            "*",
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:role/${aws:username}",
            "arn:aws:sts::111122223333:assumed-role/signet/session",
            "arn:moon:iam::111122223333:role/signet",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/a b",
            "arn:aws:iam::111122223333",
        ] {
            assert!(bad.parse::<PrincipalArn>().is_err(), "{bad:?} parsed");
        }
    }

    #[test]
    fn a_role_has_a_path_and_a_name() {
        let of = |text: &str| {
            let arn: PrincipalArn = text.parse().unwrap();
            let (path, name) = arn.path_and_name();
            (path.to_owned(), name.to_owned())
        };
        let plain = of("arn:aws:iam::111122223333:role/signet");
        assert_eq!(plain, ("/".to_owned(), "signet".to_owned()));
        let deep = of("arn:aws:iam::111122223333:role/a/b/signet");
        assert_eq!(deep, ("/a/b/".to_owned(), "signet".to_owned()));
    }

    #[test]
    fn a_key_is_named_by_its_id() {
        let id = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab";
        assert_eq!(id.parse::<KeyArn>().unwrap().partition(), "aws");
        for bad in [
            "arn:aws:kms:eu-west-1:111122223333:alias/signet",
            "arn:aws:kms:eu-west-1:111122223333:key/*",
            "arn:aws:kms:*:111122223333:key/1234abcd",
        ] {
            assert!(bad.parse::<KeyArn>().is_err(), "{bad:?} parsed");
        }
    }
}
