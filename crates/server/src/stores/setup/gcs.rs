//! Documents for a bucket in Google Cloud Storage.

use super::document::{Document, Kind, Setup};
use super::network::{self, Network};
use super::terraform::Target;
use super::{Error, Origin, Place, Root, Team, checked_text};
use protocol::error::Fault;
use serde_json::json;

/// Stands where the project is not known.
const PROJECT: &str = "PROJECT_ID";
/// Our role's id in the project.
pub(super) const ROLE_ID: &str = "signetObjects";
/// What Signet does with objects. `get` and `create` do not tell what else there is; lists are granted
/// beneath a team's root alone, by the same condition.
const PERMISSIONS: [&str; 7] = [
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.multipartUploads.listParts",
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
];
/// Roots in one condition: each takes two terms, and a condition takes 12 operators between terms.
const ROOTS_A_CONDITION: usize = 6;
/// Conditions with which a bucket takes one role for one identity.
const MAX_CONDITIONS: usize = 20;
/// How long a browser may remember what it was allowed, in seconds.
const CORS_SECONDS: u32 = 3000;
/// After how many days the store drops an upload: more than an upload may take.
const ABANDONED_DAYS: u32 = 2;

fn service_account(text: &str) -> Result<(), Fault> {
    let expected = "the e-mail address of a service account";
    let fits = text.split_once('@').is_some_and(|(name, host)| {
        let is_word = |part: &str, more: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
        };
        is_word(name, "-.") && is_word(host, "-.")
    });
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// The e-mail address of a service account.
    ServiceAccount,
    "service account",
    service_account
);

fn project(text: &str) -> Result<(), Fault> {
    let expected = "a project's id: lower-case letters, digits, `-`, `.` and `:`";
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:".contains(c);
    let fits = !text.is_empty() && text.chars().all(allowed);
    fits.then_some(()).ok_or(Fault::Form { expected })
}

checked_text!(
    /// The id of a project.
    ProjectId,
    "project",
    project
);

/// A bucket in Google Cloud Storage, and who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcsBucket {
    /// Where the objects lie.
    pub place: Place,
    /// The bucket's project; without it the documents name a `PROJECT_ID` to be filled in.
    pub project: Option<ProjectId>,
    /// All teams that use the bucket.
    pub teams: Vec<Team>,
    /// The identity that signs URLs and makes the server's own requests.
    pub service_account: ServiceAccount,
    /// Web pages that use the bucket.
    pub origins: Vec<Origin>,
    /// Public networks from which the bucket may be used.
    pub networks: Vec<Network>,
}

impl GcsBucket {
    /// All documents for the bucket.
    ///
    /// # Errors
    /// When nobody uses the bucket, or a team's root is not in its place.
    pub fn setup(&self) -> Result<Setup, Error> {
        let roots = self.place.roots(&self.teams)?;
        let project = self.project.as_ref().map_or(PROJECT, ProjectId::as_str);
        let mut documents = vec![role(project)];
        documents.extend(self.bindings(project, &roots));
        documents.extend(self.cors());
        documents.push(self.lifecycle());
        documents.extend(self.ip_filter());
        let container = self.place.container();
        let mut notes = vec![
            format!(
                "conditions hold only in a bucket without access lists of single objects: `gcloud storage buckets update gs://{container} --uniform-bucket-level-access`"
            ),
            "rights that the service account has from its project or folder are not narrowed by these conditions: give it none".to_owned(),
        ];
        if self.project.is_none() {
            notes.push(format!("put the project's id in the place of `{PROJECT}`"));
        }
        if self.networks.is_empty() {
            notes.push("no network is named, so URLs work from everywhere".to_owned());
        }
        Ok(Setup {
            documents,
            notes,
            target: Target::Google {
                project: project.to_owned(),
                member: format!("serviceAccount:{}", self.service_account),
            },
            place: self.place.clone(),
        })
    }

    fn bindings(&self, project: &str, roots: &[&Root]) -> Vec<Document> {
        let container = self.place.container();
        let account = &self.service_account;
        let mark = self.place.mark();
        let chunks: Vec<&[&Root]> = roots.chunks(ROOTS_A_CONDITION).collect();
        let is_too_many = chunks.len() > MAX_CONDITIONS;
        let binding = |(at, roots): (usize, &&[&Root])| {
            let terms: Vec<String> = roots.iter().map(|root| terms(container, root)).collect();
            let number = at + 1;
            let title = format!("{mark}Objects{number}");
            let body = json!({
                "title": title,
                "description": "Signet: objects and lists beneath the roots of its teams",
                "expression": terms.join(" || "),
            });
            let mut document = Document::new(
                Kind::IamBinding,
                "Where the service account may use objects",
                body,
            )
            .because(
                title,
                "objects beneath the teams' roots and nowhere else; a list has no object, so its prefix is compared instead",
            );
            document.file = format!("iam-binding-{number}.json");
            document = document.applied_by(format!(
                "gcloud storage buckets add-iam-policy-binding gs://{container} --member=serviceAccount:{account} --role=projects/{project}/roles/{ROLE_ID} --condition-from-file=iam-binding-{number}.json"
            ));
            if is_too_many {
                document = document.warn(format!(
                    "a bucket takes a role {MAX_CONDITIONS} times for one identity: register a further bucket for some of the teams"
                ));
            }
            document
        };
        chunks.iter().enumerate().map(binding).collect()
    }

