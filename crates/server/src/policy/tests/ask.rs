//! Puts an operation of the tables to [`authorize`].

use super::super::*;
use super::team::bucket_id;
use super::{NOW, principal_id};
use protocol::Role;
use protocol::admin::{
    ImportToken, ImportTokenHash, LimitRule, LimitSubject, NewLimit, NewServiceAccount, NewTeam,
    NewToken, NewUser, State, TeamChange,
};
use protocol::artifact::{Commit, NewEntry, NewVersion, VersionState};
use protocol::bucket::{BucketChange, CredentialPlan, NewBucket, StorePlace};
use protocol::id::{CollectionId, LimitId, ObjectId, ProjectId, TokenId, UploadId, VersionId};
use protocol::layout::Layout;
use protocol::transfer::{NewUpload, Reach, UploadState, UrlMethod, UrlsObject, UrlsRequest};
use protocol::{Digest, Sha256Digest, Timestamp};
use std::sync::Arc;
use std::time::Duration;

type Answer = Result<(), Denial>;

const BYTES: u64 = 100;

fn ask<Op: Operation>(who: &Caller, name: &str, op: Op) -> Answer {
    assert_eq!(op.name(), name.split(' ').next().unwrap());
    match authorize(who, op, NOW) {
        Ok(_permit) => Ok(()),
        Err(refused) => Err(refused.denial),
    }
}

fn sha256() -> Sha256Digest {
    Sha256Digest::from_bytes([7; 32])
}

fn word<T: serde::de::DeserializeOwned>(word: &str) -> T {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).unwrap()
}

pub(super) fn instance(name: &str, who: &Caller) -> Answer {
    let bucket = || Arc::new(super::team::bucket_facts(1, State::Active));
    match name {
        "self:read" => ask(who, name, ReadSelf {}),
        "token:import" => {
            let request = ImportToken {
                secret: "s".repeat(40),
                label: String::new(),
            };
            ask(who, name, ImportOwnToken { request })
        }
        "user:create" => {
            let request = NewUser {
                name: "bob".parse().unwrap(),
                instance_admin: false,
            };
            ask(who, name, CreateUser { request })
        }
        "team:create" => {
            let request = NewTeam {
                name: "vision".parse().unwrap(),
                bucket: None,
            };
            ask(who, name, CreateTeam { request })
        }
        "bucket:create" => {
            let place = StorePlace::s3("https://s3.example.org", "us-east-1", "container");
            let credential = CredentialPlan::access_key("AKIDEXAMPLE", "secret");
            let request = NewBucket::new("shared".parse().unwrap(), place, credential);
            ask(who, name, CreateBucket { request })
        }
        "bucket:read" => ask(who, name, ReadBuckets {}),
        "bucket:verify" => {
            let (bucket, request) = (bucket(), protocol::bucket::VerifyBucket::default());
            ask(who, name, VerifyBucket { bucket, request })
        }
        "bucket:update" => {
            let change = BucketChange::default();
            let bucket = bucket();
            ask(who, name, ChangeBucket { bucket, change })
        }
        "bucket:remove" => ask(who, name, RemoveBucket { bucket: bucket() }),
        "limit:set" => {
            let request = NewLimit {
                subject: LimitSubject::Team("vision".parse().unwrap()),
                rule: LimitRule::default(),
            };
            ask(who, name, SetLimit { request })
        }
        "limit:read" => ask(who, name, ReadLimits {}),
        "limit:remove" => {
            let limit = LimitId::from_parts(1, [1; 10]);
            ask(who, name, RemoveLimit { limit })
        }
        "audit:read" => ask(who, name, ReadAudit {}),
        _ => panic!("`{name}` is not about the instance"),
    }
}

