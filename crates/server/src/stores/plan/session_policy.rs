//! The policy that narrows one session of a role.

use crate::config::Network;
use serde_json::json;

/// What a team needs of its objects, and no wildcard among it.
const ACTIONS: [&str; 5] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
];
/// The longest policy that is taken, in characters.
const MAX_CHARACTERS: usize = 2048;

/// What one session may do.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionScope<'a> {
    /// The role, whose partition the bucket is in.
    pub(super) role_arn: &'a str,
    pub(super) container: &'a str,
    /// What the keys begin with that it opens.
    pub(super) root: &'a str,
    /// The networks from which it opens them; empty: from everywhere.
    pub(super) networks: &'a [Network],
}

/// The policy, as JSON. `None` when so many networks make it too long.
pub(super) fn session_policy(scope: &SessionScope<'_>) -> Option<String> {
    let partition = scope.role_arn.split(':').nth(1)?;
    let objects = format!(
        "arn:{partition}:s3:::{}/{}*",
        scope.container,
        literally(scope.root)
    );
    let mut statement = json!({"Effect": "Allow", "Action": ACTIONS, "Resource": objects});
    if !scope.networks.is_empty() {
        let networks: Vec<String> = scope.networks.iter().map(ToString::to_string).collect();
        statement["Condition"] = json!({"IpAddress": {"aws:SourceIp": networks}});
    }
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    (policy.chars().count() <= MAX_CHARACTERS).then_some(policy)
}

/// Text in which no character stands for others: see [policy variables].
///
/// [policy variables]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
fn literally(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '$' => escaped.extend(['$', '{', c, '}']),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_opens_its_teams_root_from_its_networks_and_nothing_else() {
        let networks = ["10.0.0.0/8".parse().unwrap(), "192.0.2.7".parse().unwrap()];
        let scope = SessionScope {
            role_arn: "arn:aws-cn:iam::000000000000:role/signet",
            container: "models",
            root: "a*b?c$d/team_1/",
            networks: &networks,
        };
        insta::assert_snapshot!(session_policy(&scope).unwrap(), @"");
        let open = SessionScope {
            networks: &[],
            ..scope
        };
        assert!(!session_policy(&open).unwrap().contains("Condition"));
        let many = vec![networks[0]; 200];
        let long = SessionScope {
            networks: &many,
            ..scope
        };
        assert_eq!(session_policy(&long), None);
    }
}
