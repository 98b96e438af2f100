//! Documents for a bucket in AWS, or in a store that speaks its protocol.

mod bucket;
mod policy;
mod role;
mod session;

pub use session::{MAX_SESSION_POLICY_CHARACTERS, SessionOperation, SessionScope, session_policy};

use super::document::{Document, Kind, Setup};
use super::network::Network;
use super::statement::{literal, plain_literal};
use super::terraform::Target;
use super::{
    Error, KeyArn, Origin, Partition, Place, PrincipalArn, Region, Root, Team, checked_text,
};
use protocol::error::Fault;

/// The least limit of signatures' age, in seconds. Below it, AWS says, requests fail at random.
pub const MIN_SIGNATURE_AGE_SECONDS: u64 = 120;
/// The longest life of a signed URL, in seconds.
const MAX_LIFE_SECONDS: u64 = 7 * 86_400;
/// How long an upload may take, in seconds.
const UPLOAD_SECONDS: u64 = 86_400;

/// Whose S3 it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum S3Store {
    /// AWS, in this partition.
    Aws(Partition),
    /// Another store that speaks the protocol. Its policies are written with the elements that such
    /// stores share.
    Compatible,
}

impl S3Store {
    /// Whose S3 answers at this endpoint.
    pub fn at(endpoint: &str, region: &Region) -> Self {
        let host = endpoint
            .split_once("://")
            .map_or(endpoint, |(_, rest)| rest);
        let host = host.split('/').next().unwrap_or_default();
        if protocol::bucket::is_aws_host(host) {
            Self::Aws(Partition::of(region))
        } else {
            Self::Compatible
        }
    }

    fn partition(self) -> Partition {
        match self {
            Self::Aws(partition) => partition,
            Self::Compatible => Partition::Aws,
        }
    }

    fn is_aws(self) -> bool {
        matches!(self, Self::Aws(_))
    }

    /// The ARN of a container.
    pub fn bucket_arn(self, container: &str) -> String {
        format!("arn:{}:s3:::{container}", self.partition().as_str())
    }

    /// A text that stands for itself in a pattern.
    fn literal(self, text: &str) -> Result<String, Error> {
        match self {
            Self::Aws(_) => Ok(literal(text)),
            Self::Compatible => plain_literal(text),
        }
    }

    /// The pattern of all objects whose keys begin with this.
    fn objects(self, container: &str, begin: &str) -> Result<String, Error> {
        let begin = self.literal(begin)?;
        Ok(format!("{}/{begin}*", self.bucket_arn(container)))
    }

    /// The pattern of all keys that begin with this root.
    fn keys(self, root: &Root) -> Result<String, Error> {
        Ok(format!("{}*", self.literal(root.as_str())?))
    }
}

fn vpc_endpoint(text: &str) -> Result<(), Fault> {
    let fits = text
        .strip_prefix("vpce-")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()));
    let expected = "`vpce-` and letters and digits";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// The id of a VPC endpoint: `vpce-0123456789abcdef0`.
    VpcEndpointId,
    "VPC endpoint",
    vpc_endpoint
);

/// How the server's own requests carry their signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlAuth {
    /// In the query, as the URLs that it hands out.
    Query,
    /// In a header.
    Header,
}

/// Where the bucket's access log goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessLog {
    /// The container of the log's objects, and what their keys begin with.
    pub target: Place,
}

/// How Signet becomes the signing role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// Signet's own identity.
    pub principal: PrincipalArn,
    /// What Signet says besides, so that nobody else can make it use this role. Not a secret.
    pub external_id: ExternalId,
}

fn external_id(text: &str) -> Result<(), Fault> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@:/-".contains(&b);
    let fits = (2..=1224).contains(&text.len()) && text.bytes().all(allowed);
    let expected = "2 to 1224 letters, digits and characters of `_+=,.@:/-`";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// What the trust of a role asks for besides the identity.
    ExternalId,
    "external id",
    external_id
);

/// A bucket in AWS or a store like it, and who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Bucket {
    /// Whose S3 it is.
    pub store: S3Store,
    /// Where the objects lie.
    pub place: Place,
    /// The bucket's region.
    pub region: Region,
    /// All teams that use it.
    pub teams: Vec<Team>,
    /// The identity that signs URLs.
    pub signing: PrincipalArn,
    /// The identity of the server's own requests; `None` when it is the signing one.
    pub control: Option<PrincipalArn>,
    /// How the server's own requests are signed.
    pub control_auth: ControlAuth,
    /// Public networks from which objects may be used.
    pub networks: Vec<Network>,
    /// VPC endpoints through which objects may be used.
    pub vpc_endpoints: Vec<VpcEndpointId>,
    /// How old a signature may become, in seconds; at least [`MIN_SIGNATURE_AGE_SECONDS`].
    pub max_signature_age_seconds: Option<u64>,
    /// The key that encrypts the bucket.
    pub kms_key: Option<KeyArn>,
    /// Web pages that use the bucket.
    pub origins: Vec<Origin>,
    /// Where its access log goes.
    pub access_log: Option<AccessLog>,
    /// How Signet becomes the signing identity, when that is a role.
    pub assume_role: Option<AssumeRole>,
}

