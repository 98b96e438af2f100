//! Everything that can be asked for, and the question that each asks.

use super::decide::{Effect, Need, Question};
use super::owned::{UploadFacts, VersionFacts};
use super::{BucketFacts, Standing, TeamFacts};
use protocol::admin::{
    ImportToken, ImportTokenHash, NewLimit, NewServiceAccount, NewTeam, NewToken, NewUser,
    TeamChange,
};
use protocol::artifact::{Commit, NewEntry, NewVersion, VersionState};
use protocol::bucket::{self, BucketChange, NewBucket};
use protocol::id::{LimitId, ObjectId, TokenId};
use protocol::transfer::{NewUpload, PartDigest, Reach, UploadState, UrlMethod, UrlsRequest};
use protocol::{Alias, PrincipalName, ProjectName, Role};
use std::sync::Arc;

mod sealed {
    pub trait Sealed {}
}

/// Something that can be asked for.
pub trait Operation: sealed::Sealed {
    /// The operation's name in the ledger, in metrics and in the table of policy.
    fn name(&self) -> &'static str;
    /// What has to be decided.
    fn question(&self) -> Question;
}

macro_rules! operations {
    ($(
        $(#[$meta:meta])*
        $op:ident $name:literal { $($(#[$fmeta:meta])* $field:ident: $ty:ty),* $(,)? } |$this:ident| $question:expr;
    )*) => {
        /// The names of all operations, for metrics and for the test of the table.
        pub const OPERATION_NAMES: &[&str] = &[$($name),*];
        $(
            $(#[$meta])*
            #[derive(Debug)]
            pub struct $op {
                $($(#[$fmeta])* pub $field: $ty,)*
            }
            impl sealed::Sealed for $op {}
            impl Operation for $op {
                fn name(&self) -> &'static str {
                    $name
                }
                fn question(&self) -> Question {
                    let $this = self;
                    $question
                }
            }
        )*
    };
}

/// What administering a principal needs: its owner team decides with, if it has one.
fn over(need: Need, owner_team: Option<&Arc<TeamFacts>>) -> Question {
    match owner_team {
        Some(team) => Question::team(need, Effect::None, team),
        None => Question::instance(need),
    }
}

fn urls(op: &PlainUrls) -> Question {
    // A size that is not told is as large as can be
    let largest = op
        .request
        .objects
        .iter()
        .map(|object| object.size_bytes.unwrap_or(u64::MAX))
        .max()
        .unwrap_or(0);
    let (role, effect) = match op.request.method {
        UrlMethod::Get => (Role::Viewer, Effect::Download),
        UrlMethod::Head => (Role::Viewer, Effect::None),
        UrlMethod::Put => (
            Role::Member,
            Effect::Write {
                object_bytes: largest,
            },
        ),
        UrlMethod::Delete => (Role::Admin, Effect::Write { object_bytes: 0 }),
    };
    Question::bucket(Need::Role(role), effect, &op.team).pinned_to(op.request.network)
}

/// What goes on with an upload writes the object. From its end on it is as good as given up, whether
/// or not the sweep has come by.
fn upload(upload: &UploadFacts, open: bool) -> Question {
    let need = Need::Starter(Role::Member, upload.started_by);
    let effect = Effect::Write {
        object_bytes: upload.size_bytes,
    };
    Question::bucket(need, effect, &upload.team)
        .begun(upload.bucket_id, open)
        .until(upload.ends_at())
}

fn draft(version: &VersionFacts, object_bytes: u64, open: bool) -> Question {
    let need = Need::Starter(Role::Member, version.started_by);
    Question::bucket(need, Effect::Write { object_bytes }, &version.team)
        .begun(version.bucket_id, open)
}

const CHANGE: Effect = Effect::Write { object_bytes: 0 };

operations! {
    /// URLs for plain objects.
    PlainUrls "url:issue" {
        /// The team that owns the objects.
        team: Arc<TeamFacts>,
        /// What was asked for.
        request: UrlsRequest,
    } |op| urls(op);

    /// A large plain object in parts.
    BeginUpload "upload:begin" {
        /// The team that will own the object.
        team: Arc<TeamFacts>,
        /// What was asked for.
        request: NewUpload,
    } |op| Question::bucket(Need::Role(Role::Member), Effect::Write { object_bytes: op.request.size_bytes }, &op.team);

    /// What the store holds of an upload.
    ListParts "upload:list-parts" {
        /// The upload.
        upload: UploadFacts,
    } |op| Question::bucket(
        Need::Starter(Role::Member, op.upload.started_by),
        Effect::None,
        &op.upload.team,
    ).begun(op.upload.bucket_id, op.upload.state != UploadState::Aborted)
        .until(op.upload.ends_at());

    /// URLs for parts.
    SignParts "upload:sign-parts" {
        /// The upload.
        upload: UploadFacts,
        /// The parts.
        parts: Vec<PartDigest>,
        /// From where the URLs are used.
        reach: Reach,
    } |op| upload(&op.upload, op.upload.state == UploadState::Open).pinned_to(op.reach.network);

    /// Puts the parts together. Asking again after it is done answers the same.
    CompleteUpload "upload:complete" {
        /// The upload.
        upload: UploadFacts,
    } |op| upload(&op.upload, op.upload.state != UploadState::Aborted);

    /// Gives an upload up. Asking again after it is done answers the same. No limit forbids it but
    /// one of networks: it leaves less behind.
    AbortUpload "upload:abort" {
        /// The upload.
        upload: UploadFacts,
    } |op| Question::bucket(
        Need::StarterOrTeamAdmin(Role::Member, op.upload.started_by),
        Effect::None,
        &op.upload.team,
    ).begun(op.upload.bucket_id, op.upload.state != UploadState::Completed);

    /// A new version.
    BeginVersion "artifact:begin" {
        /// The team that will own it.
        team: Arc<TeamFacts>,
        /// The project; made when absent.
        project: ProjectName,
        /// What was asked for.
        request: NewVersion,
    } |op| Question::bucket(Need::Role(Role::Member), CHANGE, &op.team);

    /// Entries of a draft.
    RegisterEntries "artifact:register" {
        /// The draft.
        version: VersionFacts,
        /// The entries.
        entries: Vec<NewEntry>,
        /// From where the URLs are used.
        reach: Reach,
    } |op| draft(
        &op.version,
        op.entries.iter().map(|entry| entry.size_bytes).max().unwrap_or(0),
        op.version.state == VersionState::Draft,
    ).pinned_to(op.reach.network);

    /// Verifies objects that landed.
    VerifyLanded "artifact:landed" {
        /// The draft.
        version: VersionFacts,
        /// The objects; checked to be the draft's own.
        objects: Vec<ObjectId>,
    } |op| draft(&op.version, 0, op.version.state == VersionState::Draft);

    /// Commits a draft. Asking again after it is done answers the same.
    CommitVersion "artifact:commit" {
        /// The draft.
        version: VersionFacts,
        /// What was asked for.
        commit: Commit,
    } |op| draft(&op.version, 0, op.version.state != VersionState::Deleted);

    /// Gives a draft up. No limit forbids it but one of networks: it leaves less behind.
    AbandonVersion "artifact:abandon" {
        /// The draft.
        version: VersionFacts,
    } |op| Question::bucket(
        Need::StarterOrTeamAdmin(Role::Member, op.version.started_by),
        Effect::None,
        &op.version.team,
    ).begun(op.version.bucket_id, op.version.state != VersionState::Committed);

    /// Reads names, versions and aliases.
    ReadRegistry "artifact:read" {
        /// The team that owns them.
        team: Arc<TeamFacts>,
    } |op| Question::team(Need::Role(Role::Viewer), Effect::None, &op.team);

    /// URLs for a version's entries.
    DownloadVersion "artifact:download" {
        /// The version.
        version: VersionFacts,
        /// Read on after this path.
        after: Option<String>,
        /// Life asked for, in seconds.
        ttl_seconds: Option<u32>,
        /// From where the URLs are used.
        reach: Reach,
    } |op| Question::bucket(Need::Role(Role::Viewer), Effect::Download, &op.version.team)
        .begun(op.version.bucket_id, op.version.state == VersionState::Committed)
        .pinned_to(op.reach.network);

    /// Moves an alias to a version.
    SetAlias "artifact:set-alias" {
        /// The version.
        version: VersionFacts,
        /// The alias.
        alias: Alias,
    } |op| Question::team(Need::Role(Role::Member), CHANGE, &op.version.team)
        .open(op.version.state == VersionState::Committed);

    /// Takes an alias away.
    RemoveAlias "artifact:remove-alias" {
        /// The version that it names.
        version: VersionFacts,
        /// The alias.
        alias: Alias,
    } |op| Question::team(Need::Role(Role::Member), CHANGE, &op.version.team)
        .open(op.version.state == VersionState::Committed);

    /// Deletes a version.
    DeleteVersion "artifact:delete" {
        /// The version.
        version: VersionFacts,
        /// Delete it even while aliases other than `latest` name it.
        delete_aliases: bool,
    } |op| Question::team(
        Need::StarterOrTeamAdmin(Role::Member, op.version.started_by),
        CHANGE,
        &op.version.team,
    ).open(matches!(op.version.state, VersionState::Committed | VersionState::Deleted));

    /// Who the caller is, and what everybody may see.
    ReadSelf "self:read" {} |_op| Question::instance(Need::Anyone);

    /// A team, its members and its bucket's name.
    ReadTeam "team:read" {
        /// The team.
        team: Arc<TeamFacts>,
    } |op| Question::team(Need::RoleOrInstanceAdmin(Role::Viewer), Effect::None, &op.team);

    /// A new team.
    CreateTeam "team:create" {
        /// What was asked for.
        request: NewTeam,
    } |_op| Question::instance(Need::InstanceAdmin);

    /// Another bucket or state for a team.
    ChangeTeam "team:update" {
        /// The team.
        team: Arc<TeamFacts>,
        /// What was asked for.
        change: TeamChange,
    } |op| Question::team(Need::InstanceAdmin, Effect::None, &op.team);

    /// A role in a team.
    SetMembership "membership:set" {
        /// The team.
        team: Arc<TeamFacts>,
        /// The principal; looked up only once it is allowed, so that names cannot be tried out.
        subject: PrincipalName,
        /// Its role from now on.
        role: Role,
    } |op| Question::team(Need::RoleOrInstanceAdmin(Role::Admin), Effect::None, &op.team);

    /// The end of a membership.
    RemoveMembership "membership:remove" {
        /// The team.
        team: Arc<TeamFacts>,
        /// The principal; looked up only once it is allowed.
        subject: PrincipalName,
    } |op| Question::team(Need::OwnMembershipOrTeamAdmin(op.subject.clone()), Effect::None, &op.team);

    /// A principal.
    ReadPrincipal "principal:read" {
        /// The principal.
        subject: Arc<Standing>,
    } |op| Question::instance(Need::Knows(Arc::clone(&op.subject)));

    /// A new user.
    CreateUser "user:create" {
        /// What was asked for.
        request: NewUser,
    } |_op| Question::instance(Need::InstanceAdmin);

    /// A new service account.
    CreateServiceAccount "service-account:create" {
        /// The team that will own it.
        team: Arc<TeamFacts>,
        /// What was asked for.
        request: NewServiceAccount,
    } |op| Question::team(Need::RoleOrInstanceAdmin(Role::Admin), Effect::None, &op.team);

    /// Stops a principal.
    SuspendPrincipal "principal:suspend" {
        /// The principal.
        subject: Arc<Standing>,
        /// For a service account: the team that owns it.
        owner_team: Option<Arc<TeamFacts>>,
    } |op| over(Need::OverOther(Arc::clone(&op.subject)), op.owner_team.as_ref());

    /// Lets a stopped principal go on.
    ReinstatePrincipal "principal:reinstate" {
        /// The principal.
        subject: Arc<Standing>,
        /// For a service account: the team that owns it.
        owner_team: Option<Arc<TeamFacts>>,
    } |op| over(Need::OverOther(Arc::clone(&op.subject)), op.owner_team.as_ref());

    /// Removes a principal for good.
    RemovePrincipal "principal:remove" {
        /// The principal.
        subject: Arc<Standing>,
        /// For a service account: the team that owns it.
        owner_team: Option<Arc<TeamFacts>>,
    } |op| over(Need::OverOther(Arc::clone(&op.subject)), op.owner_team.as_ref());

    /// A principal's tokens.
    ListTokens "token:list" {
        /// Whose they are.
        subject: Arc<Standing>,
        /// For a service account: the team that owns it.
        owner_team: Option<Arc<TeamFacts>>,
    } |op| over(Need::Over(Arc::clone(&op.subject)), op.owner_team.as_ref());

    /// A new token.
    CreateToken "token:create" {
        /// Whose it will be.
        subject: Arc<Standing>,
        /// For a service account: the team that owns it.
        owner_team: Option<Arc<TeamFacts>>,
        /// What was asked for.
        request: NewToken,
    } |op| over(Need::Over(Arc::clone(&op.subject)), op.owner_team.as_ref());

    /// An API key that the caller brings along.
    ImportOwnToken "token:import" {
        /// What was asked for.
        request: ImportToken,
    } |_op| Question::instance(Need::User);

    /// An API key that an administrator brings along for a user, by its hash.
    ImportTokenFor "token:import-hash" {
        /// Whose it is.
        subject: Arc<Standing>,
        /// What was asked for.
        request: ImportTokenHash,
    } |op| Question::instance(Need::InstanceAdminOver(Arc::clone(&op.subject)));

    /// The end of a token.
    RevokeToken "token:revoke" {
        /// The token.
        token: TokenId,
        /// Whose it is.
        subject: Arc<Standing>,
        /// For a service account: the team that owns it.
        owner_team: Option<Arc<TeamFacts>>,
    } |op| over(Need::Over(Arc::clone(&op.subject)), op.owner_team.as_ref());

    /// A new bucket.
    CreateBucket "bucket:create" {
        /// What was asked for.
        request: NewBucket,
    } |_op| Question::instance(Need::InstanceAdmin);

    /// Registered buckets.
    ReadBuckets "bucket:read" {} |_op| Question::instance(Need::InstanceAdmin);

    /// A bucket on its live store.
    VerifyBucket "bucket:verify" {
        /// The bucket.
        bucket: Arc<BucketFacts>,
        /// What was asked for.
        request: bucket::VerifyBucket,
    } |_op| Question::instance(Need::InstanceAdminAlone);
    /// What may be changed of a bucket's registration.
    ChangeBucket "bucket:update" {
        /// The bucket.
        bucket: Arc<BucketFacts>,
        /// What was asked for.
        change: BucketChange,
    } |_op| Question::instance(Need::InstanceAdminAlone);

    /// The end of a bucket's registration.
    RemoveBucket "bucket:remove" {
        /// The bucket.
        bucket: Arc<BucketFacts>,
    } |_op| Question::instance(Need::InstanceAdminAlone);

    /// A new limit.
    SetLimit "limit:set" {
        /// What was asked for.
        request: NewLimit,
    } |_op| Question::instance(Need::InstanceAdmin);

    /// The limits.
    ReadLimits "limit:read" {} |_op| Question::instance(Need::InstanceAdmin);

    /// The end of a limit.
    RemoveLimit "limit:remove" {
        /// The limit.
        limit: LimitId,
    } |_op| Question::instance(Need::InstanceAdminAlone);

    /// Events and grants of one team.
    ReadTeamAudit "audit:read-team" {
        /// The team.
        team: Arc<TeamFacts>,
    } |op| Question::team(Need::RoleOrInstanceAdmin(Role::Admin), Effect::None, &op.team);

    /// Events and grants of everybody, and the chains.
    ReadAudit "audit:read" {} |_op| Question::instance(Need::InstanceAdmin);
}
