//! One bucket: an index in memory, and the files that it is read from at start.
//!
//! A record is written beside its place and renamed into it, always under the index's lock, so what
//! is on disk is what was answered. Bytes go first, under a name that no record has yet; what
//! no record refers to is swept at the next start. Nothing is forced to the disk: a killed process
//! loses nothing that it had answered, a power failure may.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use parking_lot::Mutex;
use s3s::dto::{ETag, ETagCondition};
use s3s::{S3Error, S3Result, s3_error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::piece::Piece;
use super::record::{ObjectRecord, PartRecord, UploadRecord};

/// An object and the files that hold it.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) record: ObjectRecord,
    pub(crate) pieces: Vec<Arc<Piece>>,
}

impl Object {
    pub(crate) fn etag(&self) -> ETag {
        ETag::Strong(self.record.etag.clone())
    }
}

/// A part and the file that holds it.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) record: PartRecord,
    pub(crate) piece: Arc<Piece>,
}

/// A multipart upload that is neither completed nor aborted.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) record: UploadRecord,
    pub(crate) parts: BTreeMap<i32, Part>,
}

/// What must hold of the object that is replaced or deleted.
#[derive(Debug, Default)]
pub(crate) struct Precondition {
    pub(crate) if_match: Option<ETagCondition>,
    pub(crate) if_none_match: Option<ETagCondition>,
}

impl Precondition {
    pub(crate) fn check(&self, current: Option<&Arc<Object>>) -> S3Result<()> {
        match &self.if_none_match {
            Some(ETagCondition::Any) if current.is_some() => return Err(failed("If-None-Match")),
            Some(ETagCondition::ETag(_)) => {
                return Err(s3_error!(
                    NotImplemented,
                    "A write takes no other If-None-Match than `*`"
                ));
            }
            _ => {}
        }
        match (&self.if_match, current) {
            (None, _) | (Some(ETagCondition::Any), Some(_)) => Ok(()),
            (Some(_), None) => Err(no_such_key()),
            (Some(ETagCondition::ETag(etag)), Some(current)) if current.etag().strong_cmp(etag) => {
                Ok(())
            }
            (Some(ETagCondition::ETag(_)), Some(_)) => Err(failed("If-Match")),
        }
    }
}

pub(crate) fn failed(condition: &'static str) -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold: {condition}"
    )
}

pub(crate) fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )
}

#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) objects: BTreeMap<String, Arc<Object>>,
    /// By key, then upload id: the order in which S3 lists them.
    pub(crate) uploads: BTreeMap<(String, String), Upload>,
}

/// One bucket's folder. Its methods touch the disk: call them where that may block.
#[derive(Debug)]
pub(crate) struct Bucket {
    objects_folder: PathBuf,
    uploads_folder: PathBuf,
    data_folder: PathBuf,
    index: Mutex<Index>,
}

