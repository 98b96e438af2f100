//! The three kinds of keys: they sign the same, and unusable ones are refused.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use presign::{
    CredentialFault, Error, Method, Request, Target, Ttl, Window,
    gcs::{
        Addressing, Algorithm, Endpoint, HmacKey, Refusal, RsaPublicKey, ServiceAccountKey,
        SignBlob, Signer, Verifier, VerifyingKey,
    },
};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

use crate::support::{NOW, ServiceAccount, Wire, at, endpoint, hmac_key, upload, window};

const REQUEST: Request<'_> = Request::new(Method::Get, Target::Object("a b.bin"));

/// What IAM does with the string to sign.
fn sign_blob(account: &ServiceAccount, message: &str) -> Vec<u8> {
    let pem = account.pem();
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let key_pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; key_pair.public_modulus_len()];
    key_pair
        .sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )
        .unwrap();
    signature
}

#[test]
fn sign_blob_and_private_key_give_the_same_url() {
    let account = ServiceAccount::read();
    for addressing in [
        Addressing::Path,
        Addressing::VirtualHost,
        Addressing::BucketHost,
    ] {
        let remote = SignBlob::new(endpoint(addressing), account.email.as_str()).unwrap();
        let local = Signer::new(endpoint(addressing), account.key());
        let request = Request {
            headers: &[("Content-Type", "text/plain"), ("x-goog-meta-a", " b  c ")],
            query: &[("userProject", "payer")],
            ..REQUEST
        };
        let unsigned = remote.prepare(&request, window(60)).unwrap();
        let signature = sign_blob(&account, unsigned.string_to_sign());
        let url = local.sign(&request, window(60)).unwrap();
        assert_eq!(unsigned.finish(&signature), url);
    }
}

#[test]
fn hmac_and_private_key_sign_the_same_request() {
    let account = ServiceAccount::read();
    let by_hmac = upload(hmac_key());
    let by_rsa = upload(account.key());
    // All but who signed, how, and the signature.
    let bare = |wire: &Wire, authorizer: &str| {
        let query = wire
            .without_parameter("X-Goog-Signature")
            .without_parameter("X-Goog-Algorithm")
            .query;
        let authorizer = authorizer.replace('@', "%40");
        (wire.path.clone(), query.replacen(&authorizer, "", 1))
    };
    assert_eq!(
        bare(&by_hmac, hmac_key().access_id()),
        bare(&by_rsa, &account.email)
    );
    let rsa_key = VerifyingKey::from(&account.key());
    let verified = by_rsa.verify(&Verifier::new(), NOW, &account.email, &rsa_key);
    let by_rsa = verified.unwrap();
    let id = hmac_key().access_id().to_owned();
    let verified = by_hmac.verify(&Verifier::new(), NOW, &id, &hmac_key().into());
    let by_hmac = verified.unwrap();
    assert_eq!(by_rsa.algorithm, Algorithm::RsaSha256);
    assert_eq!(by_hmac.algorithm, Algorithm::HmacSha256);
    assert_eq!(by_rsa.resource, by_hmac.resource);
    assert_eq!(by_rsa.parameters, by_hmac.parameters);
    assert_eq!(by_rsa.signed_headers, by_hmac.signed_headers);
}

#[test]
fn a_key_verifies_its_own_algorithm_alone() {
    let account = ServiceAccount::read();
    let rsa_key = VerifyingKey::from(&account.key());
    let id = hmac_key().access_id().to_owned();
    // The account's public key, taken for an HMAC secret, must not sign for it.
    for (wire, authorizer, key) in [
        (upload(hmac_key()), &id, rsa_key),
        (upload(account.key()), &account.email, hmac_key().into()),
    ] {
        let refusal = wire.verify(&Verifier::new(), NOW, authorizer, &key);
        assert_eq!(refusal, Err(Refusal::UnknownAuthorizer));
    }
}

#[test]
fn public_keys_are_read_from_pem() {
    let account = ServiceAccount::read();
    let pem = include_str!("../data/google_service_account_public.pem");
    let key = VerifyingKey::from(RsaPublicKey::from_pem(pem).unwrap());
    let wire = upload(account.key());
    assert!(
        wire.verify(&Verifier::new(), NOW, &account.email, &key)
            .is_ok()
    );
    let signature = wire.parameter("X-Goog-Signature").to_owned();
    for other in [
        signature.to_uppercase(),
        signature[2..].to_owned(),
        format!("{signature}00"),
        format!("0{signature}"),
        String::new(),
        "g".repeat(512),
    ] {
        let changed = wire.with_parameter("X-Goog-Signature", &other);
        let refusal = changed.verify(&Verifier::new(), NOW, &account.email, &key);
        assert_eq!(refusal.unwrap_err().gcs_code(), "SignatureDoesNotMatch");
    }
}

