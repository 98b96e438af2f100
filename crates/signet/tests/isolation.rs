//! A team's URLs and keys, tried on every other team's bucket and root.
//!
//! Three teams: `vision` and `audio` share a bucket, `language` has another. Each URL of a team is
//! turned to every other team's object, where the store must refuse it, and then used as it is on the
//! team's own, where it must work. The same is run against a store that verifies nothing, where it
//! must find what is wrong.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking, in its helpers too; the table is for people"
)]

#[path = "support/world.rs"]
mod support;

use client::Api;
use presign::{Method, Request, Target, Timestamp, Ttl, Window, s3};
use protocol::admin::{NewTeam, NewToken, NewUser};
use protocol::bucket::NewBucket;
use protocol::layout::Layout;
use protocol::transfer::{
    NewUpload, PartDigest, SignPartsRequest, UrlMethod, UrlsObject, UrlsRequest,
};
use protocol::{Digest, Role, Sha256Digest, TeamName};
use server::clock::{Clock as _, SystemClock};
use sha2::Digest as _;
use support::{SIGNET, install_crypto};
use testkit::process::{ADMIN_TOKEN, Broker};
use testkit::store::{Container, careless, embedded, seaweedfs};

/// The object that each team has, and what is in it.
const KEY: &str = "shared.bin";
/// An object that goes up in parts, in bytes.
const LARGE_BYTES: u64 = (32 << 20) + 1;

fn sha256(bytes: &[u8]) -> Sha256Digest {
    Sha256Digest::from_bytes(sha2::Sha256::digest(bytes).into())
}

/// One request that a team's URL allows.
struct Allowed {
    name: &'static str,
    method: http::Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Allowed {
    /// Makes the request, with the URL's path replaced; returns the store's status.
    async fn send(&self, path: Option<&str>) -> u16 {
        let mut url = url::Url::parse(&self.url).unwrap();
        if let Some(path) = path {
            url.set_path(path);
        }
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = http
            .request(self.method.clone(), url)
            .body(self.body.clone());
        for (name, value) in &self.headers {
            if name != "content-length" {
                request = request.header(name, value);
            }
        }
        let response = request.send().await.unwrap();
        response.status().as_u16()
    }
}

struct Member {
    team: TeamName,
    container: Container,
    api: Api,
    /// The path of the team's object, as its URLs have it.
    path: String,
}

impl Member {
    /// A team in a registered bucket, with a member who has written the team's object.
    async fn join(broker: &Broker, team: &str, bucket: &str, container: &Container) -> Self {
        let admin = broker.api(ADMIN_TOKEN).unwrap();
        let name: TeamName = team.parse().unwrap();
        let new = NewTeam {
            name: name.clone(),
            bucket: Some(bucket.parse().unwrap()),
        };
        admin.create_team(&new).await.unwrap();
        let user = format!("{team}-member").parse().unwrap();
        let new = NewUser {
            name: format!("{team}-member").parse().unwrap(),
            instance_admin: false,
        };
        admin.create_user(&new).await.unwrap();
        admin.set_role(&name, &user, Role::Admin).await.unwrap();
        let token = admin
            .create_user_token(&user, &NewToken::default())
            .await
            .unwrap();
        let mut member = Self {
            team: name,
            container: container.clone(),
            api: broker.api(&token.secret).unwrap(),
            path: String::new(),
        };
        let put = member.allowed("put", UrlMethod::Put).await;
        let url = url::Url::parse(&put.url).unwrap();
        url.path().clone_into(&mut member.path);
        assert_eq!(put.send(None).await / 100, 2);
        member
    }

