//! S3: what boto3 signs.

use presign::{
    Request, Target, Timestamp, Ttl, Window,
    s3::{Addressing, Credential, Endpoint, Signer},
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    comparison::{self, Exception, Outcome},
    draw::Draw,
    s3_operation::{OPERATIONS, Wire},
    text,
};

#[test]
fn urls_equal_those_of_boto3() {
    comparison::compare("s3", EXCEPTIONS, Case::draw);
}

const EXCEPTIONS: &[Exception<Case>] = &[
    Exception {
        class: "empty key",
        outcome: Outcome::BothRefuse,
        make: |case| case.set_key(""),
    },
    // No store takes it, so that a URL would be of no use; boto3 leaves that to the store.
    Exception {
        class: "key of 1,025 bytes",
        outcome: Outcome::WeRefuse,
        make: |case| case.set_key(&"k".repeat(1025)),
    },
    // HTTP knows no blank but space and tab. Python's `split` takes off more, so that boto3
    // signs another value than it sends.
    Exception {
        class: "no-break space in a header",
        outcome: Outcome::OtherUrl,
        make: |case| case.put_with_content_type("text/plain;\u{a0}charset=utf-8"),
    },
    // It cannot be sent. Python's `split` makes a space of it.
    Exception {
        class: "line break in a header",
        outcome: Outcome::WeRefuse,
        make: |case| case.put_with_content_type("text/plain\r\nx-amz-acl: public-read"),
    },
];

/// Where boto3 finds the store.
#[derive(Clone, Copy, Debug, Serialize)]
struct Site {
    region: &'static str,
    /// `None` where boto3 knows the address by itself.
    endpoint_url: Option<&'static str>,
    style: &'static str,
    fips: bool,
    dual_stack: bool,
    /// The address that boto3 has to find; `None` where [`Endpoint::aws`] is to find it.
    #[serde(skip)]
    address: Option<&'static str>,
}

impl Site {
    const fn aws(region: &'static str, style: &'static str) -> Self {
        Self {
            region,
            endpoint_url: None,
            style,
            fips: false,
            dual_stack: false,
            address: None,
        }
    }

    const fn other(region: &'static str, url: &'static str, style: &'static str) -> Self {
        Self {
            endpoint_url: Some(url),
            address: Some(url),
            ..Self::aws(region, style)
        }
    }

    const fn known_as(self, address: &'static str) -> Self {
        Self {
            address: Some(address),
            ..self
        }
    }
}

const SITES: &[Site] = &[
    Site::aws("us-east-1", "virtual"),
    Site::aws("eu-west-1", "virtual"),
    Site::aws("ap-southeast-2", "virtual"),
    Site::aws("us-gov-west-1", "virtual"),
    Site::aws("cn-north-1", "virtual"),
    Site::aws("us-east-1", "path").known_as("https://s3.us-east-1.amazonaws.com"),
    Site::aws("cn-northwest-1", "path").known_as("https://s3.cn-northwest-1.amazonaws.com.cn"),
    Site::aws("us-iso-east-1", "virtual").known_as("https://s3.us-iso-east-1.c2s.ic.gov"),
    Site::aws("eusc-de-east-1", "virtual").known_as("https://s3.eusc-de-east-1.amazonaws.eu"),
    Site {
        fips: true,
        ..Site::aws("us-gov-east-1", "virtual")
            .known_as("https://s3-fips.us-gov-east-1.amazonaws.com")
    },
    Site {
        dual_stack: true,
        ..Site::aws("eu-west-1", "path").known_as("https://s3.dualstack.eu-west-1.amazonaws.com")
    },
    Site::other("us-east-1", "http://127.0.0.1:8333", "path"),
    Site::other("us-east-1", "http://[::1]:9000", "path"),
    Site::other("auto", "https://store.example.com", "path"),
    Site::other("eu-1", "https://store.example.com", "virtual"),
    Site::other("eu-1", "http://store.example.com:9000", "virtual"),
];

#[derive(Debug, Serialize)]
struct Case {
    site: Site,
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    at: i64,
    ttl: u32,
    operation: &'static str,
    /// As boto3 calls them.
    parameters: Map<String, Value>,
    /// Parameters of the query that S3 does not know.
    further: Vec<(String, String)>,
    #[serde(skip)]
    ours: Ours,
}

/// The same as HTTP has it.
#[derive(Debug)]
struct Ours {
    bucket: &'static str,
    method: &'static str,
    key: Option<String>,
    headers: Vec<(String, String)>,
    query: Vec<(String, String)>,
}

