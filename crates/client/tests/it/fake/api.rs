//! The API's half: as much of it as a transfer needs.

use super::{Content, Entries, Hit, Shared, Upload, World, json, problem};
use aws_lc_rs::digest::{Context, SHA256};
use axum::response::Response;
use http::{Method, StatusCode};
use protocol::artifact::{
    Commit, CommitProgress, Committed, EntryUrl, EntryUrls, Landed, NewEntries, RegisteredEntries,
    RegisteredEntry, Verification, Version, VersionState,
};
use protocol::digest::{Digest, Sha256Digest};
use protocol::id::{GrantId, Id, ObjectId, VersionId};
use protocol::layout::Layout;
use protocol::transfer::{
    BearerUrl, BoundBy, NewUpload, Object, ObjectUrl, PartDigest, SignPartsRequest, SignedPart,
    SignedParts, SignedRequest, UploadState, UploadedParts, UrlMethod, Urls, UrlsRequest,
    VerifiedBy,
};
use protocol::{ErrorCode, Timestamp};
use std::sync::Arc;

const LATER: Timestamp = Timestamp::from_unix_seconds(4_000_000_000);

fn id<K>(number: u64) -> Id<K> {
    Id::from_parts(number, [0; 10])
}

fn grant(world: &mut World) -> GrantId {
    id(world.count())
}

pub(super) fn answer(shared: &Shared, hit: &Hit, body: &[u8], after: Option<String>) -> Response {
    let segments: Vec<&str> = hit.path.trim_matches('/').split('/').collect();
    let token = format!("Bearer {}", super::TOKEN);
    if segments != ["health"] && hit.header("authorization") != Some(token.as_str()) {
        return problem(401, ErrorCode::Unauthenticated, None);
    }
    let mut world = shared.world();
    match (&hit.method, segments.as_slice()) {
        (&Method::GET, ["health"]) => json(StatusCode::OK, &"ok"),
        (&Method::POST, ["v1", "teams", _, "projects", _, "artifacts"]) => {
            let new = id(world.count());
            world.drafts.insert(new, Entries::new());
            let draft = version(new, None, &Entries::new());
            json(StatusCode::CREATED, &draft)
        }
        (&Method::POST, ["v1", "versions", version, "entries"]) => {
            if let Some(hook) = world.on_register.take() {
                hook();
            }
            let body = serde_json::from_slice(body).unwrap();
            register(shared, &mut world, version.parse().unwrap(), body)
        }
        (&Method::POST, ["v1", "versions", _, "landed"]) => {
            landed(&mut world, serde_json::from_slice(body).unwrap())
        }
        (&Method::POST, ["v1", "versions", version, "commit"]) => {
            let _: Commit = serde_json::from_slice(body).unwrap();
            commit(&mut world, version.parse().unwrap())
        }
        (&Method::GET, ["v1", "uploads", upload, "parts"]) => {
            let id = upload.parse().unwrap();
            let Some(upload) = world.uploads.get(&id) else {
                return problem(404, ErrorCode::NotFound, None);
            };
            let parts = upload.parts.iter();
            let parts = parts.map(|(&number, &(sha256, _))| PartDigest { number, sha256 });
            let answer = UploadedParts {
                upload: upload_body(id, upload),
                parts: parts.collect(),
            };
            json(StatusCode::OK, &answer)
        }
        (&Method::POST, ["v1", "uploads", upload, "parts"]) => {
            let body: SignPartsRequest = serde_json::from_slice(body).unwrap();
            let key = world.uploads[&upload.parse().unwrap()].key.clone();
            let parts = body.parts.iter().map(|part| {
                let query = format!("partNumber={}&uploadId={upload}&", part.number);
                SignedPart {
                    number: part.number,
                    url: BearerUrl::new(world.sign(&shared.base, &key, &query)),
                    headers: checksum(part.sha256),
                }
            });
            let parts = parts.collect();
            let answer = SignedParts {
                grant_id: grant(&mut world),
                expires_at: LATER,
                bound_by: BoundBy::Operation,
                parts,
            };
            json(StatusCode::OK, &answer)
        }
        (&Method::POST, ["v1", "uploads", upload, "complete"]) => {
            complete(&mut world, upload.parse().unwrap())
        }
        (&Method::POST, ["v1", "teams", _, "uploads"]) => {
            let new: NewUpload = serde_json::from_slice(body).unwrap();
            let key = format!("files/{}", new.key);
            let id = begin(&mut world, key, new.size_bytes, new.digest);
            let body = upload_body(id, &world.uploads[&id]);
            json(StatusCode::CREATED, &body)
        }
        (&Method::POST, ["v1", "teams", _, "urls"]) => {
            urls(shared, &mut world, serde_json::from_slice(body).unwrap())
        }
        (
            &Method::GET,
            [
                "v1",
                "teams",
                _,
                "projects",
                _,
                "artifacts",
                artifact,
                "urls",
            ],
        ) => entry_urls(shared, &mut world, artifact, after),
        _ => problem(404, ErrorCode::NotFound, None),
    }
}

