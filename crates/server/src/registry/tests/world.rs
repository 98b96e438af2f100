//! A team with a bucket, and what its members do.

mod seed;

use crate::broker::Broker;
use crate::clock::{Clock, ManualClock};
use crate::db::testing::TestDatabase;
use crate::directory::Directory;
use crate::ids::IdMaker;
use crate::ledger::{EventFilter, Ledger};
use crate::policy::{
    BeginVersion, Caller, CommitVersion, Denial, DownloadVersion, Operation, Permit, ReadRegistry,
    RegisterEntries, Source, TeamFacts, VerifyLanded, VersionFacts, authorize,
};
use crate::registry::{CommitAnswer, Error, Parts, Registry, Settings};
use crate::stores::{AddressRules, Control, HttpSettings, SealKeys, Stores};
use devstore::DevStore;
use protocol::artifact::{
    Commit, Committed, EntryUrls, NewEntry, NewVersion, RegisteredEntries, RegisteredEntry,
    Verification, Version,
};
use protocol::audit::Action;
use protocol::id::{ObjectId, VersionId};
use protocol::transfer::{Reach, SignedRequest};
use protocol::{Digest, ProjectName, Timestamp, VersionRef};
use std::collections::HashSet;
use std::sync::Arc;

pub(super) const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
pub(super) struct World {
    pub(super) database: TestDatabase,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: DevStore,
    pub(super) directory: Arc<Directory>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) registry: Arc<Registry>,
    pub(super) broker: Arc<Broker>,
    stores: Arc<Stores>,
    ids: Arc<IdMaker>,
    parts: Parts,
    http: reqwest::Client,
    _folder: tempfile::TempDir,
}

pub(super) type File<'a> = (&'a str, &'a [u8]);

