//! The command line.

mod bucket;
mod limit;
mod reach;

pub(crate) use bucket::{BucketCommand, BucketPolicyArguments, NewBucketArguments};
pub(crate) use limit::{LimitCommand, LimitSubjectArguments};
pub(crate) use reach::{AudienceArgument, NetworksArguments, ReachArguments};

use clap::{Args, Parser, Subcommand, ValueEnum};
use protocol::id::{GrantId, TokenId};
use protocol::name::ArtifactRef;
use protocol::{
    Alias, BucketName, FileKey, Network, PrincipalName, Role, Sha256Digest, TeamName, Timestamp,
};
use std::path::PathBuf;

/// Signet: access to a team's artifacts over pre-signed URLs.
///
/// Exit codes: 0 done, 1 unexpected, 2 wrong use, 3 not signed in, 4 forbidden or absent, 5 conflict,
/// 6 network or storage, 7 digest mismatch.
#[derive(Debug, Parser)]
#[command(
    name = "signet",
    version,
    propagate_version = true,
    infer_subcommands = false
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The server; without it the one of the last `signet login`
    #[arg(
        long,
        global = true,
        env = "SIGNET_SERVER",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) server: Option<String>,
    /// The token, instead of the one that `signet login` keeps
    #[arg(
        long,
        global = true,
        env = "SIGNET_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN",
        hide = true
    )]
    pub(crate) token: Option<String>,
    /// The file that `signet login` keeps tokens in
    #[arg(
        long,
        global = true,
        env = "SIGNET_CREDENTIALS",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) credentials: Option<PathBuf>,
    /// Print results as JSON, one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the broker
    #[cfg(feature = "server")]
    Serve(Serve),
    /// Run the broker with an embedded store, for development on this machine
    #[cfg(feature = "server")]
    Dev(Dev),
    /// Run the main job, told step by step
    #[cfg(feature = "server")]
    Demo(Demo),
    /// Keep a token for a server
    Login(Login),
    /// Who you are
    Whoami,
    /// Upload a folder or file as a new version of an artifact
    Put(Put),
    /// Download a version of an artifact
    Get(Get),
    /// List projects, artifacts or versions
    Ls(Ls),
    /// Print a signed URL for a plain object
    Url(Url),
    /// Move or remove an alias
    #[command(subcommand)]
    Alias(AliasCommand),
    /// Teams and their members
    #[command(subcommand)]
    Team(TeamCommand),
    /// Users and service accounts
    #[command(subcommand)]
    User(UserCommand),
    /// API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Buckets
    #[command(subcommand)]
    Bucket(BucketCommand),
    /// Limits of principals and teams
    #[command(subcommand)]
    Limit(LimitCommand),
    /// Grants: recorded decisions that released URLs
    #[command(subcommand)]
    Grant(GrantCommand),
    /// The audit ledger
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check that this machine can work with the server
    Doctor,
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print the effective configuration, secrets hidden, and end
    #[arg(long)]
    pub(crate) check_config: bool,
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// The port of the broker on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Also sign in as the administrator, as `signet login` does
    #[arg(long)]
    pub(crate) login: bool,
}

#[cfg(feature = "server")]
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The data to put; without it a data set is made
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// An S3 store to use instead of the embedded one
    #[arg(long, value_name = "ADDRESS", requires = "store_keys")]
    pub(crate) store: Option<String>,
    /// A JSON file that names two buckets of that store, each with a key that opens it alone
    #[arg(long, value_name = "FILE", requires = "store")]
    pub(crate) store_keys: Option<PathBuf>,
    /// Leave everything running at the end
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The server's address, as `https://signet.example.com`
    pub(crate) address: String,
    /// Read the token from standard input instead of asking for it
    #[arg(long)]
    pub(crate) token_stdin: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Put {
    /// The folder or file
    pub(crate) path: PathBuf,
    /// team/project/collection
    pub(crate) artifact: ArtifactRef,
    /// What the collection holds, as `dataset` or `model`
    #[arg(long = "type", value_name = "KIND")]
    pub(crate) kind: Option<String>,
    /// An alias for the version besides `latest`; may be given again
    #[arg(long = "alias", value_name = "ALIAS")]
    pub(crate) aliases: Vec<Alias>,
    /// A description for people
    #[arg(long)]
    pub(crate) description: Option<String>,
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Get {
    /// `team/project/collection`, or with `:version` behind it
    pub(crate) artifact: ArtifactRef,
    /// Where to; nothing is written outside of it
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) reach: ReachArguments,
}

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// team, team/project or team/project/collection; without it your teams
    pub(crate) place: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum MethodArgument {
    Get,
    Head,
    Put,
    Delete,
}