fn version(id: VersionId, index: Option<u32>, entries: &Entries) -> Version {
    Version {
        id,
        state: match index {
            Some(_) => VersionState::Committed,
            None => VersionState::Draft,
        },
        team: "vision".parse().unwrap(),
        project: "imagenet".parse().unwrap(),
        collection: "train".parse().unwrap(),
        kind: "dataset".to_owned(),
        index,
        aliases: Vec::new(),
        description: None,
        metadata: None,
        entry_count: entries.len() as u64,
        size_bytes: entries.values().map(|(size, ..)| size).sum(),
        content_sha256: None,
        manifest_sha256: None,
        created_at: LATER,
        committed_at: None,
    }
}

fn checksum(sha256: Sha256Digest) -> Vec<(String, String)> {
    vec![("x-amz-checksum-sha256".to_owned(), sha256.to_base64())]
}

fn object_key(object: ObjectId) -> String {
    format!("objects/{object}")
}

fn begin(
    world: &mut World,
    key: String,
    size_bytes: u64,
    digest: Digest,
) -> protocol::id::UploadId {
    let open = world.uploads.iter().find(|(_, upload)| {
        upload.digest == digest && upload.key == key && upload.state != UploadState::Aborted
    });
    if let Some((&id, _)) = open {
        return id;
    }
    let layout = Layout::of(size_bytes).unwrap();
    let object = id(world.count());
    let upload = Upload {
        object,
        key,
        size_bytes,
        part_size_bytes: layout.part(1).unwrap().1,
        digest,
        parts: std::collections::BTreeMap::new(),
        state: UploadState::Open,
    };
    let id = id(world.count());
    world.uploads.insert(id, upload);
    id
}

fn register(shared: &Shared, world: &mut World, version: VersionId, body: NewEntries) -> Response {
    let mut entries = Vec::new();
    for entry in body.entries {
        let known = world.index.get(&entry.digest).copied();
        let (object, answer) = if let Some(object_id) = known {
            let verified_by = VerifiedBy::StoreDigest;
            let present = RegisteredEntry::Present {
                object_id,
                verified_by,
            };
            (object_id, present)
        } else if let Digest::Sha256(sha256) = entry.digest {
            let object_id = id(world.count());
            world
                .announced
                .insert(object_id, (entry.size_bytes, entry.digest));
            let mut headers = checksum(sha256);
            headers.push(("if-none-match".to_owned(), "*".to_owned()));
            let request = SignedRequest {
                url: BearerUrl::new(world.sign(&shared.base, &object_key(object_id), "")),
                headers,
                expires_at: LATER,
                bound_by: BoundBy::Operation,
            };
            (object_id, RegisteredEntry::Put { object_id, request })
        } else {
            // One place for each content, so that an upload can be taken up again
            let key = format!("large/{}", entry.digest.hex());
            let upload_id = begin(world, key, entry.size_bytes, entry.digest);
            let object_id = world.uploads[&upload_id].object;
            let parts = RegisteredEntry::Parts {
                object_id,
                upload_id,
            };
            (object_id, parts)
        };
        let draft = world.drafts.get_mut(&version).unwrap();
        draft.insert(entry.path, (entry.size_bytes, entry.digest, object));
        entries.push(answer);
    }
    let grant_id = Some(grant(world));
    json(StatusCode::OK, &RegisteredEntries { grant_id, entries })
}

fn landed(world: &mut World, body: Landed) -> Response {
    let mut missing = Vec::new();
    let mut verified = 0;
    for object in body.objects {
        let key = object_key(object);
        if world.lossy_landing > 0 {
            world.lossy_landing -= 1;
            world.contents.remove(&key);
        }
        let (size, digest) = world.announced[&object];
        if world.contents.get(&key).map(Content::size) == Some(size) {
            world.index.insert(digest, object);
            verified += 1;
        } else {
            missing.push(object);
        }
    }
    json(StatusCode::OK, &Verification { verified, missing })
}

fn commit(world: &mut World, id: VersionId) -> Response {
    if world.slow_commit > 0 {
        world.slow_commit -= 1;
        let progress = CommitProgress {
            verified: 0,
            total: 1,
        };
        return json(StatusCode::ACCEPTED, &progress);
    }
    if world.lossy_commit > 0 {
        world.lossy_commit -= 1;
        let digest = world.drafts[&id].values().next().unwrap().1;
        let object = world.index.remove(&digest).unwrap();
        world.contents.remove(&object_key(object));
        return problem(409, ErrorCode::ContentMismatch, None);
    }
    let draft = world.drafts[&id].clone();
    assert!(
        draft
            .values()
            .all(|(_, digest, _)| world.index.contains_key(digest)),
        "committed before everything had landed"
    );
    let content = |entries: &Entries| -> Vec<_> {
        let entry = |(path, value): (&protocol::EntryPath, &(u64, Digest, ObjectId))| {
            (path.clone(), value.1)
        };
        entries.iter().map(entry).collect()
    };
    let newest = world.versions.last();
    let unchanged = newest.is_some_and(|(_, last)| content(last) == content(&draft));
    if !unchanged {
        world.versions.push((id, draft));
    }
    let index = u32::try_from(world.versions.len() - 1).unwrap();
    let (id, entries) = world.versions.last().unwrap();
    let committed = Committed {
        version: version(*id, Some(index), entries),
        unchanged,
    };
    json(StatusCode::OK, &committed)
}

