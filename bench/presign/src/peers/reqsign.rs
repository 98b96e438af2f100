//! The crate `reqsign-aws-v4`.

use std::time::Duration;

use reqsign_aws_v4::{RequestSigner, StaticCredentialProvider};
use reqsign_core::{Context, Signer};

use super::runtime;
use crate::case::{
    TTL_SECONDS,
    s3::{ACCESS_KEY_ID, HOST, REGION, SECRET_ACCESS_KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let runtime = runtime();
    let signer = Signer::new(
        Context::new(),
        StaticCredentialProvider::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY),
        RequestSigner::new("s3", REGION),
    );
    let life = Some(Duration::from_secs(TTL_SECONDS.into()));
    move |key| {
        let request = http::Request::get(format!("https://{HOST}/{key}")).body(());
        let (mut head, ()) = request.expect("a request").into_parts();
        runtime
            .block_on(signer.sign(&mut head, life))
            .expect("signable");
        head.uri.to_string()
    }
}