pub(super) fn subject(
    name: &str,
    who: &Caller,
    subject: &Standing,
    owner_team: Option<&Arc<TeamFacts>>,
) -> Answer {
    let subject = Arc::new(subject.clone());
    let owner_team = owner_team.cloned();
    match name {
        "principal:read" => ask(who, name, ReadPrincipal { subject }),
        "principal:suspend" => ask(
            who,
            name,
            SuspendPrincipal {
                subject,
                owner_team,
            },
        ),
        "principal:reinstate" => ask(
            who,
            name,
            ReinstatePrincipal {
                subject,
                owner_team,
            },
        ),
        "principal:remove" => ask(
            who,
            name,
            RemovePrincipal {
                subject,
                owner_team,
            },
        ),
        "token:list" => ask(
            who,
            name,
            ListTokens {
                subject,
                owner_team,
            },
        ),
        "token:create" => {
            let request = NewToken::default();
            ask(
                who,
                name,
                CreateToken {
                    subject,
                    owner_team,
                    request,
                },
            )
        }
        "token:revoke" => {
            let token = TokenId::from_parts(1, [1; 10]);
            ask(
                who,
                name,
                RevokeToken {
                    token,
                    subject,
                    owner_team,
                },
            )
        }
        "token:import-hash" => {
            let request = ImportTokenHash {
                sha256: sha256(),
                label: String::new(),
            };
            ask(who, name, ImportTokenFor { subject, request })
        }
        _ => panic!("`{name}` is not about a principal"),
    }
}

fn urls(team: Arc<TeamFacts>, method: UrlMethod) -> PlainUrls {
    let put = method == UrlMethod::Put;
    let object = |size: u64| UrlsObject {
        key: format!("weights-{size}.bin").parse().unwrap(),
        sha256: put.then(sha256),
        size_bytes: put.then_some(size),
    };
    PlainUrls {
        team,
        request: UrlsRequest {
            method,
            objects: vec![object(1), object(BYTES), object(2)],
            ttl_seconds: None,
            save_as: None,
            audience: None,
            network: None,
        },
    }
}

pub(super) fn team(
    name: &str,
    who: &Caller,
    team: &Arc<TeamFacts>,
    own: bool,
    about: Option<&str>,
) -> Answer {
    let started_by = if own {
        who.principal_id()
    } else {
        principal_id(99)
    };
    let team = Arc::clone(team);
    match name {
        "url:issue get" => ask(who, name, urls(team, UrlMethod::Get)),
        "url:issue head" => ask(who, name, urls(team, UrlMethod::Head)),
        "url:issue put" => ask(who, name, urls(team, UrlMethod::Put)),
        "url:issue delete" => ask(who, name, urls(team, UrlMethod::Delete)),
        "artifact:read" => ask(who, name, ReadRegistry { team }),
        "artifact:begin" => {
            let request = NewVersion {
                collection: "train".parse().unwrap(),
                kind: None,
                description: None,
                metadata: None,
            };
            let project = "imagenet".parse().unwrap();
            ask(
                who,
                name,
                BeginVersion {
                    team,
                    project,
                    request,
                },
            )
        }
        "team:read" => ask(who, name, ReadTeam { team }),
        "team:update" => {
            let change = TeamChange::default();
            ask(who, name, ChangeTeam { team, change })
        }
        "membership:set" => {
            let subject = "somebody".parse().unwrap();
            let role = Role::Viewer;
            ask(
                who,
                name,
                SetMembership {
                    team,
                    subject,
                    role,
                },
            )
        }
        "membership:remove" => {
            let subject = if own {
                who.standing().name.clone()
            } else {
                "somebody".parse().unwrap()
            };
            ask(who, name, RemoveMembership { team, subject })
        }
        "service-account:create" => {
            let request = NewServiceAccount {
                name: "robot".parse().unwrap(),
                role: Role::Member,
            };
            ask(who, name, CreateServiceAccount { team, request })
        }
        "audit:read-team" => ask(who, name, ReadTeamAudit { team }),
        "upload:begin" => {
            let request = NewUpload {
                key: "weights.bin".parse().unwrap(),
                size_bytes: BYTES,
                digest: Digest::Sha256(sha256()),
            };
            ask(who, name, BeginUpload { team, request })
        }
        _ if name.starts_with("upload:") => {
            // An upload that expired is open for as long as the sweep has not come by
            let (state, expires_at) = match about.unwrap() {
                "expired" => (UploadState::Open, NOW),
                state => (word(state), NOW.plus(Duration::from_millis(1))),
            };
            on_upload(name, who, upload(team, started_by, state, expires_at))
        }
        _ => on_version(name, who, version(team, started_by, word(about.unwrap()))),
    }
}