    async fn allowed(&self, name: &'static str, method: UrlMethod) -> Allowed {
        let body = match method {
            UrlMethod::Put => self.team.as_str().as_bytes().to_vec(),
            _ => Vec::new(),
        };
        let written = method == UrlMethod::Put;
        let request = UrlsRequest {
            method,
            objects: vec![UrlsObject {
                key: KEY.parse().unwrap(),
                sha256: written.then(|| sha256(&body)),
                size_bytes: written.then_some(body.len() as u64),
            }],
            ttl_seconds: None,
            save_as: None,
            audience: None,
            network: None,
        };
        let told = self.api.create_urls(&self.team, &request).await.unwrap();
        Allowed {
            name,
            method: match method {
                UrlMethod::Get => http::Method::GET,
                UrlMethod::Head => http::Method::HEAD,
                UrlMethod::Put => http::Method::PUT,
                UrlMethod::Delete => http::Method::DELETE,
            },
            url: told.urls[0].url.expose().to_owned(),
            headers: [&told.headers[..], &told.urls[0].headers].concat(),
            body,
        }
    }

    /// A URL for a part of an upload to the team's object.
    async fn part(&self) -> Allowed {
        let layout = Layout::of(LARGE_BYTES).unwrap();
        let (_, length) = layout.part(1).unwrap();
        let body = vec![7; usize::try_from(length).unwrap()];
        let mut parts = sha2::Sha256::new();
        for number in 1..=layout.part_count() {
            let (_, length) = layout.part(number).unwrap();
            parts.update(sha256(&body[..usize::try_from(length).unwrap()]).as_bytes());
        }
        let upload = self
            .api
            .create_upload(
                &self.team,
                &NewUpload {
                    key: KEY.parse().unwrap(),
                    size_bytes: LARGE_BYTES,
                    digest: Digest::Sha256Composite {
                        part_size_bytes: length,
                        composite: Sha256Digest::from_bytes(parts.finalize().into()),
                    },
                },
            )
            .await
            .unwrap();
        let part = PartDigest {
            number: 1,
            sha256: sha256(&body),
        };
        let request = SignPartsRequest {
            parts: vec![part],
            audience: None,
            network: None,
        };
        let signed = self.api.sign_parts(upload.id, &request).await.unwrap();
        Allowed {
            name: "part",
            method: http::Method::PUT,
            url: signed.parts[0].url.expose().to_owned(),
            headers: signed.parts[0].headers.clone(),
            body,
        }
    }

