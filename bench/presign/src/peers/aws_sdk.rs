//! The crate `aws-sdk-s3`.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Config, Region},
    presigning::PresigningConfig,
};

use super::runtime;
use crate::case::{
    TTL_SECONDS,
    s3::{ACCESS_KEY_ID, BUCKET, REGION, SECRET_ACCESS_KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let runtime = runtime();
    let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "static");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(credentials)
        .build();
    let client = Client::from_conf(config);
    let life = Duration::from_secs(TTL_SECONDS.into());
    move |key| {
        let life = PresigningConfig::expires_in(life).expect("a life");
        let signed = client.get_object().bucket(BUCKET).key(key).presigned(life);
        runtime.block_on(signed).expect("signable").uri().to_owned()
    }
}
