//! SeaweedFS, where `SIGNET_TEST_S3` describes one: a store that others wrote, with policies of its own.

use crate::support::{
    assert_unfit, bucket, check, client, described, faults, holds_no_secret, probe, shown, skipped,
    stores,
};
use presign::{Method, Request, Target, Ttl, Window, s3};
use protocol::bucket::{
    Attribution, CredentialPlan, Isolation, NetworkControl, StorePlace, Verdict, VerifyReport,
};
use serde::Deserialize;
use server::clock::{Clock, SystemClock};
use server::policy::BucketFacts;
use std::sync::Arc;

#[derive(Deserialize)]
struct Described {
    endpoint: String,
    region: String,
    admin: Key,
    role: Role,
    buckets: Vec<Named>,
}

#[derive(Deserialize)]
struct Role {
    role_arn: String,
    sts_endpoint: String,
}

#[derive(Deserialize)]
struct Key {
    access_key_id: String,
    secret_access_key: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    key: Key,
}

impl Described {
    fn find() -> Option<Self> {
        described("SIGNET_TEST_S3")
    }

    /// A bucket, opened by a key.
    fn bucket(&self, name: &str, key: &Key, prefix: &str) -> BucketFacts {
        let place = StorePlace::s3(&self.endpoint, &self.region, name);
        let plan = CredentialPlan::access_key(&key.access_key_id, &key.secret_access_key);
        BucketFacts {
            prefix: prefix.into(),
            ..bucket(place, &plan)
        }
    }

    /// The same, opened by sessions of a role.
    fn by_sessions(&self, name: &str, prefix: &str) -> BucketFacts {
        let plan = serde_json::json!({
            "plan": "assume-role", "role_arn": self.role.role_arn, "session_seconds": 900,
            "access_key_id": self.admin.access_key_id,
            "secret_access_key": self.admin.secret_access_key,
            "sts_endpoint": self.role.sts_endpoint,
        });
        let place = StorePlace::s3(&self.endpoint, &self.region, name);
        BucketFacts {
            prefix: prefix.into(),
            ..bucket(place, &serde_json::from_value(plan).unwrap())
        }
    }

    /// Sets the policy of a bucket, or takes it away, as the store's administrator.
    async fn set_policy(&self, name: &str, policy: Option<&serde_json::Value>) {
        let signer = s3::Signer::new(
            s3::Endpoint::parse(&self.endpoint, s3::Addressing::Path, name, &self.region).unwrap(),
            s3::Credential::new(
                self.admin.access_key_id.as_str(),
                self.admin.secret_access_key.as_str(),
            )
            .unwrap(),
        );
        let method = if policy.is_some() {
            Method::Put
        } else {
            Method::Delete
        };
        let request = Request {
            query: &[("policy", "")],
            ..Request::new(method, Target::Bucket)
        };
        let window = Window {
            from: presign::Timestamp::from_unix_seconds(SystemClock.now().unix_seconds()),
            ttl: Ttl::from_seconds(60).unwrap(),
        };
        let url = signer.sign(&request, window).unwrap();
        let answer = client()
            .request(method.as_str().parse().unwrap(), url.expose())
            .body(policy.map(ToString::to_string).unwrap_or_default())
            .send()
            .await
            .unwrap();
        let status = answer.status();
        assert!(
            status.is_success(),
            "{status}: {}",
            answer.text().await.unwrap()
        );
    }
}

async fn verify(bucket: BucketFacts) -> VerifyReport {
    let report = stores(Arc::new(SystemClock))
        .check(&Arc::new(bucket), check(&[]))
        .await;
    holds_no_secret(&report);
    report
}