fn upload(
    team: Arc<TeamFacts>,
    started_by: protocol::id::PrincipalId,
    state: UploadState,
    expires_at: Timestamp,
) -> UploadFacts {
    UploadFacts {
        id: UploadId::from_parts(1, [1; 10]),
        team,
        bucket_id: bucket_id(1),
        object_id: ObjectId::from_parts(1, [1; 10]),
        started_by,
        key: "key".parse().unwrap(),
        store_upload_id: "store".into(),
        layout: Layout::of(BYTES).unwrap(),
        size_bytes: BYTES,
        digest: Digest::Sha256(sha256()),
        state,
        expires_at,
    }
}

fn on_upload(name: &str, who: &Caller, upload: UploadFacts) -> Answer {
    match name {
        "upload:list-parts" => ask(who, name, ListParts { upload }),
        "upload:sign-parts" => ask(
            who,
            name,
            SignParts {
                upload,
                parts: Vec::new(),
                reach: Reach::default(),
            },
        ),
        "upload:complete" => ask(who, name, CompleteUpload { upload }),
        "upload:abort" => ask(who, name, AbortUpload { upload }),
        _ => panic!("`{name}` is not about an upload"),
    }
}

fn version(
    team: Arc<TeamFacts>,
    started_by: protocol::id::PrincipalId,
    state: VersionState,
) -> VersionFacts {
    VersionFacts {
        id: VersionId::from_parts(1, [1; 10]),
        team,
        project_id: ProjectId::from_parts(1, [1; 10]),
        project: "imagenet".parse().unwrap(),
        collection_id: CollectionId::from_parts(1, [1; 10]),
        collection: "train".parse().unwrap(),
        bucket_id: bucket_id(1),
        started_by,
        state,
        index: None,
    }
}

fn on_version(name: &str, who: &Caller, version: VersionFacts) -> Answer {
    match name {
        "artifact:register" => {
            let entry = NewEntry {
                path: "a.bin".parse().unwrap(),
                size_bytes: BYTES,
                digest: Digest::Sha256(sha256()),
            };
            ask(
                who,
                name,
                RegisterEntries {
                    version,
                    entries: vec![entry],
                    reach: Reach::default(),
                },
            )
        }
        "artifact:landed" => ask(
            who,
            name,
            VerifyLanded {
                version,
                objects: Vec::new(),
            },
        ),
        "artifact:commit" => {
            let commit = Commit {
                aliases: Vec::new(),
            };
            ask(who, name, CommitVersion { version, commit })
        }
        "artifact:abandon" => ask(who, name, AbandonVersion { version }),
        "artifact:download" => {
            let (after, ttl_seconds) = (None, None);
            ask(
                who,
                name,
                DownloadVersion {
                    version,
                    after,
                    ttl_seconds,
                    reach: Reach::default(),
                },
            )
        }
        "artifact:set-alias" => ask(
            who,
            name,
            SetAlias {
                version,
                alias: "best".parse().unwrap(),
            },
        ),
        "artifact:remove-alias" => ask(
            who,
            name,
            RemoveAlias {
                version,
                alias: "best".parse().unwrap(),
            },
        ),
        "artifact:delete" => ask(
            who,
            name,
            DeleteVersion {
                version,
                delete_aliases: false,
            },
        ),
        _ => panic!("`{name}` is not about a version"),
    }
}
