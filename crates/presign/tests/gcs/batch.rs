//! A batch must give what signing one by one gives, by whichever kernel and with either kind of key.

use presign::{
    BatchRequest, BindFault, Error, Kernel, KeyFault, Method, Request, Target, UrlBuffer,
    gcs::{Addressing, Credential, Signer, Verifier},
};

use crate::support::{NOW, ServiceAccount, Wire, endpoint, hmac_key, window};

const HEADERS: &[(&str, &str)] = &[
    (
        "x-goog-content-sha256",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ),
    ("x-goog-if-generation-match", "0"),
];
const QUERY: &[(&str, &str)] = &[
    ("userProject", "payer"),
    ("X-Goog-Custom-Audit-Grant", "a/b"),
];

/// Signs the keys in one batch by each kernel, and one by one, and compares.
fn assert_batch_is_sign(signer: &Signer, request: &BatchRequest<'_>, keys: &[String]) {
    let expected: Vec<_> = keys
        .iter()
        .map(|key| Request {
            method: request.method,
            target: Target::Object(key),
            headers: request.headers,
            query: request.query,
        })
        .map(|request| signer.sign(&request, window(600)).unwrap())
        .collect();
    for kernel in Kernel::available() {
        let signer = signer.clone().with_kernel(kernel);
        let mut urls = UrlBuffer::new();
        let keys = keys.iter().map(String::as_str);
        signer
            .sign_batch(request, keys, window(600), &mut urls)
            .unwrap();
        assert_eq!(urls.len(), expected.len(), "{kernel:?}");
        for (index, (url, expected)) in urls.iter().zip(&expected).enumerate() {
            assert_eq!(url.expose(), expected.expose(), "{kernel:?}, key {index}");
        }
    }
}

#[test]
fn a_batch_is_signed_as_one_by_one() {
    let keys: Vec<_> = (0..300_usize)
        .map(|i| format!("run {}/{}.bin", i % 7, "ü".repeat(i * 13 % 90)))
        .collect();
    for addressing in [
        Addressing::Path,
        Addressing::VirtualHost,
        Addressing::BucketHost,
    ] {
        let signer = Signer::new(endpoint(addressing), hmac_key());
        for (headers, query) in [
            (&[][..], &[][..]),
            (HEADERS, &[]),
            (&[], QUERY),
            (HEADERS, QUERY),
        ] {
            let request = BatchRequest {
                method: Method::Put,
                headers,
                query,
            };
            assert_batch_is_sign(&signer, &request, &keys);
        }
    }
    let signer = Signer::new(endpoint(Addressing::Path), ServiceAccount::read().key());
    let request = BatchRequest {
        method: Method::Put,
        headers: HEADERS,
        query: QUERY,
    };
    assert_batch_is_sign(&signer, &request, &keys[..3]);
}

#[test]
fn the_verifier_accepts_what_a_batch_signed() {
    let signer = Signer::new(endpoint(Addressing::Path), hmac_key());
    let keys: Vec<_> = (0..100).map(|i| format!("a b/{i}")).collect();
    let request = BatchRequest {
        method: Method::Put,
        headers: HEADERS,
        query: QUERY,
    };
    let mut urls = UrlBuffer::new();
    signer
        .sign_batch(
            &request,
            keys.iter().map(String::as_str),
            window(600),
            &mut urls,
        )
        .unwrap();
    for (url, key) in urls.iter().zip(&keys) {
        let verified = Wire::new("PUT", url.expose(), HEADERS)
            .verify(&Verifier::new(), NOW, "GOOG1EXAMPLE", &hmac_key().into())
            .unwrap();
        assert_eq!(verified.resource.key(), Some(key.as_str()));
    }
}

#[test]
fn what_cannot_be_signed_leaves_the_buffer_as_it_was() {
    let credentials: [Credential; 2] = [hmac_key().into(), ServiceAccount::read().key().into()];
    for credential in credentials {
        let signer = Signer::new(endpoint(Addressing::Path), credential);
        let mut urls = UrlBuffer::new();
        let plain = BatchRequest::new(Method::Get);
        signer
            .sign_batch(&plain, ["a"], window(600), &mut urls)
            .unwrap();
        let before = urls.get(0).unwrap().expose().to_owned();
        assert_eq!(
            signer.sign_batch(&plain, ["b", "", "c"], window(600), &mut urls),
            Err(Error::InvalidKeyInBatch {
                index: 1,
                fault: KeyFault::Empty
            })
        );
        let contradiction = BatchRequest {
            headers: &[("X-Goog-Date", "20190201T090001Z")],
            ..plain
        };
        assert_eq!(
            signer.sign_batch(&contradiction, ["b"], window(600), &mut urls),
            Err(Error::CannotBind {
                header: "X-Goog-Date".into(),
                fault: BindFault::SetBySigner
            })
        );
        assert_eq!(urls.len(), 1);
        assert_eq!(urls.get(0).unwrap().expose(), before);
    }
}
