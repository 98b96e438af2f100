//! From where stores are reached, and from where what may be asked.

use clap::{Args, ValueEnum};
use protocol::Network;
use protocol::bucket::Audience;
use protocol::transfer::Reach;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AudienceArgument {
    Browser,
    Internal,
    Vpc,
}

impl From<AudienceArgument> for Audience {
    fn from(argument: AudienceArgument) -> Self {
        match argument {
            AudienceArgument::Browser => Self::Browser,
            AudienceArgument::Internal => Self::Internal,
            AudienceArgument::Vpc => Self::Vpc,
        }
    }
}

/// From where this machine reaches the store.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ReachArguments {
    /// Reach the store at the address that its bucket has for this audience; without it at its usual one
    #[arg(long, value_enum, env = "SIGNET_AUDIENCE", hide_env_values = true)]
    pub(crate) audience: Option<AudienceArgument>,
    /// Have URLs that the store takes from this network alone, as `203.0.113.0/24`
    #[arg(long)]
    pub(crate) network: Option<Network>,
}

impl From<ReachArguments> for Reach {
    fn from(arguments: ReachArguments) -> Self {
        Self {
            audience: arguments.audience.map(Audience::from),
            network: arguments.network,
        }
    }
}

/// A list of networks, or none.
#[derive(Debug, Args)]
pub(crate) struct NetworksArguments {
    /// The networks, as `10.0.0.0/8` or one address
    #[arg(value_name = "NETWORK", required_unless_present = "all")]
    networks: Vec<Network>,
    /// All networks: takes the list away
    #[arg(long, conflicts_with = "networks")]
    all: bool,
}

impl NetworksArguments {
    /// The list; empty for all networks.
    pub(crate) fn into_list(self) -> Vec<Network> {
        if self.all { Vec::new() } else { self.networks }
    }
}
