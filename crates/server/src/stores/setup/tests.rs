//! What the documents do, judged by the evaluator, and what they look like.

mod bucket_policy;
mod clouds;
mod merging;
mod sessions;
mod sets;

use super::evaluate::{Access, Caller, Decision, evaluate, held_to};
use super::*;
use serde_json::Value;

const SIGNING: &str = "arn:aws:iam::111122223333:role/signet-signing";
const CONTROL: &str = "arn:aws:iam::111122223333:role/signet-control";
const OTHER: &str = "arn:aws:iam::111122223333:user/eve";
const VISION: &str = "signet/team_018f0000000070008000000000000001/";
const SPEECH: &str = "signet/team_018f0000000070008000000000000002/";

fn team(name: &str, root: &str) -> Team {
    Team {
        name: name.parse().unwrap(),
        root: root.parse().unwrap(),
    }
}

fn two_teams() -> Vec<Team> {
    vec![team("vision", VISION), team("speech", SPEECH)]
}

/// A bucket in AWS with everything that a bucket can have but a role.
fn bucket() -> S3Bucket {
    S3Bucket {
        store: S3Store::Aws(Partition::Aws),
        place: Place::new("acme-data", "signet/").unwrap(),
        region: "eu-west-1".parse().unwrap(),
        teams: two_teams(),
        signing: SIGNING.parse().unwrap(),
        control: Some(CONTROL.parse().unwrap()),
        control_auth: ControlAuth::Header,
        networks: vec![
            "203.0.113.0/24".parse().unwrap(),
            "2001:db8:1::/48".parse().unwrap(),
        ],
        vpc_endpoints: vec!["vpce-0a1b2c3d4e5f60718".parse().unwrap()],
        max_signature_age_seconds: Some(86_400),
        kms_key: Some(
            "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
                .parse()
                .unwrap(),
        ),
        origins: vec!["https://signet.example.com".parse().unwrap()],
        access_log: Some(AccessLog {
            target: Place::new("acme-logs", "acme-data/").unwrap(),
        }),
        assume_role: None,
    }
}

/// The same with one identity, a role that Signet assumes.
fn bucket_with_role() -> S3Bucket {
    S3Bucket {
        control: None,
        control_auth: ControlAuth::Query,
        assume_role: Some(AssumeRole {
            principal: "arn:aws:iam::444455556666:user/signet".parse().unwrap(),
            external_id: "bkt_018f0000000070008000000000000009".parse().unwrap(),
        }),
        ..bucket()
    }
}

/// A bucket in another store.
fn compatible_bucket() -> S3Bucket {
    S3Bucket {
        store: S3Store::Compatible,
        signing: "arn:aws:iam:::user/signet".parse().unwrap(),
        control: None,
        ..bucket()
    }
}

fn body(setup: &Setup, kind: Kind) -> Value {
    setup.of(kind).next().unwrap().body.clone()
}

fn policy(bucket: &S3Bucket) -> Value {
    body(&bucket.setup().unwrap(), Kind::BucketPolicy)
}

fn object(key: &str) -> String {
    format!("arn:aws:s3:::acme-data/{key}")
}

/// What a policy says, as text: `+Objects`, `-Network` or nothing, without our mark.
fn said(policy: &Value, request: &Access) -> String {
    let name = |name: String| name.get(14..).unwrap_or(&name).to_owned();
    match evaluate(std::slice::from_ref(policy), request).unwrap() {
        Decision::Allow(by) => format!("+{}", name(by)),
        Decision::Deny(by) => format!("-{}", name(by)),
        Decision::NotAllowed => String::new(),
    }
}
