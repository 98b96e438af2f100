//! The crate `aws-sigv4`, the signing half of AWS's SDK.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{
        PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
        UriPathNormalizationMode, sign,
    },
    sign::v4::SigningParams,
};

use crate::case::{
    TTL_SECONDS,
    s3::{ACCESS_KEY_ID, HOST, REGION, SECRET_ACCESS_KEY},
};

pub fn signer() -> impl FnMut(&str) -> String {
    let credentials = Credentials::new(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None, None, "static");
    let identity = credentials.into();
    #[expect(
        clippy::disallowed_methods,
        reason = "the other peers look at the clock, too"
    )]
    move |key| {
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(TTL_SECONDS.into()));
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("s3")
            .time(SystemTime::now())
            .settings(settings)
            .build()
            .expect("all parameters")
            .into();
        let mut request = http::Request::get(format!("https://{HOST}/{key}"))
            .body(())
            .expect("a request");
        let url = request.uri().to_string();
        let signable = SignableRequest::new(
            "GET",
            url,
            std::iter::empty(),
            SignableBody::UnsignedPayload,
        );
        let signed = sign(signable.expect("signable"), &parameters).expect("signable");
        signed.into_parts().0.apply_to_request_http1x(&mut request);
        request.uri().to_string()
    }
}