impl Case {
    fn draw(draw: &mut Draw) -> Self {
        let site = SITES[draw.below(SITES.len())];
        let bucket = draw.pick(&["models", "team-vision-2", "team.vision.data"]);
        let operation = &OPERATIONS[draw.below(OPERATIONS.len())];
        let mut parameters = Map::new();
        parameters.insert("Bucket".to_owned(), json!(bucket));
        let mut ours = Ours {
            bucket,
            method: operation.method,
            key: operation.on_object.then(|| text::key(draw, str::len, true)),
            headers: Vec::new(),
            query: Vec::new(),
        };
        if let Some(key) = &ours.key {
            parameters.insert("Key".to_owned(), json!(key));
        }
        for (name, value) in operation.fixed {
            ours.query.push(((*name).to_owned(), (*value).to_owned()));
        }
        let optional = operation.optional.iter().filter(|_| draw.once_in(3));
        let chosen: Vec<_> = operation.needed.iter().chain(optional).collect();
        for parameter in chosen {
            let (theirs, value) = parameter.values.draw(draw);
            let pair = |name: &str| (name.to_owned(), value.clone());
            match parameter.wire {
                Wire::Query(name) => ours.query.push(pair(name)),
                Wire::Header(name) => ours.headers.push(pair(name)),
            }
            match parameter.sdk.split_once('.') {
                None => {
                    parameters.insert(parameter.sdk.to_owned(), theirs);
                }
                Some((outer, inner)) => {
                    let map = parameters.entry(outer).or_insert_with(|| json!({}));
                    map[inner] = theirs;
                }
            }
        }
        let session_token = match draw.below(4) {
            0 => Some(text::secret(draw, 1500)),
            1 => Some(format!("{}==", text::secret(draw, 40))),
            _ => None,
        };
        let further = text::parameters(draw);
        ours.query.extend(further.iter().cloned());
        Self {
            site,
            access_key_id: format!("ASIA{}", draw.guid()),
            secret_access_key: text::secret(draw, 40),
            session_token,
            at: draw.time(),
            ttl: draw.ttl(),
            operation: operation.name,
            parameters,
            further,
            ours,
        }
    }

    fn set_key(&mut self, key: &str) {
        *self = Self {
            operation: "get_object",
            parameters: [("Bucket", self.ours.bucket), ("Key", key)]
                .map(|(name, value)| (name.to_owned(), json!(value)))
                .into_iter()
                .collect(),
            ours: Ours {
                bucket: self.ours.bucket,
                method: "GET",
                key: Some(key.to_owned()),
                headers: Vec::new(),
                query: Vec::new(),
            },
            further: Vec::new(),
            session_token: self.session_token.take(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: self.secret_access_key.clone(),
            ..*self
        };
    }

    fn put_with_content_type(&mut self, value: &str) {
        self.set_key("data.txt");
        self.operation = "put_object";
        self.ours.method = "PUT";
        self.parameters
            .insert("ContentType".to_owned(), json!(value));
        self.ours
            .headers
            .push(("content-type".to_owned(), value.to_owned()));
    }

    fn endpoint(&self) -> Endpoint {
        let (site, bucket) = (self.site, self.ours.bucket);
        let Some(address) = site.address else {
            return Endpoint::aws(site.region, bucket).unwrap();
        };
        // A dot would not match the certificate, where there is one.
        let fits_host = !bucket.contains('.') || address.starts_with("http:");
        let addressing = if site.style == "virtual" && fits_host {
            Addressing::VirtualHost
        } else {
            Addressing::Path
        };
        Endpoint::parse(address, addressing, bucket, site.region).unwrap()
    }
}

impl comparison::Case for Case {
    fn sign(&self) -> Result<String, presign::Error> {
        let mut credential =
            Credential::new(self.access_key_id.as_str(), self.secret_access_key.as_str())?;
        if let Some(token) = &self.session_token {
            credential = credential.with_session(token.as_str(), None)?;
        }
        let request = Request {
            method: self.ours.method.parse()?,
            target: self
                .ours
                .key
                .as_deref()
                .map_or(Target::Bucket, Target::Object),
            headers: &text::borrow(&self.ours.headers),
            query: &text::borrow(&self.ours.query),
        };
        let window = Window {
            from: Timestamp::from_unix_seconds(self.at),
            ttl: Ttl::from_seconds(self.ttl)?,
        };
        let url = Signer::new(self.endpoint(), credential).sign(&request, window)?;
        Ok(url.expose().to_owned())
    }

    /// boto3 puts the parameters in another order, and writes flags without `=`.
    fn normalize(&self, url: &str) -> Vec<String> {
        let (base, query) = url.split_once('?').unwrap();
        let with_value = |parameter: &str| {
            let end = if parameter.contains('=') { "" } else { "=" };
            format!("{parameter}{end}")
        };
        let mut parts: Vec<_> = query.split('&').map(with_value).collect();
        parts.sort_unstable();
        parts.push(base.to_owned());
        parts
    }
}
