//! A request of each kind that would succeed, about something that was just made for it.

use super::support::{TestApp, Who, sha256, use_url};
use protocol::artifact::{Committed, RegisteredEntries, RegisteredEntry, Version};
use protocol::transfer::{Upload, Urls};
use serde_json::{Value, json};

/// The bytes of the one object of [`Fixture`].
pub(crate) const CONTENT: &[u8] = b"an object of the team vision";

/// Size in bytes of an upload in parts.
pub(crate) const LARGE: u64 = 40 << 20;

/// What is there for all requests of a test: an artifact with one entry, and its collection.
#[derive(Debug)]
pub(crate) struct Fixture {
    /// The version `vision/imagenet/train:v0`.
    pub(crate) version: String,
    /// Its one object.
    pub(crate) object: String,
}

impl Fixture {
    /// Commits an artifact with one entry, as the member.
    pub(crate) async fn make(app: &TestApp) -> Self {
        let draft = begin(app, "train").await;
        let registered: RegisteredEntries = app
            .ask(
                Who::Member,
                "POST",
                &format!("/v1/versions/{draft}/entries"),
                json!({"entries": [entry("a.bin", CONTENT)]}),
            )
            .await
            .expect(200);
        let RegisteredEntry::Put { object_id, request } = &registered.entries[0] else {
            panic!("{registered:?}");
        };
        let url = request.url.expose();
        assert_eq!(use_url("PUT", url, &request.headers, CONTENT).await, 200);
        let landed = json!({"objects": [object_id]});
        let path = format!("/v1/versions/{draft}/landed");
        app.must(Who::Member, "POST", &path, landed, 200).await;
        let committed = commit(app, &draft).await;
        assert!(!committed.unchanged);
        Self {
            version: draft,
            object: object_id.to_string(),
        }
    }

    /// Path and body of a request of the kind that a row of the table names.
    pub(crate) async fn request(
        &self,
        app: &TestApp,
        row: &str,
        template: &str,
    ) -> (String, Value) {
        let mut path = template
            .replace("{team}", "vision")
            .replace("{project}", "imagenet");
        for (name, is_about) in [
            ("{user}", "user"),
            ("{principal}", "user"),
            ("{token}", "token"),
            ("{bucket}", "bucket"),
            ("{limit}", "limit"),
            ("{upload}", "upload"),
            ("{version}", "version"),
            ("{artifact}", "artifact"),
            ("{alias}", "alias"),
            ("{grant}", "grant"),
        ] {
            if path.contains(name) {
                let value = self.subject(app, row, is_about).await;
                path = path.replace(name, &value);
            }
        }
        if row.ends_with("of the team")
            && path.starts_with("/v1/grants") | path.starts_with("/v1/audit")
        {
            path.push_str("?team=vision");
        }
        if row == "delete_artifact" {
            path.push_str("?delete_aliases=true");
        }
        (path, self.body(app, row))
    }

    /// Something for one request to be about.
    async fn subject(&self, app: &TestApp, row: &str, is_about: &str) -> String {
        let of_team = row.ends_with("of the team");
        match is_about {
            "user" if of_team => service_account(app).await,
            "user" if matches!(row, "get_user" | "list_tokens" | "create_token") => {
                Who::Member.name().to_owned()
            }
            "user" => user(app).await,
            "token" => {
                let owner = if of_team {
                    service_account(app).await
                } else {
                    Who::Member.name().to_owned()
                };
                let path = format!("/v1/users/{owner}/tokens");
                let issued = app
                    .must(Who::InstanceAdmin, "POST", &path, json!({}), 201)
                    .await;
                issued["token"]["id"].as_str().unwrap().to_owned()
            }
            "bucket" => {
                let name = app.fresh("bucket");
                let bucket = app.new_bucket(&name, &name, "");
                app.must(Who::InstanceAdmin, "POST", "/v1/buckets", bucket, 201)
                    .await;
                name
            }
            "limit" => {
                let limit = app
                    .must(Who::InstanceAdmin, "POST", "/v1/limits", limit(), 201)
                    .await;
                limit["id"].as_str().unwrap().to_owned()
            }
            "upload" => self.upload(app).await,
            "version" => match row {
                "get_version" => self.version.clone(),
                "commit_version" | "verify_landed" => draft_with_content(app).await,
                _ => begin(app, "train").await,
            },
            "artifact" => match row {
                "list_versions" => "train".to_owned(),
                "delete_artifact" => another_version(app).await,
                "remove_alias" => "train:spare".to_owned(),
                _ => "train:v0".to_owned(),
            },
            "alias" => {
                let path = "/v1/teams/vision/projects/imagenet/artifacts/train:v0/aliases/spare";
                app.must(Who::Member, "PUT", path, Value::Null, 200).await;
                "spare".to_owned()
            }
            "grant" => {
                let request = json!({"method": "get", "objects": [{"key": "a"}]});
                let path = "/v1/teams/vision/urls";
                let urls: Urls = app
                    .ask(Who::Member, "POST", path, request)
                    .await
                    .expect(200);
                urls.grant_id.to_string()
            }
            other => panic!("nothing is known of a {other}"),
        }
    }