impl S3Bucket {
    /// All documents for the bucket.
    ///
    /// # Errors
    /// When the settings contradict each other, or name what cannot be written safely.
    pub fn setup(&self) -> Result<Setup, Error> {
        let usable = self.usable()?;
        let (bucket, mut notes) = (usable.bucket, usable.notes);
        let roots = bucket.place.roots(&bucket.teams)?;
        let mut documents = Vec::new();
        if let Some(assume) = &bucket.assume_role {
            documents.push(role::trust(&bucket, assume)?);
            documents.push(role::permissions(&bucket, &roots)?);
            documents.extend(session::example(&bucket)?);
        }
        documents.push(policy::bucket_policy(&bucket, &roots)?);
        documents.extend(role::kms_statement(&bucket));
        documents.extend(bucket::cors(&bucket));
        documents.push(bucket::lifecycle(&bucket));
        documents.extend(bucket::access_log(&bucket)?);
        if bucket.origins.is_empty() {
            notes.push("no origin is named, so no page in a browser can use the bucket".to_owned());
        }
        let (path, role) = bucket.signing.path_and_name();
        Ok(Setup {
            documents,
            notes,
            target: Target::Aws {
                path: path.to_owned(),
                role: role.to_owned(),
            },
            place: bucket.place,
        })
    }

    /// The settings that the store has, checked, and notes on those that it lacks.
    fn usable(&self) -> Result<Usable, Error> {
        let mut bucket = self.clone();
        let mut notes = Vec::new();
        if let S3Store::Aws(partition) = self.store {
            self.check_arns(partition)?;
        } else {
            let mut lacks = |has: bool, what: &str| {
                if has {
                    notes.push(format!(
                        "left out: stores other than AWS have no {what} that policies can name"
                    ));
                }
            };
            lacks(bucket.kms_key.take().is_some(), "KMS key");
            let age = bucket.max_signature_age_seconds.take();
            lacks(age.is_some(), "age of signatures");
            lacks(!bucket.vpc_endpoints.is_empty(), "VPC endpoints");
            bucket.vpc_endpoints.clear();
            lacks(bucket.access_log.take().is_some(), "log delivery");
            notes.push(
                "stores differ in the policies that they take and in the conditions that they heed: try after applying that a request that must fail does fail".to_owned(),
            );
        }
        if let Some(seconds) = bucket.max_signature_age_seconds
            && seconds < MIN_SIGNATURE_AGE_SECONDS
        {
            return Err(Error::SignatureAge {
                seconds,
                min: MIN_SIGNATURE_AGE_SECONDS,
            });
        }
        if bucket.control.as_ref() == Some(&bucket.signing) {
            bucket.control = None;
        }
        Ok(Usable { bucket, notes })
    }

    fn check_arns(&self, partition: Partition) -> Result<(), Error> {
        let check = |arn: &str, of: &str| {
            if of == partition.as_str() {
                return Ok(());
            }
            Err(Error::OtherPartition {
                arn: arn.to_owned(),
                partition: partition.as_str(),
            })
        };
        let assumed = self.assume_role.iter().map(|assume| &assume.principal);
        let principals = [&self.signing].into_iter().chain(&self.control);
        for principal in principals.chain(assumed) {
            check(principal.as_str(), principal.partition())?;
            if !principal.is_of_aws() {
                return Err(Error::NotOfAws {
                    arn: principal.to_string(),
                });
            }
        }
        if let Some(key) = &self.kms_key {
            check(key.as_str(), key.partition())?;
        }
        Ok(())
    }

    /// Everybody who works on objects for Signet.
    fn identities(&self) -> Vec<&PrincipalArn> {
        [&self.signing].into_iter().chain(&self.control).collect()
    }

    /// The identity of the server's own requests.
    fn control(&self) -> &PrincipalArn {
        self.control.as_ref().unwrap_or(&self.signing)
    }

    fn arn(&self) -> String {
        self.store.bucket_arn(self.place.container())
    }

    /// The pattern of all objects of the registration.
    fn objects(&self) -> Result<String, Error> {
        let place = &self.place;
        self.store.objects(place.container(), place.prefix())
    }

    /// How a command of AWS's command line ends.
    fn endpoint(&self) -> &'static str {
        match self.store {
            S3Store::Aws(_) => "",
            S3Store::Compatible => " --endpoint-url ENDPOINT",
        }
    }
}

struct Usable {
    bucket: S3Bucket,
    notes: Vec<String>,
}

/// What Signet does with objects. No wildcard: an action that S3 gets later is not allowed by it.
const OBJECT_ACTIONS: [&str; 5] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
];

/// `kms:ViaService` of requests that S3 makes in a region.
fn via_s3(partition: Partition, region: &Region) -> Vec<String> {
    let common = format!("s3.{region}.amazonaws.com");
    match partition {
        // Services in China have both suffixes
        Partition::AwsCn => vec![format!("{common}.cn"), common],
        Partition::Aws | Partition::AwsUsGov => vec![common],
    }
}

fn document(
    kind: Kind,
    title: &str,
    mark: &str,
    statements: &[super::statement::Statement<'_>],
) -> Document {
    let body = super::statement::policy(mark, statements);
    let mut document = Document::new(kind, title, body);
    document.reasons = super::statement::reasons(mark, statements);
    document
}
