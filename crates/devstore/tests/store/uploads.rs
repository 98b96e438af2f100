//! Multipart uploads, from their creation to their end.

use presign::{Method, Target};

use crate::support::{Answer, World, bytes, etag, sha256};

const KEY: Target<'_> = Target::Object("big file");
const MIB: usize = 1024 * 1024;
const SHA256: [(&str, &str); 1] = [("x-amz-checksum-algorithm", "SHA256")];

async fn create(world: &World, headers: &[(&str, &str)]) -> String {
    let answer = world
        .send(Method::Post, KEY, headers, &[("uploads", "")], Vec::new())
        .await
        .ok();
    assert_eq!(answer.element("Bucket").as_deref(), Some("vision"));
    answer.element("UploadId").unwrap()
}

async fn put(
    world: &World,
    id: &str,
    number: u32,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Answer {
    let number = number.to_string();
    let query = [("partNumber", number.as_str()), ("uploadId", id)];
    world
        .send(Method::Put, KEY, headers, &query, body.to_vec())
        .await
}

async fn put_sha256(world: &World, id: &str, number: u32, body: &[u8]) -> Answer {
    put(
        world,
        id,
        number,
        &[("x-amz-checksum-sha256", &sha256(body))],
        body,
    )
    .await
    .ok()
}

fn part(number: u32, etag: &str, sha256: Option<&str>) -> String {
    let sum = sha256.map(|sum| format!("<ChecksumSHA256>{sum}</ChecksumSHA256>"));
    format!(
        "<Part>{}<ETag>{}</ETag><PartNumber>{number}</PartNumber></Part>",
        sum.unwrap_or_default(),
        etag.replace('"', "&quot;")
    )
}

async fn complete(world: &World, id: &str, headers: &[(&str, &str)], parts: &[String]) -> Answer {
    let list = parts.concat();
    let body = format!(
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{list}</CompleteMultipartUpload>"
    );
    world
        .send(Method::Post, KEY, headers, &[("uploadId", id)], body)
        .await
}

async fn list(world: &World, id: &str) -> Answer {
    world
        .send(Method::Get, KEY, &[], &[("uploadId", id)], Vec::new())
        .await
}

/// The checksum of checksums that S3 documents for a whole of these parts.
fn composite(parts: &[&[u8]]) -> String {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine;
    let digests: Vec<u8> = parts
        .iter()
        .flat_map(|part| digest(&SHA256, part).as_ref().to_vec())
        .collect();
    let whole = base64::engine::general_purpose::STANDARD.encode(digest(&SHA256, &digests));
    format!("{whole}-{}", parts.len())
}

#[tokio::test]
async fn parts_become_one_object_with_their_checksum() {
    let world = World::start().await;
    let headers = [
        SHA256[0],
        ("content-type", "text/csv"),
        ("x-amz-meta-run", "7"),
    ];
    let id = create(&world, &headers).await;
    let bodies = [bytes(5 * MIB, 1), bytes(5 * MIB + 1, 2), bytes(10, 3)];
    // In any order, and once again for the second
    put_sha256(&world, &id, 30, &bodies[2]).await;
    put_sha256(&world, &id, 2, b"first try").await;
    put_sha256(&world, &id, 1, &bodies[0]).await;
    let answer = put_sha256(&world, &id, 2, &bodies[1]).await;
    assert_eq!(answer.header("etag"), Some(etag(&bodies[1]).as_str()));
    assert_eq!(
        answer.header("x-amz-checksum-sha256"),
        Some(sha256(&bodies[1]).as_str())
    );

    let listed = list(&world, &id).await.ok();
    assert_eq!(listed.elements("PartNumber"), ["1", "2", "30"]);
    assert_eq!(listed.elements("Size"), ["5242880", "5242881", "10"]);
    assert_eq!(
        listed.elements("ETag"),
        bodies.each_ref().map(|body| etag(body))
    );
    assert_eq!(
        listed.elements("ChecksumSHA256"),
        bodies.each_ref().map(|body| sha256(body))
    );
    assert_eq!(
        listed.element("ChecksumAlgorithm").as_deref(),
        Some("SHA256")
    );
    assert_eq!(listed.element("ChecksumType").as_deref(), Some("COMPOSITE"));

    let parts: Vec<_> = [1, 2, 30]
        .iter()
        .zip(&bodies)
        .map(|(number, body)| part(*number, &etag(body), Some(&sha256(body))))
        .collect();
    let whole = composite(&[&bodies[0], &bodies[1], &bodies[2]]);
    world.get("big file").await.refused(404, "NoSuchKey");
    let done = complete(&world, &id, &[], &parts).await.ok();
    assert_eq!(done.element("ChecksumSHA256"), Some(whole.clone()));
    assert_eq!(done.element("ChecksumType").as_deref(), Some("COMPOSITE"));
    assert!(done.element("ETag").unwrap().ends_with("-3\""));

    let mode = [("x-amz-checksum-mode", "ENABLED")];
    let head = world
        .send(Method::Head, KEY, &mode, &[], Vec::new())
        .await
        .ok();
    assert_eq!(head.header("x-amz-checksum-sha256"), Some(whole.as_str()));
    assert_eq!(head.header("x-amz-checksum-type"), Some("COMPOSITE"));
    assert_eq!(head.header("etag"), done.element("ETag").as_deref());
    let read = world.get("big file").await.ok();
    assert!(read.body == bodies.concat());
    assert_eq!(read.header("content-type"), Some("text/csv"));
    assert_eq!(read.header("x-amz-meta-run"), Some("7"));
    // Across the seam of two parts
    let url = world.url(Method::Get, KEY, &[], &[]);
    let seam = [("range", "bytes=5242870-5242889")];
    let seam = world.fetch("GET", &url, &seam, Vec::new()).await;
    assert_eq!(
        (seam.status, &seam.body[..]),
        (206, &bodies.concat()[5_242_870..5_242_890])
    );

    // The upload is over
    list(&world, &id).await.refused(404, "NoSuchUpload");
    put(&world, &id, 1, &[], b"x")
        .await
        .refused(404, "NoSuchUpload");
    complete(&world, &id, &[], &parts)
        .await
        .refused(404, "NoSuchUpload");
    assert_eq!(world.data_files("vision").len(), 3);
    let world = world.restart().await;
    assert!(world.get("big file").await.ok().body == bodies.concat());
}

#[tokio::test]
async fn a_list_that_does_not_tell_the_truth_completes_nothing() {
    let world = World::start().await;
    let id = create(&world, &SHA256).await;
    let bodies = [bytes(5 * MIB, 1), bytes(7, 2)];
    let sums = bodies.each_ref().map(|body| sha256(body));
    let etags = bodies.each_ref().map(|body| etag(body));
    put_sha256(&world, &id, 1, &bodies[0]).await;
    put_sha256(&world, &id, 2, &bodies[1]).await;
    let one = part(1, &etags[0], Some(&sums[0]));
    let two = part(2, &etags[1], Some(&sums[1]));
    for (parts, code) in [
        (vec![], "MalformedXML"),
        (vec![two.clone(), one.clone()], "InvalidPartOrder"),
        (vec![one.clone(), one.clone()], "InvalidPartOrder"),
        (
            vec![one.clone(), part(3, &etags[1], Some(&sums[1]))],
            "InvalidPart",
        ),
        (
            vec![one.clone(), part(2, &etags[0], Some(&sums[1]))],
            "InvalidPart",
        ),
        (
            vec![one.clone(), part(2, &etags[1], Some(&sums[0]))],
            "InvalidPart",
        ),
        (
            vec![one.clone(), part(2, &etags[1], None)],
            "InvalidRequest",
        ),
    ] {
        complete(&world, &id, &[], &parts).await.refused(400, code);
    }
    let parts = [one, two];
    let wrong = composite(&[&bodies[1], &bodies[0]]);
    complete(&world, &id, &[("x-amz-checksum-sha256", &wrong)], &parts)
        .await
        .refused(400, "BadDigest");
    complete(&world, &id, &[("x-amz-mp-object-size", "8")], &parts)
        .await
        .refused(400, "InvalidRequest");
    world.get("big file").await.refused(404, "NoSuchKey");
    let right = composite(&[&bodies[0], &bodies[1]]);
    let headers = [
        ("x-amz-checksum-sha256", right.as_str()),
        ("x-amz-mp-object-size", "5242887"),
    ];
    complete(&world, &id, &headers, &parts).await.ok();
}

#[tokio::test]
async fn all_parts_but_the_last_have_s3s_size() {
    let world = World::start().await;
    let id = create(&world, &[]).await;
    let small = bytes(5 * MIB - 1, 1);
    put(&world, &id, 1, &[], &small).await.ok();
    put(&world, &id, 2, &[], b"x").await.ok();
    let parts = [part(1, &etag(&small), None), part(2, &etag(b"x"), None)];
    complete(&world, &id, &[], &parts)
        .await
        .refused(400, "EntityTooSmall");
    complete(&world, &id, &[], &parts[..1]).await.ok();
    assert!(world.get("big file").await.ok().body == small);
    // The part that was left out is gone
    assert_eq!(world.data_files("vision").len(), 1);
}

#[tokio::test]
async fn a_crc_of_the_whole_object_is_computed_from_its_parts() {
    let world = World::with(|builder| builder.min_part_bytes(1)).await;
    let name = "x-amz-checksum-crc32";
    let headers = [
        ("x-amz-checksum-algorithm", "CRC32"),
        ("x-amz-checksum-type", "FULL_OBJECT"),
    ];
    let id = create(&world, &headers).await;
    put(&world, &id, 1, &[(name, "m+Pgow==")], b"1234")
        .await
        .ok();
    put(&world, &id, 2, &[(name, "Ex2gcA==")], b"56789")
        .await
        .ok();
    let parts = [
        part(1, &etag(b"1234"), None),
        part(2, &etag(b"56789"), None),
    ];
    let wrong = complete(&world, &id, &[(name, "AAAAAA==")], &parts).await;
    wrong.refused(400, "BadDigest");
    let done = complete(&world, &id, &[(name, "y/Q5Jg==")], &parts)
        .await
        .ok();
    assert_eq!(done.element("ChecksumCRC32").as_deref(), Some("y/Q5Jg=="));
    assert_eq!(done.element("ChecksumType").as_deref(), Some("FULL_OBJECT"));
    assert_eq!(world.get("big file").await.ok().body, b"123456789");
}

#[tokio::test]
async fn kinds_of_checksums_that_do_not_exist_are_refused() {
    let world = World::start().await;
    for headers in [
        &[("x-amz-checksum-algorithm", "MD5")][..],
        &[("x-amz-checksum-type", "COMPOSITE")],
        &[
            ("x-amz-checksum-algorithm", "SHA256"),
            ("x-amz-checksum-type", "FULL_OBJECT"),
        ],
        &[
            ("x-amz-checksum-algorithm", "CRC64NVME"),
            ("x-amz-checksum-type", "COMPOSITE"),
        ],
    ] {
        let query = [("uploads", "")];
        let answer = world
            .send(Method::Post, KEY, headers, &query, Vec::new())
            .await;
        answer.refused(400, "InvalidRequest");
    }
}

#[tokio::test]
async fn an_aborted_upload_leaves_nothing() {
    let world = World::start().await;
    let id = create(&world, &[]).await;
    put(&world, &id, 1, &[], b"hello").await.ok();
    assert_eq!(world.data_files("vision").len(), 1);
    let abort = async || {
        world
            .send(Method::Delete, KEY, &[], &[("uploadId", &id)], Vec::new())
            .await
    };
    assert_eq!(abort().await.status, 204);
    abort().await.refused(404, "NoSuchUpload");
    put(&world, &id, 1, &[], b"hello")
        .await
        .refused(404, "NoSuchUpload");
    complete(&world, &id, &[], &[part(1, &etag(b"hello"), None)])
        .await
        .refused(404, "NoSuchUpload");
    assert!(world.data_files("vision").is_empty());
}

#[tokio::test]
async fn an_upload_belongs_to_its_key() {
    let world = World::start().await;
    let id = create(&world, &[]).await;
    let query = [("partNumber", "1"), ("uploadId", id.as_str())];
    for key in ["another", "big file/"] {
        let answer = world
            .send(Method::Put, Target::Object(key), &[], &query, b"x".to_vec())
            .await;
        answer.refused(404, "NoSuchUpload");
    }
    put(&world, "../../vision", 1, &[], b"x")
        .await
        .refused(404, "NoSuchUpload");
    for number in ["0", "10001", "-1"] {
        let query = [("partNumber", number), ("uploadId", id.as_str())];
        world
            .send(Method::Put, KEY, &[], &query, b"x".to_vec())
            .await
            .refused(400, "InvalidArgument");
    }
    put(&world, &id, 10_000, &[], b"x").await.ok();
    // Half of the two parameters is neither an object nor a part
    for query in [[("partNumber", "1")], [("uploadId", id.as_str())]] {
        let answer = world
            .send(Method::Put, KEY, &[], &query, b"x".to_vec())
            .await;
        answer.refused(501, "NotImplemented");
    }
    world.get("big file").await.refused(404, "NoSuchKey");
}

#[tokio::test]
async fn a_completed_upload_may_not_overwrite_when_it_said_so() {
    let world = World::start().await;
    let new = [("if-none-match", "*")];
    let id = create(&world, &[]).await;
    put(&world, &id, 1, &[], b"second").await.ok();
    world.put("big file", &[], b"first").await.ok();
    let parts = [part(1, &etag(b"second"), None)];
    complete(&world, &id, &new, &parts)
        .await
        .refused(412, "PreconditionFailed");
    assert_eq!(world.get("big file").await.ok().body, b"first");
    world
        .send(Method::Delete, KEY, &[], &[], Vec::new())
        .await
        .ok();
    complete(&world, &id, &new, &parts).await.ok();
    assert_eq!(world.get("big file").await.ok().body, b"second");
}

#[tokio::test]
async fn an_upload_goes_on_after_a_restart() {
    let world = World::start().await;
    let id = create(&world, &SHA256).await;
    put_sha256(&world, &id, 1, b"hello").await;
    let world = world.restart().await;
    let listed = list(&world, &id).await.ok();
    assert_eq!(listed.elements("ChecksumSHA256"), [sha256(b"hello")]);
    put_sha256(&world, &id, 1, b"HELLO").await;
    let parts = [part(1, &etag(b"HELLO"), Some(&sha256(b"HELLO")))];
    complete(&world, &id, &[], &parts).await.ok();
    assert_eq!(world.get("big file").await.ok().body, b"HELLO");
}

#[tokio::test]
async fn a_crash_between_object_and_upload_does_not_leave_both() {
    let world = World::start().await;
    let id = create(&world, &[]).await;
    put(&world, &id, 1, &[], b"hello").await.ok();
    let uploads = world.folder.path().join("store/vision/uploads");
    let kept = world.folder.path().join("kept");
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    };
    copy(&uploads.join(&id), &kept);
    complete(&world, &id, &[], &[part(1, &etag(b"hello"), None)])
        .await
        .ok();
    // As if the process had been killed before it removed the upload
    copy(&kept, &uploads.join(&id));
    let world = world.restart().await;
    list(&world, &id).await.refused(404, "NoSuchUpload");
    assert_eq!(world.get("big file").await.ok().body, b"hello");
}