    fn body(&self, app: &TestApp, row: &str) -> Value {
        match row {
            "create_user" => json!({"name": app.fresh("user")}),
            "create_token"
            | "create_token of the team"
            | "create_own_token"
            | "commit_version"
            | "verify_bucket" => json!({}),
            "import_token_hash" => {
                let key = app.fresh("key");
                json!({"sha256": sha256(key.as_bytes()).to_hex()})
            }
            "import_own_token" => {
                let hash = sha256(app.fresh("key").as_bytes()).to_hex();
                json!({"secret": hash})
            }
            "create_team" => json!({"name": app.fresh("team")}),
            "change_team" => json!({"state": "active"}),
            "change_bucket" => json!({"allowed_networks": ["192.0.2.0/24"]}),
            "set_membership" => json!({"role": "member"}),
            "create_service_account" => json!({"name": app.fresh("robot"), "role": "viewer"}),
            "create_bucket" => {
                let name = app.fresh("bucket");
                app.new_bucket(&name, &name, "")
            }
            "get_bucket_policy" => json!({"principal": "arn:aws:iam::123456789012:role/signer"}),
            "create_limit" => limit(),
            "create_urls to get" => json!({"method": "get", "objects": [{"key": "a"}]}),
            "create_urls to head" => json!({"method": "head", "objects": [{"key": "a"}]}),
            "create_urls to delete" => json!({"method": "delete", "objects": [{"key": "a"}]}),
            "create_urls to put" => json!({"method": "put", "objects": [{
                "key": "a", "sha256": sha256(CONTENT).to_hex(), "size_bytes": CONTENT.len(),
            }]}),
            "begin_upload" => new_upload(app),
            "sign_parts" => json!({"parts": [{"number": 1, "sha256": sha256(b"1").to_hex()}]}),
            "begin_version" => json!({"collection": app.fresh("collection")}),
            "register_entries" => json!({"entries": [entry("b.bin", CONTENT)]}),
            "verify_landed" => json!({"objects": [self.object]}),
            _ => Value::Null,
        }
    }

    /// An open upload that the member began.
    pub(crate) async fn upload(&self, app: &TestApp) -> String {
        let path = "/v1/teams/vision/uploads";
        let upload: Upload = app
            .ask(Who::Member, "POST", path, new_upload(app))
            .await
            .expect(201);
        upload.id.to_string()
    }
}

/// A limit that narrows nothing that tests do.
fn limit() -> Value {
    json!({
        "subject": {"kind": "principal", "name": "outsider"},
        "rule": {"max_ttl_seconds": 3600},
    })
}

fn new_upload(app: &TestApp) -> Value {
    json!({
        "key": app.fresh("large"), "size_bytes": LARGE,
        "digest": composite(&[sha256(b"1").to_hex()]),
    })
}

/// A digest of parts for an object of [`LARGE`] bytes.
fn composite(parts: &[String]) -> String {
    let layout = protocol::layout::Layout::of(LARGE).unwrap();
    let digest = sha256(parts.concat().as_bytes()).to_hex();
    format!("{}:{digest}", layout.algorithm())
}

fn entry(path: &str, content: &[u8]) -> Value {
    json!({
        "path": path, "size_bytes": content.len(),
        "digest": format!("sha256:{}", sha256(content).to_hex()),
    })
}

/// A user who is a viewer of the team.
async fn user(app: &TestApp) -> String {
    let name = app.fresh("user");
    let body = json!({"name": name});
    app.must(Who::InstanceAdmin, "POST", "/v1/users", body, 201)
        .await;
    app.set_role("vision", &name, "viewer").await;
    name
}

/// A service account that the team owns.
async fn service_account(app: &TestApp) -> String {
    let name = app.fresh("robot");
    let body = json!({"name": name, "role": "viewer"});
    let path = "/v1/teams/vision/service-accounts";
    app.must(Who::Admin, "POST", path, body, 201).await;
    name
}

/// A draft that the member began.
pub(crate) async fn begin(app: &TestApp, collection: &str) -> String {
    let path = "/v1/teams/vision/projects/imagenet/artifacts";
    let body = json!({"collection": collection});
    let version: Version = app.ask(Who::Member, "POST", path, body).await.expect(201);
    version.id.to_string()
}

/// A draft of new content that needs no upload.
async fn draft_with_content(app: &TestApp) -> String {
    let draft = begin(app, "train").await;
    let path = format!("/v1/versions/{draft}/entries");
    let name = app.fresh("entry");
    let body = json!({"entries": [entry(&name, CONTENT)]});
    app.must(Who::Member, "POST", &path, body, 200).await;
    draft
}

/// Commits a draft, as the member.
pub(crate) async fn commit(app: &TestApp, draft: &str) -> Committed {
    let path = format!("/v1/versions/{draft}/commit");
    app.ask(Who::Member, "POST", &path, json!({}))
        .await
        .expect(200)
}

/// Another version of the artifact, by its number.
async fn another_version(app: &TestApp) -> String {
    let draft = draft_with_content(app).await;
    let committed = commit(app, &draft).await;
    format!("train:v{}", committed.version.index.unwrap())
}
