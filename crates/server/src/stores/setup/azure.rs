//! Documents for a container in Azure Blob Storage.

use super::document::{Document, Kind, Setup};
use super::network::{self, Network};
use super::terraform::Target;
use super::{Error, Origin, Place, Root, Team, checked_text};
use protocol::error::Fault;
use serde_json::{Value, json};
use std::net::IpAddr;

/// The built-in role to read, write and delete blobs.
const CONTRIBUTOR: &str = "ba92f5b4-2d11-453d-a403-e96b0029c9fe";
/// The built-in role to get keys that sign in an identity's name.
const DELEGATOR: &str = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a";
/// The longest condition that an assignment takes, in bytes.
const MAX_CONDITION_BYTES: usize = 8 * 1024;
/// How long a browser may remember what it was allowed, in seconds.
const CORS_SECONDS: u32 = 3000;
const BLOBS: &str = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

fn word(text: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.()".contains(c);
    let fits = !text.is_empty() && text.chars().all(allowed);
    let expected = "letters, digits and characters of `-_.()`";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// A subscription, resource group, storage account or identity, by its name or id.
    AzureName,
    "name in Azure",
    word
);

fn subnet(text: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.()/".contains(c);
    let fits = text.starts_with("/subscriptions/")
        && text.contains("/subnets/")
        && text.chars().all(allowed);
    let expected = "`/subscriptions/…/virtualNetworks/…/subnets/…`";
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// The resource id of a subnet.
    SubnetId,
    "subnet",
    subnet
);

/// A container in Azure Blob Storage, and who uses it. What is not named stands in the documents as
/// `SUBSCRIPTION_ID`, `RESOURCE_GROUP`, `STORAGE_ACCOUNT` or `PRINCIPAL_OBJECT_ID`, to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AzureContainer {
    /// The subscription's id.
    pub subscription: Option<AzureName>,
    /// The resource group's name.
    pub resource_group: Option<AzureName>,
    /// The storage account's name.
    pub account: Option<AzureName>,
    /// Where the blobs lie.
    pub place: Place,
    /// All teams that use the container.
    pub teams: Vec<Team>,
    /// The object id of the identity that signs URLs and makes the server's own requests.
    pub principal_id: Option<AzureName>,
    /// Web pages that use the container.
    pub origins: Vec<Origin>,
    /// Public networks from which the account may be used.
    pub networks: Vec<Network>,
    /// Subnets from which the account may be used.
    pub subnets: Vec<SubnetId>,
}

impl AzureContainer {
    /// All documents for the container.
    ///
    /// # Errors
    /// When nobody uses the container, a team's root is not in its place, or a root cannot be written
    /// into a condition.
    pub fn setup(&self) -> Result<Setup, Error> {
        let roots = self.place.roots(&self.teams)?;
        let mut documents = vec![self.contributor(&roots)?, self.delegator()];
        documents.extend(self.cors());
        documents.extend(self.network_rules());
        let mut notes = vec![
            "blocks of uploads that are never finished vanish by themselves a week after the last one, so no lifecycle rule is needed".to_owned(),
        ];
        let names = [
            &self.subscription,
            &self.resource_group,
            &self.account,
            &self.principal_id,
        ];
        if names.iter().any(|name| name.is_none()) {
            notes.push("put the right names in the place of those in capitals".to_owned());
        }
        if self.networks.is_empty() && self.subnets.is_empty() {
            notes.push("no network is named, so URLs work from everywhere".to_owned());
        }
        Ok(Setup {
            documents,
            notes,
            target: Target::Azure {
                account: self.account_id(),
            },
            place: self.place.clone(),
        })
    }

    fn subscription_id(&self) -> String {
        let name = self.subscription.as_ref();
        let name = name.map_or("SUBSCRIPTION_ID", AzureName::as_str);
        format!("/subscriptions/{name}")
    }

    fn account_name(&self) -> &str {
        let name = self.account.as_ref();
        name.map_or("STORAGE_ACCOUNT", AzureName::as_str)
    }