#[tokio::test]
async fn a_good_bucket_of_seaweedfs_passes() {
    let Some(store) = Described::find() else {
        return;
    };
    let own = store.buckets.first().unwrap();
    let report = verify(store.bucket(&own.name, &own.key, "good/")).await;
    assert_eq!(faults(&report), ["tls"], "{}", shown(&report));
    let browsers = [
        "cors.get",
        "cors.head",
        "cors.put",
        "cors.etag",
        "cors.checksum",
    ];
    let expected: Vec<&str> = ["isolation", "network", "bucket-policy", "addresses"]
        .into_iter()
        .chain(browsers)
        .collect();
    assert_eq!(skipped(&report), expected);
    let proven = report.capabilities.unwrap();
    assert_eq!(proven.attribution, Attribution::SignedParameter);
    assert!(proven.binds_sha256 && proven.binds_part_sha256 && proven.binds_length);
    assert!(proven.writes_once && proven.multipart);
}

#[tokio::test]
async fn sessions_of_seaweedfs_are_found_to_open_one_root_and_to_hold_networks() {
    let Some(store) = Described::find() else {
        return;
    };
    let own = store.buckets.first().unwrap();
    let report = verify(store.by_sessions(&own.name, "sessions/")).await;
    let proven = report.capabilities.clone().unwrap();
    assert_eq!(proven.isolation, Isolation::Store, "{}", shown(&report));
    assert_eq!(proven.network, NetworkControl::Store, "{}", shown(&report));
    assert!(
        (600..900).contains(&proven.longest_upload_url_seconds),
        "{proven:?}"
    );
    let found = probe(&report, "life");
    assert_eq!(found.verdict, Verdict::Warning);
    let fix = found.fix.as_deref().unwrap();
    assert!(fix.contains("cannot renew one"), "{fix}");
}

#[tokio::test]
async fn the_key_of_another_bucket_of_seaweedfs_is_named() {
    let Some(store) = Described::find() else {
        return;
    };
    let [own, other, ..] = store.buckets.as_slice() else {
        panic!("two buckets are needed");
    };
    let report = verify(store.bucket(&own.name, &other.key, "other/")).await;
    assert_unfit(&report, "put", "`s3:PutObject`");
    let mut wrong = store.bucket(&own.name, &own.key, "secret/");
    let plan = CredentialPlan::access_key(&own.key.access_key_id, "no-secret-of-anybody");
    wrong.sealed_plan = bucket(wrong.place.clone(), &plan).sealed_plan;
    assert_unfit(&verify(wrong).await, "credential", "check the secret");
}

/// T38: a policy of the bucket stands above what the key may do, and is read where the key may.
#[tokio::test]
async fn what_a_policy_of_seaweedfs_denies_and_holds_to_is_named() {
    let Some(store) = Described::find() else {
        return;
    };
    let own = store.buckets.last().unwrap();
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject",
            "Resource": format!("arn:aws:s3:::{}/denied/*", own.name),
        }, {
            "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": format!("arn:aws:s3:::{}/held/*", own.name),
            "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}},
        }],
    });
    let before = verify(store.bucket(&own.name, &store.admin, "held/")).await;
    store.set_policy(&own.name, Some(&policy)).await;
    let report = verify(store.bucket(&own.name, &own.key, "denied/")).await;
    let held = verify(store.bucket(&own.name, &store.admin, "held/")).await;
    let free = verify(store.bucket(&own.name, &store.admin, "free/")).await;
    store.set_policy(&own.name, None).await;
    for (report, verdict, network) in [
        (before, Verdict::Skipped, NetworkControl::BrokerOnly),
        (held, Verdict::Ok, NetworkControl::BucketPolicy),
        (free, Verdict::Ok, NetworkControl::BrokerOnly),
    ] {
        let found = probe(&report, "bucket-policy");
        assert_eq!(found.verdict, verdict, "{found:?}");
        assert_eq!(report.capabilities.unwrap().network, network);
    }
    assert_unfit(&report, "delete", "let no policy of the bucket deny it");
    assert_eq!(
        probe(&report, "put").verdict,
        Verdict::Ok,
        "{}",
        shown(&report)
    );
    assert_eq!(probe(&report, "tidy").verdict, Verdict::Warning);
}
