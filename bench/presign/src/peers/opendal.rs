//! The crate `opendal`.

use std::time::Duration;

use opendal::{Operator, services::S3};

use super::runtime;
use crate::case::{
    TTL_SECONDS,
    s3::{ACCESS_KEY_ID, BUCKET, ENDPOINT, REGION, SECRET_ACCESS_KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let runtime = runtime();
    let service = S3::default()
        .bucket(BUCKET)
        .endpoint(ENDPOINT)
        .region(REGION)
        .access_key_id(ACCESS_KEY_ID)
        .secret_access_key(SECRET_ACCESS_KEY)
        .enable_virtual_host_style()
        .disable_config_load()
        .disable_ec2_metadata();
    let operator = Operator::new(service).expect("an operator");
    let life = Duration::from_secs(TTL_SECONDS.into());
    move |key| {
        let signed = runtime.block_on(operator.presign_read(key, life));
        signed.expect("signable").uri().to_string()
    }
}
