//! S3's signatures against SeaweedFS.

mod accepted;
mod bodies;
mod changes;
mod harmless;
mod keys;
mod known;
mod multipart;

use presign::{
    Method, Request, Target, Window,
    s3::{Addressing, Credential, Endpoint, Signer, Verifier},
};
use serde::Deserialize;

use crate::{
    described,
    http::{Reply, Server},
    now,
    sending::Sending,
    table::{OK, Store, check},
    window,
};

const MISMATCH: &str = "403 SignatureDoesNotMatch";
const DENIED: &str = "403 AccessDenied";
const MALFORMED: &str = "400 AuthorizationQueryParametersError";
const GRANT: (&str, &str) = ("x-grant", "grt_01");

/// The store with two buckets, each opened by its own key alone.
struct SeaweedFs {
    server: Server,
    endpoint: String,
    region: String,
    buckets: Vec<Bucket>,
    verifier: Verifier,
}

struct Bucket {
    name: String,
    credential: Credential,
}

#[derive(Deserialize)]
struct Described {
    endpoint: String,
    region: String,
    buckets: Vec<DescribedBucket>,
}

#[derive(Deserialize)]
struct DescribedBucket {
    name: String,
    access_key_id: String,
    secret_access_key: String,
}

impl SeaweedFs {
    fn find() -> Option<Self> {
        let described: Described = described("SIGNET_TEST_S3")?;
        let server = Server::new(&described.endpoint);
        let (_, port) = server.address().split_once(':').unwrap();
        let hosts = [server.address().to_owned(), format!("s3.localhost:{port}")];
        let bucket = |it: DescribedBucket| Bucket {
            name: it.name,
            credential: Credential::new(it.access_key_id, it.secret_access_key).unwrap(),
        };
        Some(Self {
            verifier: Verifier::new(described.region.as_str()).with_hosts(hosts),
            server,
            endpoint: described.endpoint,
            region: described.region,
            buckets: described.buckets.into_iter().map(bucket).collect(),
        })
    }

    /// The bucket that URLs are for.
    fn own(&self) -> &Bucket {
        &self.buckets[0]
    }

    /// A bucket that they must not open.
    fn other(&self) -> &Bucket {
        &self.buckets[1]
    }

    fn signer(&self, region: &str, credential: &Credential) -> Signer {
        let name = &self.own().name;
        let endpoint = Endpoint::parse(&self.endpoint, Addressing::Path, name, region).unwrap();
        Signer::new(endpoint, credential.clone())
    }

    /// Signs a request for the own bucket, from now.
    fn sign(&self, request: &Request<'_>) -> Sending {
        self.sign_for(request, window(0, 600))
    }

    fn sign_for(&self, request: &Request<'_>, window: Window) -> Sending {
        let signer = self.signer(&self.region, &self.own().credential);
        send_as_signed(&signer, request, window)
    }

    fn get(&self, key: &str) -> Sending {
        self.sign(&Request {
            query: &[GRANT],
            ..Request::new(Method::Get, Target::Object(key))
        })
    }

    fn put(&self, key: &str) -> Sending {
        let request = Request {
            query: &[GRANT],
            ..Request::new(Method::Put, Target::Object(key))
        };
        self.sign(&request).with_body("hello")
    }

    /// Writes an object for a table to be about.
    fn make(&self, key: &str) {
        assert_eq!(self.send(&self.put(key)).status, 200);
    }
}

fn send_as_signed(signer: &Signer, request: &Request<'_>, window: Window) -> Sending {
    let url = signer.sign(request, window).unwrap();
    Sending::new(request.method.as_str(), url.expose(), request.headers)
}

impl Store for SeaweedFs {
    fn send(&self, sending: &Sending) -> Reply {
        self.server.send(sending)
    }

    fn judge(&self, sending: &Sending) -> String {
        let verdict = sending.wire.receive(|received| {
            self.verifier.verify(received, now(), |id| {
                let mut credentials = self.buckets.iter().map(|bucket| &bucket.credential);
                credentials.find(|it| it.access_key_id() == id)
            })
        });
        match verdict {
            Ok(_) => OK.to_owned(),
            Err(refusal) => format!("{} {}", refusal.status(), refusal.s3_code()),
        }
    }
}