    fn account_id(&self) -> String {
        let group = self.resource_group.as_ref();
        let group = group.map_or("RESOURCE_GROUP", AzureName::as_str);
        format!(
            "{}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{}",
            self.subscription_id(),
            self.account_name()
        )
    }

    fn assignment(&self, role: &str, what: &str, scope: &str, title: &str) -> Document {
        let principal = self.principal_id.as_ref();
        let body = json!({"properties": {
            "roleDefinitionId": format!(
                "{}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                self.subscription_id()
            ),
            "principalId": principal.map_or("PRINCIPAL_OBJECT_ID", AzureName::as_str),
            "principalType": "ServicePrincipal",
        }});
        let mut document = Document::new(Kind::RoleAssignment, title, body);
        document.file = format!("role-assignment-{what}.json");
        document.applied_by(format!(
            "az rest --method put --url \"https://management.azure.com{scope}/providers/Microsoft.Authorization/roleAssignments/$(uuidgen)?api-version=2022-04-01\" --body @role-assignment-{what}.json"
        ))
    }

    fn contributor(&self, roots: &[&Root]) -> Result<Document, Error> {
        let scope = format!(
            "{}/blobServices/default/containers/{}",
            self.account_id(),
            self.place.container()
        );
        let mut document = self.assignment(
            CONTRIBUTOR,
            "blobs",
            &scope,
            "Where the identity may use blobs",
        );
        let condition = condition(roots)?;
        let size = condition.len();
        if let Some(fields) = document
            .body
            .get_mut("properties")
            .and_then(Value::as_object_mut)
        {
            fields.insert("condition".to_owned(), condition.into());
            fields.insert("conditionVersion".to_owned(), "2.0".into());
        }
        let mut document = document
            .because(
                "roleDefinitionId",
                "Storage Blob Data Contributor, on this container alone",
            )
            .because(
                "condition",
                "blobs beneath the teams' roots and nowhere else, and lists of nothing else",
            )
            .warn("the role may also delete the container, which no condition narrows: put a lock against deletion on the account");
        if size > MAX_CONDITION_BYTES {
            document.warnings.push(format!(
                "the condition has {size} bytes and an assignment takes {MAX_CONDITION_BYTES}: register a further container for some of the teams"
            ));
        }
        Ok(document)
    }

    fn delegator(&self) -> Document {
        self.assignment(
            DELEGATOR,
            "delegation",
            &self.account_id(),
            "Leave to get keys that sign in the identity's name",
        )
        .because(
            "roleDefinitionId",
            "Storage Blob Delegator, on the account, since such keys are the account's. A URL signed with one can do no more than its identity, so the condition holds for it",
        )
    }

    fn cors(&self) -> Option<Document> {
        if self.origins.is_empty() {
            return None;
        }
        let origins: Vec<&str> = self.origins.iter().map(Origin::as_str).collect();
        let allowed = [
            "content-type",
            "if-none-match",
            "range",
            "x-ms-blob-content-md5",
            "x-ms-blob-content-type",
            "x-ms-blob-type",
            "x-ms-version",
        ];
        let exposed = ["ETag", "Content-MD5", "x-ms-request-id"];
        let body = json!({"properties": {"cors": {"corsRules": [{
            "allowedOrigins": origins,
            "allowedMethods": ["GET", "HEAD", "PUT"],
            "allowedHeaders": allowed,
            "exposedHeaders": exposed,
            "maxAgeInSeconds": CORS_SECONDS,
        }]}}});
        let document = Document::new(Kind::Cors, "Which web pages may use the account", body)
            .because(
                "allowedOrigins",
                "pages of these origins read, write and see what they wrote; pages of others get no answer",
            )
            .applied_by(format!(
                "az storage cors add --services b --account-name {} --methods GET HEAD PUT --origins {} --allowed-headers {} --exposed-headers {} --max-age {CORS_SECONDS}",
                self.account_name(),
                origins.join(" "),
                allowed.join(" "),
                exposed.join(" "),
            ))
            .warn("rules belong to the whole account, which takes five");
        Some(document)
    }