#[derive(Debug, Args)]
pub(crate) struct Url {
    /// The team
    pub(crate) team: TeamName,
    /// The object's key beneath the team's root
    pub(crate) key: FileKey,
    /// What the URL is for
    #[arg(long, value_enum, default_value = "get")]
    pub(crate) method: MethodArgument,
    /// Life in seconds; without it as long as is allowed
    #[arg(long, value_name = "SECONDS")]
    pub(crate) ttl: Option<u32>,
    /// For `put`: SHA-256 of the bytes
    #[arg(long, value_name = "HEX")]
    pub(crate) sha256: Option<Sha256Digest>,
    /// For `put`: size in bytes
    #[arg(long, value_name = "BYTES")]
    pub(crate) size: Option<u64>,
    /// Sign for the store's address for this audience; without it for its usual one
    #[arg(long, value_enum)]
    pub(crate) audience: Option<AudienceArgument>,
    /// Have the store take the URL from this network alone, as `203.0.113.0/24`
    #[arg(long)]
    pub(crate) network: Option<Network>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AliasCommand {
    /// Let an alias name a version
    Set {
        /// team/project/collection:version
        artifact: ArtifactRef,
        /// The alias
        alias: Alias,
    },
    /// Take an alias away
    Remove {
        /// team/project/collection
        artifact: ArtifactRef,
        /// The alias
        alias: Alias,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TeamCommand {
    /// Make a team
    Create {
        /// Its name
        name: TeamName,
        /// Its bucket; without it the instance's default
        #[arg(long)]
        bucket: Option<BucketName>,
    },
    /// List the teams that you can see
    List,
    /// Give a team another bucket
    SetBucket {
        /// The team
        team: TeamName,
        /// The bucket
        bucket: BucketName,
    },
    /// Say from which networks a team's data may be asked for
    SetNetworks {
        /// The team
        team: TeamName,
        #[command(flatten)]
        allowed: NetworksArguments,
    },
    /// Stop everything in a team
    Suspend {
        /// The team
        team: TeamName,
    },
    /// Let a suspended team go on
    Reinstate {
        /// The team
        team: TeamName,
    },
    /// List a team's members
    Members {
        /// The team
        team: TeamName,
    },
    /// Add a member, or change a role
    Add {
        /// The team
        team: TeamName,
        /// The user or service account
        principal: PrincipalName,
        /// viewer, member or admin
        #[arg(long, default_value = "member")]
        role: Role,
    },
    /// End a membership
    Remove {
        /// The team
        team: TeamName,
        /// The user or service account
        principal: PrincipalName,
    },
    /// Make a service account that the team owns
    CreateServiceAccount {
        /// The team
        team: TeamName,
        /// The service account's name
        name: PrincipalName,
        /// viewer, member or admin
        #[arg(long, default_value = "member")]
        role: Role,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user
    Create {
        /// Its name
        name: PrincipalName,
        /// May administer the instance
        #[arg(long)]
        instance_admin: bool,
    },
    /// List users and service accounts
    List,
    /// Stop a user or service account, and tell what of its URLs is still alive
    Suspend {
        /// Its name
        name: PrincipalName,
    },
    /// Let a suspended user go on
    Reinstate {
        /// Its name
        name: PrincipalName,
    },
    /// Remove a user or service account for good
    Remove {
        /// Its name
        name: PrincipalName,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; its secret is printed once
    Create {
        /// For a service account or user; without it for you
        #[arg(long = "for", value_name = "NAME")]
        principal: Option<PrincipalName>,
        /// What it is for
        #[arg(long, default_value = "")]
        label: String,
        /// Life in seconds; without it until it is revoked
        #[arg(long, value_name = "SECONDS")]
        ttl: Option<u64>,
    },
    /// List tokens
    List {
        /// Of a service account or user; without it yours
        #[arg(long = "of", value_name = "NAME")]
        principal: Option<PrincipalName>,
    },
    /// Bring an existing API key along, read from standard input
    Import {
        /// What it is for
        #[arg(long, default_value = "")]
        label: String,
        /// For a user, by the key's SHA-256 instead of the key
        #[arg(long = "for", value_name = "NAME", requires = "sha256")]
        principal: Option<PrincipalName>,
        /// SHA-256 of the key's text
        #[arg(long, value_name = "HEX", requires = "principal")]
        sha256: Option<Sha256Digest>,
    },
    /// Revoke a token
    Revoke {
        /// Its id
        id: TokenId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// List grants
    List {
        /// Of this team
        #[arg(long)]
        team: Option<TeamName>,
        /// Released to this user or service account
        #[arg(long)]
        principal: Option<PrincipalName>,
        /// Only those whose URLs the stores still accept
        #[arg(long)]
        live: bool,
    },
    /// Show a grant with all its keys
    Show {
        /// Its id, as in a URL's `x-grant`
        id: GrantId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List events, oldest first
    List {
        /// Of this team
        #[arg(long)]
        team: Option<TeamName>,
        /// By this user or service account
        #[arg(long)]
        principal: Option<PrincipalName>,
        /// About this, as `url:issue`
        #[arg(long)]
        action: Option<protocol::audit::Action>,
        /// Not before, as 2026-01-31T12:00:00Z
        #[arg(long)]
        from: Option<Timestamp>,
        /// Before
        #[arg(long)]
        to: Option<Timestamp>,
    },
    /// Verify the chain of every lane
    Verify,
}
