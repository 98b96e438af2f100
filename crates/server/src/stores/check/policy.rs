//! The bucket's own policy, as far as it says what its URLs are held to. It is read and not tried: no
//! request can be made from another network, or with a signature that is older than it is.

use super::LONG_UPLOAD_SECONDS;
use super::findings::Findings;
use super::fix;
use super::name::Name;
use super::subject::Subject;
use crate::stores::setup::evaluate::{HeldTo, held_to};

pub(super) async fn probe(subject: &Subject, findings: &Findings) -> HeldTo {
    let name = Name::BucketPolicy;
    let Some((object, signer)) = subject.in_policies() else {
        findings.skipped(name, "only the policies of S3 and its kin are read");
        return HeldTo::default();
    };
    let policy = match subject.control().bucket_policy().await {
        Ok(Some(policy)) => policy,
        Ok(None) => {
            findings.skipped(name, "the bucket has no policy");
            return HeldTo::default();
        }
        Err(error) => {
            findings.skipped(
                name,
                format!(
                    "{}: what the policy holds URLs to is told when the server may read it (`s3:GetBucketPolicy`)",
                    fix::evidence(&error)
                ),
            );
            return HeldTo::default();
        }
    };
    match held_to(&policy, &object, signer) {
        Err(error) => {
            findings.skipped(name, format!("the policy is not understood: {error}"));
            HeldTo::default()
        }
        Ok(held) => {
            told(held, findings);
            held
        }
    }
}

fn told(held: HeldTo, findings: &Findings) {
    let networks = if held.networks {
        "the policy refuses requests from networks that it does not name"
    } else {
        "the policy holds URLs to no network"
    };
    match held.max_signature_age_seconds {
        None => findings.ok(Name::BucketPolicy, networks),
        Some(seconds) => {
            let evidence =
                format!("{networks}; it takes no signature that is older than {seconds} s");
            if seconds < LONG_UPLOAD_SECONDS {
                findings.warned(
                    Name::BucketPolicy,
                    evidence,
                    format!(
                        "upload URLs end at that age, and a stock W&B client cannot renew one; let `s3:signatureAge` be {LONG_UPLOAD_SECONDS}000 or more"
                    ),
                );
            } else {
                findings.ok(Name::BucketPolicy, evidence);
            }
        }
    }
}