impl World {
    pub(super) async fn new(database: TestDatabase) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let folder = tempfile::tempdir().unwrap();
        let store = seed::start_store(folder.path(), Arc::clone(&clock)).await;
        let keys = SealKeys::parse(&format!("test:{}", "01".repeat(32))).unwrap();
        let time = Arc::clone(&clock) as Arc<dyn Clock>;
        let ids = Arc::new(IdMaker::seeded(Arc::clone(&time), 1));
        seed::seed(&database, &keys, store.endpoint(), &ids).await;
        let db = database.db.clone();
        let directory = Directory::load(db.clone(), Arc::clone(&time))
            .await
            .unwrap();
        let ledger = Ledger::open(
            db.clone(),
            Arc::clone(&directory),
            Arc::clone(&time),
            Arc::clone(&ids),
        )
        .await
        .unwrap();
        let settings = HttpSettings {
            addresses: AddressRules::default().with_loopback(),
            attempts: 1,
            ..HttpSettings::default()
        };
        let stores = Arc::new(Stores::new(keys, Arc::clone(&time), settings).unwrap());
        let broker = Arc::new(Broker::new(
            db,
            Arc::clone(&ledger),
            Arc::clone(&stores),
            time,
            Arc::clone(&ids),
        ));
        let parts = Parts {
            db: database.db.clone(),
            broker: Arc::clone(&broker),
            stores: Arc::clone(&stores),
            ledger: Arc::clone(&ledger),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::clone(&ids),
        };
        Self {
            registry: Registry::new(parts.clone(), Settings::default()),
            parts,
            database,
            clock,
            store,
            directory,
            ledger,
            broker,
            stores,
            ids,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            _folder: folder,
        }
    }

    /// A registry on the same database and store, that knows nothing of what the first one holds in
    /// memory.
    pub(super) fn another_server(&self, settings: Settings) -> Arc<Registry> {
        Registry::new(self.parts.clone(), settings)
    }

    pub(super) fn team(&self) -> Arc<TeamFacts> {
        self.directory
            .team_named(&"vision".parse().unwrap())
            .unwrap()
    }

    pub(super) fn control(&self) -> Arc<dyn Control> {
        self.stores
            .control(self.team().bucket.as_ref().unwrap())
            .unwrap()
    }

    pub(super) fn caller(&self, name: &str) -> Caller {
        let (standing, token, revision) = self
            .directory
            .by_token(seed::token(name).as_bytes())
            .unwrap();
        Caller::authenticated(
            standing,
            token,
            Source::default(),
            self.ids.make(),
            revision,
        )
    }

    pub(super) fn ask<Op: Operation>(&self, who: &str, op: Op) -> Result<Permit<Op>, Denial> {
        authorize(&self.caller(who), op, self.clock.now()).map_err(|refused| refused.denial)
    }

    pub(super) fn permit<Op: Operation>(&self, who: &str, op: Op) -> Permit<Op> {
        self.ask(who, op).unwrap()
    }

    pub(super) fn read(&self) -> Permit<ReadRegistry> {
        self.permit("vic", ReadRegistry { team: self.team() })
    }

    pub(super) async fn facts(&self, id: VersionId) -> VersionFacts {
        let found = self
            .registry
            .find_version(id, |team| self.directory.team(team));
        found.await.unwrap().unwrap()
    }

    pub(super) async fn named(&self, collection: &str, version: &str) -> Option<VersionFacts> {
        let version: VersionRef = version.parse().unwrap();
        self.registry
            .find_artifact(
                &self.team(),
                &project(),
                &collection.parse().unwrap(),
                &version,
            )
            .await
            .unwrap()
    }

    pub(super) async fn begin(&self, who: &str, collection: &str) -> VersionId {
        let op = BeginVersion {
            team: self.team(),
            project: project(),
            request: NewVersion {
                collection: collection.parse().unwrap(),
                kind: None,
                description: None,
                metadata: None,
            },
        };
        self.registry.begin(self.permit(who, op)).await.unwrap().id
    }

    pub(super) async fn register(
        &self,
        who: &str,
        version: VersionId,
        entries: Vec<NewEntry>,
    ) -> Result<RegisteredEntries, Error> {
        let version = self.facts(version).await;
        let permit = self.permit(
            who,
            RegisterEntries {
                version,
                entries,
                reach: Reach::default(),
            },
        );
        self.registry.register(permit).await
    }

    /// Registers one file, and says what to do for it.
    pub(super) async fn offer(
        &self,
        who: &str,
        version: VersionId,
        file: File<'_>,
    ) -> RegisteredEntry {
        let registered = self
            .register(who, version, vec![entry(file)])
            .await
            .unwrap();
        registered.entries.into_iter().next().unwrap()
    }

    pub(super) async fn landed(
        &self,
        who: &str,
        version: VersionId,
        objects: Vec<ObjectId>,
    ) -> Result<Verification, Error> {
        let version = self.facts(version).await;
        let permit = self.permit(who, VerifyLanded { version, objects });
        self.registry.verify_landed(permit).await
    }

    pub(super) async fn commit_on(
        &self,
        registry: &Arc<Registry>,
        who: &str,
        version: VersionId,
        aliases: &[&str],
    ) -> Result<CommitAnswer, Error> {
        let version = self.facts(version).await;
        let aliases = aliases.iter().map(|alias| alias.parse().unwrap()).collect();
        let commit = Commit { aliases };
        let permit = self.permit(who, CommitVersion { version, commit });
        registry.commit(permit).await
    }

    pub(super) async fn commit(&self, who: &str, version: VersionId) -> Result<Committed, Error> {
        match self.commit_on(&self.registry, who, version, &[]).await? {
            CommitAnswer::Done(committed) => Ok(*committed),
            CommitAnswer::Going(progress) => panic!("only {progress:?} after all that time"),
        }
    }

    /// Sends a request as a client does. The HTTP status.
    pub(super) async fn send(&self, request: &SignedRequest, body: &[u8]) -> u16 {
        let mut put = self.http.put(request.url.expose()).body(body.to_vec());
        for (name, value) in &request.headers {
            put = put.header(name, value);
        }
        put.send().await.unwrap().status().as_u16()
    }

    /// Sends what has to be sent of one file. True when something was.
    pub(super) async fn send_file(&self, told: &RegisteredEntry, body: &[u8]) -> bool {
        match told {
            RegisteredEntry::Present { .. } => false,
            RegisteredEntry::Put { request, .. } => {
                assert_eq!(self.send(request, body).await, 200);
                true
            }
            RegisteredEntry::Parts { .. } => panic!("this file goes up in one PUT"),
        }
    }

    /// A draft with these files, all sent. How many had to be.
    pub(super) async fn draft(
        &self,
        who: &str,
        collection: &str,
        files: &[File<'_>],
    ) -> (VersionId, usize) {
        let version = self.begin(who, collection).await;
        let entries = files.iter().map(|file| entry(*file)).collect();
        let told = self.register(who, version, entries).await.unwrap();
        let mut sent = HashSet::new();
        for (told, (_, body)) in told.entries.iter().zip(files) {
            // Equal content is one object
            if let RegisteredEntry::Put { object_id, .. } = told
                && sent.insert(*object_id)
            {
                self.send_file(told, body).await;
            }
        }
        (version, sent.len())
    }

    /// Puts files as a client does. What was committed, and how many files had to be sent.
    pub(super) async fn put(
        &self,
        who: &str,
        collection: &str,
        files: &[File<'_>],
    ) -> (Committed, usize) {
        let (version, sent) = self.draft(who, collection, files).await;
        (self.commit(who, version).await.unwrap(), sent)
    }

    pub(super) async fn urls(
        &self,
        version: VersionFacts,
        after: Option<String>,
    ) -> Result<EntryUrls, Error> {
        let op = DownloadVersion {
            version,
            after,
            ttl_seconds: None,
            reach: Reach::default(),
        };
        self.registry.download(self.permit("vic", op)).await
    }

    /// All files of a version, read from the bucket.
    pub(super) async fn get(&self, collection: &str, version: &str) -> Vec<(String, Vec<u8>)> {
        let facts = self.named(collection, version).await.unwrap();
        let page = self.urls(facts, None).await.unwrap();
        assert_eq!(page.next, None);
        let mut files = Vec::new();
        for entry in page.entries {
            let answer = self.http.get(entry.url.expose()).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), 200, "{}", entry.path);
            let body = answer.bytes().await.unwrap().to_vec();
            assert_eq!(u64::try_from(body.len()).unwrap(), entry.size_bytes);
            assert_eq!(digest(&body), entry.digest);
            files.push((entry.path.to_string(), body));
        }
        files
    }

    pub(super) async fn told(&self, id: VersionId) -> Version {
        self.registry.version(self.read(), id).await.unwrap()
    }

    /// How many events of this kind are on the record.
    pub(super) async fn events(&self, action: Action) -> usize {
        self.ledger.caught_up().await.unwrap();
        let filter = EventFilter {
            action: Some(action),
            ..EventFilter::default()
        };
        self.ledger.events(&filter).await.unwrap().items.len()
    }

    pub(super) async fn collect(&self) -> crate::registry::Collected {
        self.registry
            .collect(|id| self.directory.bucket(id))
            .await
            .unwrap()
    }
}

pub(super) fn project() -> ProjectName {
    "imagenet".parse().unwrap()
}

pub(super) fn digest(body: &[u8]) -> Digest {
    Digest::Sha256(crate::registry::content::sha256(body))
}

pub(super) fn entry((path, body): File<'_>) -> NewEntry {
    NewEntry {
        path: path.parse().unwrap(),
        size_bytes: u64::try_from(body.len()).unwrap(),
        digest: digest(body),
    }
}