    fn network_rules(&self) -> Option<Document> {
        if self.networks.is_empty() && self.subnets.is_empty() {
            return None;
        }
        let mut left_out = Vec::new();
        let mut rules = Vec::new();
        for network in &self.networks {
            match addresses(*network) {
                Some(values) => rules.extend(
                    values
                        .into_iter()
                        .map(|value| json!({"value": value, "action": "Allow"})),
                ),
                None => left_out.push(format!(
                    "left out: `{network}`, since rules of an account take public IPv4 addresses alone"
                )),
            }
        }
        let subnets: Vec<Value> = self
            .subnets
            .iter()
            .map(|subnet| json!({"id": subnet.as_str(), "action": "Allow"}))
            .collect();
        let body = json!({"properties": {
            "publicNetworkAccess": "Enabled",
            "networkAcls": {
                "defaultAction": "Deny",
                "bypass": "Logging, Metrics",
                "ipRules": rules,
                "virtualNetworkRules": subnets,
            },
        }});
        let mut document = Document::new(
            Kind::NetworkRules,
            "From which networks the account can be reached",
            body,
        )
        .because("defaultAction", "a URL that leaks is worth nothing elsewhere")
        .because("bypass", "the account's own log must be written")
        .applied_by(format!(
            "az rest --method patch --url \"https://management.azure.com{}?api-version=2023-05-01\" --body @network-rules.json",
            self.account_id()
        ))
        .warn("the rules hold for the whole account and for everybody, and the command replaces those that are there: the server's address or subnet must be among those allowed");
        if self.subnets.is_empty() {
            document.warnings.push("clients in the account's own region come from private addresses, which no rule of addresses lets in: name their subnets".to_owned());
        }
        document.warnings.extend(left_out);
        document.warnings.extend(network::warnings(&self.networks));
        Some(document)
    }
}

/// What an account takes for a network: small ones only address by address.
fn addresses(network: Network) -> Option<Vec<String>> {
    let IpAddr::V4(first) = network.address() else {
        return None;
    };
    if network.is_private() {
        return None;
    }
    Some(match network.bits() {
        32 => vec![first.to_string()],
        31 => vec![
            first.to_string(),
            std::net::Ipv4Addr::from_bits(first.to_bits() | 1).to_string(),
        ],
        _ => vec![network.to_string()],
    })
}

/// True for blobs beneath these roots, for lists of them, and for whatever else the role may do.
fn condition(roots: &[&Root]) -> Result<String, Error> {
    let beneath = |attribute: &str| -> Result<String, Error> {
        let terms: Result<Vec<String>, Error> = roots
            .iter()
            .map(|root| {
                Ok(format!(
                    "({attribute} StringStartsWith '{}')",
                    quotable(root)?
                ))
            })
            .collect();
        Ok(terms?.join(" OR "))
    };
    let path = beneath(&format!("@Resource[{BLOBS}:path]"))?;
    let prefix = beneath(&format!("@Request[{BLOBS}:prefix]"))?;
    let others: Vec<String> = ["write", "add/action", "delete", "move/action"]
        .iter()
        .map(|action| format!(" AND !(ActionMatches{{'{BLOBS}/{action}'}})"))
        .collect();
    let others = others.concat();
    Ok(format!(
        "((!(ActionMatches{{'{BLOBS}/read'}} AND NOT SubOperationMatches{{'Blob.List'}}){others}) OR ({path})) AND ((!(ActionMatches{{'{BLOBS}/read'}} AND SubOperationMatches{{'Blob.List'}})) OR ({prefix}))"
    ))
}

/// The language of conditions does not say how a quote or backslash stands in a text.
fn quotable(root: &Root) -> Result<&str, Error> {
    match root
        .as_str()
        .chars()
        .find(|c| matches!(c, '\'' | '\\' | '$'))
    {
        Some(character) => Err(Error::CannotEscape { character }),
        None => Ok(root.as_str()),
    }
}