    /// A request for another path, signed with the key of the team's own bucket.
    fn by_own_key(&self, path: &str) -> Allowed {
        let (container, key) = path[1..].split_once('/').unwrap();
        let endpoint = s3::Endpoint::parse(
            &self.container.endpoint,
            s3::Addressing::Path,
            container,
            &self.container.region,
        )
        .unwrap();
        let credential = s3::Credential::new(
            self.container.access_key_id.clone(),
            self.container.secret_access_key.clone(),
        )
        .unwrap();
        let window = Window {
            from: Timestamp::from_unix_seconds(SystemClock.now().unix_seconds()),
            ttl: Ttl::from_seconds(600).unwrap(),
        };
        let url = s3::Signer::new(endpoint, credential)
            .sign(&Request::new(Method::Get, Target::Object(key)), window)
            .unwrap();
        Allowed {
            name: "key",
            method: http::Method::GET,
            url: url.expose().to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }
}

/// What was tried, and what came of it.
struct Try {
    team: TeamName,
    other: TeamName,
    what: &'static str,
    on_other: u16,
    on_own: u16,
}

impl Try {
    fn holds(&self) -> bool {
        self.on_other == 403 && self.on_own / 100 == 2
    }
}

/// Tries everything in this store.
async fn tries(containers: &[Container]) -> Vec<Try> {
    install_crypto();
    let mut broker = Broker::new(SIGNET, None).unwrap();
    broker.start().unwrap();
    let admin = broker.api(ADMIN_TOKEN).unwrap();
    for (bucket, container) in ["shared", "own"].into_iter().zip(containers) {
        let new = NewBucket {
            // A store that verifies nothing would be refused
            verify: false,
            ..container.registration(bucket).unwrap()
        };
        admin.create_bucket(&new).await.unwrap();
    }
    let members = [
        Member::join(&broker, "vision", "shared", &containers[0]).await,
        Member::join(&broker, "audio", "shared", &containers[0]).await,
        Member::join(&broker, "language", "own", &containers[1]).await,
    ];
    let mut tries = Vec::new();
    for member in &members {
        // Deleting comes last, as it ends what the others are tried on
        let mut allowed = vec![
            member.allowed("get", UrlMethod::Get).await,
            member.allowed("head", UrlMethod::Head).await,
            member.allowed("put", UrlMethod::Put).await,
            member.part().await,
        ];
        allowed.push(member.allowed("delete", UrlMethod::Delete).await);
        let others = members.iter().filter(|other| other.team != member.team);
        for other in others.clone() {
            for one in allowed.iter().filter(|one| one.name != "delete") {
                tries.push(Try {
                    team: member.team.clone(),
                    other: other.team.clone(),
                    what: one.name,
                    on_other: one.send(Some(&other.path)).await,
                    on_own: one.send(None).await,
                });
            }
            // Two teams in one bucket share its key: there only Signet keeps them apart
            if other.container.name != member.container.name {
                tries.push(Try {
                    team: member.team.clone(),
                    other: other.team.clone(),
                    what: "key",
                    on_other: member.by_own_key(&other.path).send(None).await,
                    on_own: member.by_own_key(&member.path).send(None).await,
                });
            }
        }
        let delete = &allowed[4];
        for other in others.clone() {
            let on_other = delete.send(Some(&other.path)).await;
            let on_own = delete.send(None).await;
            // The next team finds it there again
            member.allowed("put", UrlMethod::Put).await.send(None).await;
            tries.push(Try {
                team: member.team.clone(),
                other: other.team.clone(),
                what: "delete",
                on_other,
                on_own,
            });
        }
    }
    // Whatever was answered: nobody's object is another's
    for member in &members {
        let get = member.allowed("get", UrlMethod::Get).await;
        let body = reqwest::get(&get.url).await.unwrap();
        if body.status().is_success() {
            let text = body.text().await.unwrap();
            if text != member.team.as_str() {
                tries.push(Try {
                    team: member.team.clone(),
                    other: member.team.clone(),
                    what: "content",
                    on_other: 200,
                    on_own: 200,
                });
            }
        }
    }
    tries
}

fn show(store: &str, tries: &[Try]) {
    println!("\n{store}\n  team      on         what     theirs  own");
    for one in tries {
        println!(
            "  {:9} {:10} {:8} {:6} {:4}  {}",
            one.team.as_str(),
            one.other.as_str(),
            one.what,
            one.on_other,
            one.on_own,
            if one.holds() { "ok" } else { "OPEN" }
        );
    }
}

fn assert_all_hold(store: &str, tries: &[Try]) {
    show(store, tries);
    // Six pairs of teams, five URLs each, and the key where buckets differ
    assert_eq!(tries.len(), 6 * 5 + 4);
    assert!(tries.iter().all(Try::holds), "a team reaches another's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_url_and_no_key_opens_another_teams_bucket_or_root_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["team-vision", "team-language"];
    let (_store, containers) = embedded(folder.path(), &names).await.unwrap();
    assert_all_hold("embedded store", &tries(&containers).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_url_and_no_key_opens_another_teams_bucket_or_root_on_seaweedfs() {
    if let Some(containers) = seaweedfs() {
        assert_all_hold("SeaweedFS", &tries(&containers).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_verifies_nothing_is_found_out() {
    if let Some(containers) = careless() {
        let tries = tries(&containers).await;
        show("a store that verifies nothing", &tries);
        let open = tries.iter().filter(|one| one.on_other / 100 == 2).count();
        assert!(open >= 20, "only {open} were open: the test is blind");
    }
}