fn upload_body(id: protocol::id::UploadId, upload: &Upload) -> protocol::transfer::Upload {
    protocol::transfer::Upload {
        id,
        state: upload.state,
        size_bytes: upload.size_bytes,
        part_size_bytes: upload.part_size_bytes,
        part_count: Layout::of(upload.size_bytes).unwrap().part_count(),
        expires_at: LATER,
    }
}

fn complete(world: &mut World, id: protocol::id::UploadId) -> Response {
    let discard = world.discard;
    let Some(upload) = world.uploads.get_mut(&id) else {
        return problem(404, ErrorCode::NotFound, None);
    };
    if upload.state == UploadState::Open {
        let mut hash = Context::new(&SHA256);
        for (sha256, _) in upload.parts.values() {
            hash.update(sha256.as_bytes());
        }
        let Digest::Sha256Composite { composite, .. } = upload.digest else {
            panic!("parts have a composite");
        };
        if hash.finish().as_ref() != composite.as_bytes() {
            return problem(409, ErrorCode::ContentMismatch, None);
        }
        upload.state = UploadState::Completed;
        let content = if discard {
            Content::Zeros(upload.size_bytes)
        } else {
            let parts = upload.parts.values().map(|(_, content)| match content {
                Content::Bytes(bytes) => bytes.as_slice(),
                Content::Zeros(_) => panic!("kept parts only"),
            });
            Content::Bytes(Arc::new(parts.collect::<Vec<_>>().concat()))
        };
        let (key, digest, object) = (upload.key.clone(), upload.digest, upload.object);
        world.contents.insert(key.clone(), content.clone());
        world.contents.insert(object_key(object), content);
        world.index.insert(digest, object);
    }
    let upload = &world.uploads[&id];
    let object = Object {
        id: upload.object,
        size_bytes: upload.size_bytes,
        digest: upload.digest,
        verified_by: VerifiedBy::PartChecksums,
    };
    json(StatusCode::OK, &object)
}

fn urls(shared: &Shared, world: &mut World, body: UrlsRequest) -> Response {
    let urls = body.objects.into_iter().map(|object| {
        let key = format!("files/{}", object.key);
        let mut headers = object.sha256.map(checksum).unwrap_or_default();
        if body.method == UrlMethod::Put {
            headers.push(("if-none-match".to_owned(), "*".to_owned()));
        }
        ObjectUrl {
            key: object.key,
            url: BearerUrl::new(world.sign(&shared.base, &key, "")),
            headers,
        }
    });
    let urls = urls.collect();
    let answer = Urls {
        grant_id: grant(world),
        method: body.method,
        expires_at: LATER,
        bound_by: BoundBy::Operation,
        headers: Vec::new(),
        urls,
    };
    json(StatusCode::OK, &answer)
}

fn entry_urls(
    shared: &Shared,
    world: &mut World,
    artifact: &str,
    after: Option<String>,
) -> Response {
    let index = match artifact.split_once(":v") {
        Some((_, number)) => number.parse().unwrap(),
        None => world.versions.len().wrapping_sub(1),
    };
    let Some((version_id, all)) = world.versions.get(index).cloned() else {
        return problem(404, ErrorCode::NotFound, None);
    };
    let from: usize = after.map_or(0, |mark| mark.parse().unwrap());
    let until = (from + world.page).min(all.len());
    let entries = all.iter().skip(from).take(until - from);
    let entries = entries.map(|(path, (size_bytes, digest, _))| {
        let object = world.index[digest];
        EntryUrl {
            path: path.clone(),
            size_bytes: *size_bytes,
            digest: *digest,
            verified_by: VerifiedBy::StoreDigest,
            url: BearerUrl::new(world.sign(&shared.base, &object_key(object), "")),
        }
    });
    let entries = entries.collect();
    let answer = EntryUrls {
        version_id,
        index: u32::try_from(index).unwrap(),
        entry_count: world.odd_count.unwrap_or(all.len() as u64),
        size_bytes: all.values().map(|(size, ..)| size).sum(),
        grant_id: Some(grant(world)),
        expires_at: LATER,
        bound_by: BoundBy::Operation,
        entries,
        next: (until < all.len()).then(|| until.to_string()),
    };
    let mut answer = serde_json::to_value(answer).unwrap();
    for (at, name) in world.odd_names.iter().enumerate() {
        answer["entries"][at]["path"] = name.as_str().into();
    }
    json(StatusCode::OK, &answer)
}
