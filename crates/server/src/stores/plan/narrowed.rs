//! What a session of a role is narrowed to.

use crate::stores::lender::Tenant;
use crate::stores::setup::{
    self, KeyArn, Place, Region, S3Store, SessionOperation, SessionScope, session_policy,
};
use crate::stores::{Error, PinLimit};
use protocol::Network;

/// What is the same for all sessions of a bucket.
#[derive(Debug, Clone)]
pub(in crate::stores) struct Narrowed {
    store: S3Store,
    place: Place,
    region: Region,
    kms_key: Option<KeyArn>,
}

impl Narrowed {
    /// # Errors
    /// When the bucket or its key cannot be named in a policy.
    pub(in crate::stores) fn of(
        endpoint: &str,
        region: &str,
        container: &str,
        kms_key: Option<&str>,
    ) -> Result<Self, Error> {
        let region: Region = region.parse().map_err(setup::Error::from)?;
        let kms_key = kms_key
            .map(str::parse)
            .transpose()
            .map_err(setup::Error::from)?;
        Ok(Self {
            store: S3Store::at(endpoint, &region),
            place: Place::new(container, "").map_err(setup::Error::from)?,
            region,
            kms_key,
        })
    }

    /// The policy that lets a session do what a team needs with its objects, and nothing beside.
    ///
    /// # Errors
    /// When it cannot be written, or so many networks make it too long.
    pub(super) fn policy(&self, team: Tenant<'_>, networks: &[Network]) -> Result<String, Error> {
        let networks = networks
            .iter()
            .map(|network| network.to_string().parse())
            .collect::<Result<Vec<_>, _>>()
            .map_err(setup::Error::from)?;
        let held = !networks.is_empty();
        let scope = SessionScope {
            store: self.store,
            place: self.place.clone(),
            region: self.region.clone(),
            root: team.root.parse().map_err(setup::Error::from)?,
            operations: SessionOperation::ALL
                .into_iter()
                .filter(|operation| *operation != SessionOperation::List)
                .collect(),
            networks,
            kms_key: self.kms_key.clone(),
        };
        session_policy(&scope).map_err(|error| match error {
            setup::Error::SessionPolicyTooLong { .. } if held => Error::CannotPin(PinLimit::Fewer),
            error => error.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(kms_key: Option<&str>) -> Narrowed {
        let endpoint = "https://s3.eu-west-1.amazonaws.com";
        Narrowed::of(endpoint, "eu-west-1", "models", kms_key).unwrap()
    }

    const TEAM: Tenant<'_> = Tenant {
        name: "vision",
        root: "shared/team_1/",
    };

    #[test]
    fn a_session_opens_its_teams_root_from_its_networks_alone() {
        let networks = ["203.0.113.0/24".parse().unwrap()];
        let policy = narrowed(None).policy(TEAM, &networks).unwrap();
        assert!(
            policy.contains("\"arn:aws:s3:::models/shared/team_1/*\""),
            "{policy}"
        );
        assert!(policy.contains("203.0.113.0/24"), "{policy}");
        assert!(
            !policy.contains("s3:*") && !policy.contains("ListBucket\""),
            "{policy}"
        );
        let open = narrowed(None).policy(TEAM, &[]).unwrap();
        assert!(!open.contains("Condition"), "{open}");
    }

    #[test]
    fn a_session_may_use_the_buckets_key() {
        let key = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        let policy = narrowed(Some(key)).policy(TEAM, &[]).unwrap();
        assert!(policy.contains("kms:GenerateDataKey"), "{policy}");
        assert!(policy.contains(key), "{policy}");
    }

    #[test]
    fn too_many_networks_are_refused_and_none_is_left_out() {
        let networks: Vec<Network> = (0..200)
            .map(|n| format!("203.0.{n}.0/24").parse().unwrap())
            .collect();
        let error = narrowed(None).policy(TEAM, &networks).unwrap_err();
        assert!(
            matches!(error, Error::CannotPin(PinLimit::Fewer)),
            "{error:?}"
        );
    }
}
