//! Arguments of `signet bucket`.

use super::NetworksArguments;
use clap::{Args, Subcommand};
use protocol::BucketName;
use protocol::bucket::Origin;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum BucketCommand {
    /// Register a place in a store; its secret is read from standard input
    Create(Box<NewBucketArguments>),
    /// Print what to apply at the cloud for a bucket with all its teams; applies nothing
    Policy(Box<BucketPolicyArguments>),
    /// List buckets
    List,
    /// Check a bucket on its live store: what URLs must do, and what they must not
    Verify {
        /// Its name
        name: BucketName,
        /// An origin of web pages that use the bucket, as `https://signet.example.com`; may be given again
        #[arg(long = "origin", value_name = "ORIGIN")]
        origins: Vec<Origin>,
    },
    /// Say from which networks what is in a bucket may be asked for
    SetNetworks {
        /// The bucket
        name: BucketName,
        #[command(flatten)]
        allowed: NetworksArguments,
    },
    /// Remove a bucket that no team uses
    Remove {
        /// Its name
        name: BucketName,
    },
}

#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub(crate) struct NewBucketArguments {
    /// The name to register it under
    pub(crate) name: BucketName,
    /// Read place and credential from standard input in one line: `s3://KEY:SECRET@HOST/BUCKET?region=REGION`,
    /// `cw://…`, `gs://…` or `az://…`
    #[arg(long, conflicts_with_all = ["file", "endpoint", "container"])]
    pub(crate) address: bool,
    /// Take place and credential from a JSON file, as the API's `place` and `credential`; `-` is standard input
    #[arg(long, conflicts_with_all = ["endpoint", "container"])]
    pub(crate) file: Option<PathBuf>,
    /// Where an S3 store answers; its secret access key is read from standard input
    #[arg(long, requires_all = ["container", "access_key_id"], required_unless_present_any = ["address", "file"])]
    pub(crate) endpoint: Option<String>,
    /// The store's region
    #[arg(long, default_value = "us-east-1")]
    pub(crate) region: String,
    /// The store's own name of the bucket
    #[arg(long)]
    pub(crate) container: Option<String>,
    /// Address the container in the path instead of in the host name
    #[arg(long)]
    pub(crate) path_style: bool,
    /// The access key id
    #[arg(long)]
    pub(crate) access_key_id: Option<String>,
    /// What all keys begin with; ends in `/`
    #[arg(long, default_value = "")]
    pub(crate) prefix: String,
    /// Make it the bucket of teams that have none
    #[arg(long)]
    pub(crate) default: bool,
    /// Register it without checking its store first
    #[arg(long)]
    pub(crate) no_verify: bool,
}

#[derive(Debug, Args)]
pub(crate) struct BucketPolicyArguments {
    /// The bucket
    pub(crate) name: BucketName,
    /// Print it in Terraform's JSON syntax, the text of a `.tf.json` file
    #[arg(long)]
    pub(crate) terraform: bool,
    /// Write each document to this directory, which must exist
    #[arg(long, conflicts_with = "terraform")]
    pub(crate) to: Option<PathBuf>,
    /// The identity that signs: an ARN, a service account, or an object id of Entra
    #[arg(long)]
    pub(crate) principal: Option<String>,
    /// S3: the ARN of the identity of the server's own requests
    #[arg(long)]
    pub(crate) control_principal: Option<String>,
    /// S3: the ARN of the identity that assumes the signing role
    #[arg(long)]
    pub(crate) server_principal: Option<String>,
    /// A public network from which objects may be used; may be repeated
    #[arg(long = "network")]
    pub(crate) networks: Vec<String>,
    /// S3: a VPC endpoint through which they may be used; may be repeated
    #[arg(long = "vpc-endpoint")]
    pub(crate) vpc_endpoints: Vec<String>,
    /// Azure: a subnet from which they may be used; may be repeated
    #[arg(long = "subnet")]
    pub(crate) subnets: Vec<String>,
    /// S3: how old a signature may become, in seconds; at least 120
    #[arg(long)]
    pub(crate) max_signature_age_seconds: Option<u64>,
    /// S3: the ARN of the key that encrypts the bucket
    #[arg(long)]
    pub(crate) kms_key: Option<String>,
    /// A web page that uses the bucket, `https://signet.example.org`; may be repeated
    #[arg(long = "origin")]
    pub(crate) origins: Vec<String>,
    /// S3: the bucket that gets the access log
    #[arg(long)]
    pub(crate) access_log_container: Option<String>,
    /// S3: what the keys of the access log begin with; ends in `/`
    #[arg(long, default_value = "")]
    pub(crate) access_log_prefix: String,
    /// GCS: the bucket's project
    #[arg(long)]
    pub(crate) project: Option<String>,
    /// Azure: the subscription
    #[arg(long)]
    pub(crate) subscription: Option<String>,
    /// Azure: the resource group
    #[arg(long)]
    pub(crate) resource_group: Option<String>,
    /// A document that is there already, `bucket-policy=FILE`; ours is put among its parts; may be repeated
    #[arg(long, value_name = "KIND=FILE", value_parser = kind_and_file)]
    pub(crate) existing: Vec<(String, PathBuf)>,
}

fn kind_and_file(text: &str) -> Result<(String, PathBuf), &'static str> {
    let (kind, file) = text.split_once('=').ok_or("must be `KIND=FILE`")?;
    Ok((kind.to_owned(), file.into()))
}