impl Bucket {
    /// Opens the folder, makes it when absent, and sweeps what an earlier process left unfinished.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let bucket = Self {
            objects_folder: folder.join("objects"),
            uploads_folder: folder.join("uploads"),
            data_folder: folder.join("data"),
            index: Mutex::default(),
        };
        for folder in [
            &bucket.objects_folder,
            &bucket.uploads_folder,
            &bucket.data_folder,
        ] {
            fs::create_dir_all(folder)?;
        }
        let mut index = Index::default();
        let mut used = HashSet::new();
        let mut completed = HashSet::new();
        for path in records(&bucket.objects_folder)? {
            let record: ObjectRecord = read_json(&path)?;
            used.extend(record.pieces.iter().map(|piece| piece.file.clone()));
            completed.extend(record.upload_id.clone());
            let pieces = record
                .pieces
                .iter()
                .map(|piece| Arc::new(Piece::stored(&bucket.data_folder, piece.clone())))
                .collect();
            let key = record.key.clone();
            index
                .objects
                .insert(key, Arc::new(Object { record, pieces }));
        }
        for entry in fs::read_dir(&bucket.uploads_folder)? {
            let folder = entry?.path();
            let place = folder.join("upload.json");
            let id = folder.file_name().and_then(|name| name.to_str());
            // Its object's record was written, or its own was not: over, or never begun
            if id.is_none_or(|id| completed.contains(id)) || !place.exists() {
                fs::remove_dir_all(&folder)?;
                continue;
            }
            let record: UploadRecord = read_json(&place)?;
            let mut parts = BTreeMap::new();
            for path in records(&folder)?.into_iter().filter(|path| *path != place) {
                let record: PartRecord = read_json(&path)?;
                used.insert(record.piece.file.clone());
                let piece = Arc::new(Piece::stored(&bucket.data_folder, record.piece.clone()));
                parts.insert(record.number, Part { record, piece });
            }
            let name = (record.key.clone(), record.id.clone());
            index.uploads.insert(name, Upload { record, parts });
        }
        for entry in fs::read_dir(&bucket.data_folder)? {
            let entry = entry?;
            if entry
                .file_name()
                .to_str()
                .is_none_or(|name| !used.contains(name))
            {
                fs::remove_file(entry.path())?;
            }
        }
        *bucket.index.lock() = index;
        Ok(bucket)
    }

    pub(crate) fn data_folder(&self) -> &Path {
        &self.data_folder
    }

    pub(crate) fn object(&self, key: &str) -> Option<Arc<Object>> {
        self.index.lock().objects.get(key).cloned()
    }

    /// Runs a listing over the index.
    pub(crate) fn list<T>(&self, list: impl FnOnce(&Index) -> T) -> T {
        list(&self.index.lock())
    }

    pub(crate) fn put(&self, object: Object, precondition: &Precondition) -> S3Result<()> {
        let mut index = self.index.lock();
        precondition.check(index.objects.get(&object.record.key))?;
        self.commit(&mut index, object)
    }

    fn commit(&self, index: &mut Index, object: Object) -> S3Result<()> {
        let key = object.record.key.clone();
        write_json(&self.object_path(&key), &object.record).map_err(S3Error::internal_error)?;
        for piece in &object.pieces {
            piece.keep();
        }
        if let Some(old) = index.objects.insert(key, Arc::new(object)) {
            doom(&old.pieces);
        }
        Ok(())
    }

    /// Deletes the object, and says whether there was one.
    pub(crate) fn delete(&self, key: &str, precondition: &Precondition) -> S3Result<bool> {
        let mut index = self.index.lock();
        let Some(current) = index.objects.get(key) else {
            return Ok(false);
        };
        precondition.check(Some(current))?;
        fs::remove_file(self.object_path(key)).map_err(S3Error::internal_error)?;
        if let Some(old) = index.objects.remove(key) {
            doom(&old.pieces);
        }
        Ok(true)
    }

    pub(crate) fn create_upload(&self, record: UploadRecord) -> S3Result<()> {
        let mut index = self.index.lock();
        let folder = self.uploads_folder.join(&record.id);
        fs::create_dir(&folder).map_err(S3Error::internal_error)?;
        write_json(&folder.join("upload.json"), &record).map_err(S3Error::internal_error)?;
        let name = (record.key.clone(), record.id.clone());
        let parts = BTreeMap::new();
        index.uploads.insert(name, Upload { record, parts });
        Ok(())
    }

    /// Looks at an open upload.
    pub(crate) fn upload<T>(
        &self,
        key: &str,
        id: &str,
        look: impl FnOnce(&Upload) -> T,
    ) -> S3Result<T> {
        let index = self.index.lock();
        let name = (key.to_owned(), id.to_owned());
        index
            .uploads
            .get(&name)
            .map(look)
            .ok_or_else(no_such_upload)
    }

    pub(crate) fn put_part(&self, key: &str, id: &str, part: Part) -> S3Result<()> {
        let mut index = self.index.lock();
        let name = (key.to_owned(), id.to_owned());
        let upload = index.uploads.get_mut(&name).ok_or_else(no_such_upload)?;
        let file = format!("{}.json", part.record.number);
        let path = self.uploads_folder.join(&upload.record.id).join(file);
        write_json(&path, &part.record).map_err(S3Error::internal_error)?;
        part.piece.keep();
        if let Some(old) = upload.parts.insert(part.record.number, part) {
            old.piece.doom();
        }
        Ok(())
    }

    /// Turns an upload into the object that `assemble` makes of it.
    pub(crate) fn complete(
        &self,
        key: &str,
        id: &str,
        precondition: &Precondition,
        assemble: impl FnOnce(&Upload) -> S3Result<Object>,
    ) -> S3Result<()> {
        let mut index = self.index.lock();
        let name = (key.to_owned(), id.to_owned());
        let upload = index.uploads.get(&name).ok_or_else(no_such_upload)?;
        precondition.check(index.objects.get(key))?;
        let object = assemble(upload)?;
        let chosen = object.pieces.clone();
        self.commit(&mut index, object)?;
        self.forget(&mut index, &name)?;
        // After the parts that were not chosen were doomed with the upload
        for piece in chosen {
            piece.keep();
        }
        Ok(())
    }

    pub(crate) fn abort(&self, key: &str, id: &str) -> S3Result<()> {
        let mut index = self.index.lock();
        self.forget(&mut index, &(key.to_owned(), id.to_owned()))
    }

    fn forget(&self, index: &mut Index, name: &(String, String)) -> S3Result<()> {
        let upload = index.uploads.remove(name).ok_or_else(no_such_upload)?;
        for part in upload.parts.values() {
            part.piece.doom();
        }
        let folder = self.uploads_folder.join(&upload.record.id);
        fs::remove_dir_all(folder).map_err(S3Error::internal_error)
    }

    /// A key's file is named by its digest: no key can leave the folder, and keys that a file
    /// system would take for one (case, normal form) stay apart.
    fn object_path(&self, key: &str) -> PathBuf {
        let name = hex::encode(digest(&SHA256, key.as_bytes()));
        self.objects_folder.join(format!("{name}.json"))
    }
}

fn doom(pieces: &[Arc<Piece>]) {
    for piece in pieces {
        piece.doom();
    }
}

/// The records in a folder; what a crash left half written is deleted.
fn records(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => paths.push(path),
            Some("tmp") => fs::remove_file(path)?,
            _ => {}
        }
    }
    Ok(paths)
}

fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<T> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn write_json(path: &Path, value: &impl Serialize) -> io::Result<()> {
    let beside = path.with_extension("tmp");
    fs::write(&beside, serde_json::to_vec(value)?)?;
    fs::rename(beside, path)
}
