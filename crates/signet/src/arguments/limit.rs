//! Arguments of `signet limit`.

use clap::{Args, Subcommand};
use protocol::id::LimitId;
use protocol::{Network, PrincipalName, TeamName};

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct LimitSubjectArguments {
    /// The user or service account that it binds
    #[arg(long)]
    pub(crate) principal: Option<PrincipalName>,
    /// The team that it binds
    #[arg(long)]
    pub(crate) team: Option<TeamName>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LimitCommand {
    /// Set a limit
    Set {
        #[command(flatten)]
        subject: LimitSubjectArguments,
        /// The longest life of a URL, in seconds
        #[arg(long, value_name = "SECONDS")]
        max_ttl: Option<u32>,
        /// The most URLs in a minute
        #[arg(long, value_name = "COUNT")]
        urls_per_minute: Option<u32>,
        /// The largest object that may be uploaded, in bytes
        #[arg(long, value_name = "BYTES")]
        max_object_bytes: Option<u64>,
        /// Nothing may be uploaded, changed or deleted
        #[arg(long)]
        read_only: bool,
        /// Nothing may be downloaded
        #[arg(long)]
        no_download: bool,
        /// Data may be asked for from this network alone; may be given again for more
        #[arg(long = "allowed-network", value_name = "NETWORK")]
        allowed_networks: Vec<Network>,
    },
    /// List limits
    List,
    /// Lift a limit
    Remove {
        /// Its id
        id: LimitId,
    },
}