    fn cors(&self) -> Option<Document> {
        if self.origins.is_empty() {
            return None;
        }
        let origins: Vec<&str> = self.origins.iter().map(Origin::as_str).collect();
        let body = json!([{
            "origin": origins,
            "method": ["GET", "HEAD", "PUT"],
            // One list for what pages send and for what they see
            "responseHeader": [
                "Content-Type", "ETag", "Range", "x-goog-content-length-range", "x-goog-hash",
                "x-goog-if-generation-match",
            ],
            "maxAgeSeconds": CORS_SECONDS,
        }]);
        let container = self.place.container();
        let document = Document::new(Kind::Cors, "Which web pages may use the bucket", body)
            .because(
                "origin",
                "pages of these origins read, write and see the checksums of what they wrote; pages of others get no answer",
            )
            .applied_by(format!(
                "gcloud storage buckets update gs://{container} --cors-file=cors.json"
            ))
            .warn("the command replaces all rules: put this one among those that are there");
        Some(document)
    }

    fn lifecycle(&self) -> Document {
        let mut condition = json!({"age": ABANDONED_DAYS});
        if !self.place.prefix().is_empty()
            && let Some(fields) = condition.as_object_mut()
        {
            fields.insert("matchesPrefix".to_owned(), json!([self.place.prefix()]));
        }
        let body = json!({"rule": [{
            "action": {"type": "AbortIncompleteMultipartUpload"},
            "condition": condition,
        }]});
        let container = self.place.container();
        Document::new(Kind::Lifecycle, "What the store tidies up by itself", body)
            .because(
                "rule",
                "an upload lives 24 hours; the store drops what Signet can no longer know, and nobody pays for it. No object is ever deleted",
            )
            .applied_by(format!(
                "gcloud storage buckets update gs://{container} --lifecycle-file=lifecycle.json"
            ))
            .warn("the command replaces all rules: put this one among those that are there")
    }

    fn ip_filter(&self) -> Option<Document> {
        if self.networks.is_empty() {
            return None;
        }
        let networks: Vec<String> = self.networks.iter().map(ToString::to_string).collect();
        let body = json!({
            "mode": "Enabled",
            "publicNetworkSource": {"allowedIpCidrRanges": networks},
            "allowCrossOrgVpcs": false,
            "allowAllServiceAgentAccess": false,
        });
        let container = self.place.container();
        let mut document = Document::new(
            Kind::IpFilter,
            "From which networks the bucket can be reached",
            body,
        )
        .because(
            "publicNetworkSource",
            "a URL that leaks is worth nothing elsewhere",
        )
        .because(
            "allowAllServiceAgentAccess",
            "Google's own services get in only where you need them: set it to true then",
        )
        .applied_by(format!(
            "gcloud storage buckets update gs://{container} --ip-filter-file=ip-filter.json"
        ))
        .warn("it holds for the whole bucket and for everybody: the server's address must be among those allowed, no identity is exempt for objects")
        .warn("give somebody the permission `storage.buckets.exemptFromIpFilter` first, who can take the filter back when you shut yourself out")
        .warn("clients inside of a VPC have no public address: name their networks under `vpcNetworkSources`");
        document.warnings.extend(network::warnings(&self.networks));
        Some(document)
    }
}

fn role(project: &str) -> Document {
    let body = json!({
        "title": "Signet objects",
        "description": "What Signet does with objects",
        "stage": "GA",
        "includedPermissions": PERMISSIONS,
    });
    Document::new(Kind::RoleDefinition, "A role for Signet's service account", body)
        .because(
            "includedPermissions",
            "Google's own role for users of objects also changes their metadata, and makes and moves folders, which Signet does not do",
        )
        .applied_by(format!(
            "gcloud iam roles create {ROLE_ID} --project={project} --file=role-definition.json"
        ))
}

/// True for objects beneath a root and for lists of them.
fn terms(container: &str, root: &Root) -> String {
    let name = quoted(&format!("projects/_/buckets/{container}/objects/{root}"));
    let prefix = quoted(root.as_str());
    format!(
        "resource.name.startsWith({name}) || api.getAttribute(\"storage.googleapis.com/objectListPrefix\", \"\").startsWith({prefix})"
    )
}

/// A text of the condition language. Keys have no control characters, so two escapes suffice.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