#[test]
fn unusable_keys_are_refused() {
    let account = ServiceAccount::read();
    let pem = account.pem();
    let fault = |email: &str, pem: &str| match ServiceAccountKey::from_pem(email, pem) {
        Err(Error::InvalidCredential(fault)) => Some(fault),
        _ => None,
    };
    assert_eq!(fault(&account.email, &pem), None);
    for email in ["", "a/b@c", "a b@c", "ä@b", "a@b\n"] {
        assert_eq!(fault(email, &pem), Some(CredentialFault::ServiceAccount));
        let remote = SignBlob::new(endpoint(Addressing::Path), email);
        assert_eq!(
            remote.unwrap_err(),
            Error::InvalidCredential(CredentialFault::ServiceAccount)
        );
    }
    let public = include_str!("../data/google_service_account_public.pem");
    for pem in [
        "",
        &account.base64,
        public,
        &pem.replacen("MIIE", "MIID", 1),
        &pem.replace("PRIVATE KEY", "RSA PRIVATE KEY"),
        &pem.replace("PRIVATE KEY", "EC PRIVATE KEY"),
    ] {
        assert_eq!(
            fault("a@b", pem),
            Some(CredentialFault::PrivateKey),
            "{pem}"
        );
    }
    for pem in ["", &pem, &public.replacen("MIIB", "MIIC", 1)] {
        assert_eq!(
            RsaPublicKey::from_pem(pem).unwrap_err(),
            Error::InvalidCredential(CredentialFault::PublicKey)
        );
    }
    for (id, secret, fault) in [
        ("", "secret", CredentialFault::AccessKeyId),
        ("GOOG/1", "secret", CredentialFault::AccessKeyId),
        ("GOOG1", "", CredentialFault::SecretAccessKey),
    ] {
        let refused = HmacKey::new(id, secret).unwrap_err();
        assert_eq!(refused, Error::InvalidCredential(fault));
    }
}

#[test]
fn a_url_does_not_outlive_its_key() {
    let account = ServiceAccount::read();
    let endpoint = || endpoint(Addressing::Path);
    for ends in [59, 60] {
        let expected = if ends == 60 {
            Ok(())
        } else {
            Err(Error::CredentialExpiresFirst { at: at(ends) })
        };
        for signer in [
            Signer::new(endpoint(), hmac_key().with_expiry(at(ends))),
            Signer::new(endpoint(), account.key().with_expiry(at(ends))),
        ] {
            assert_eq!(signer.credential_expires_at(), Some(at(ends)));
            let signed = signer.sign(&REQUEST, window(60)).map(|_| ());
            assert_eq!(signed, expected);
        }
    }
}

#[test]
fn sign_blob_is_trusted_for_twelve_hours() {
    let remote = SignBlob::new(endpoint(Addressing::Path), "signer@project").unwrap();
    let prepare = |ttl_seconds| remote.prepare(&REQUEST, window(ttl_seconds)).map(|_| ());
    assert_eq!(prepare(43_200), Ok(()));
    assert_eq!(prepare(43_201), Err(Error::TtlTooLong { max: 43_200 }));
    let before_1970 = Window {
        from: presign::Timestamp::from_unix_seconds(-1),
        ttl: Ttl::MAX,
    };
    assert_eq!(
        remote.prepare(&REQUEST, before_1970).map(|_| ()),
        Err(Error::TimestampOutOfRange { at: -1 })
    );
}

#[test]
fn keys_and_unsigned_urls_do_not_print() {
    let account = ServiceAccount::read();
    let endpoint = || Endpoint::google("models").unwrap();
    let remote = SignBlob::new(endpoint(), account.email.as_str()).unwrap();
    let key = account.key();
    let told = format!(
        "{key:?} {:?} {:?} {:?} {:?} {:?}",
        key.public_key(),
        Signer::new(endpoint(), key.clone()),
        Signer::new(endpoint(), hmac_key()),
        VerifyingKey::from(hmac_key()),
        remote.prepare(&REQUEST, window(60)).unwrap(),
    );
    for secret in ["wJalrXUtnFEMI", "a%20b.bin", &account.base64[..40]] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert!(told.contains(&account.email));
}
