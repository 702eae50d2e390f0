//! What a finding states, in one form for `ListFindings` and `GetFindingV2`.

use muster_core::identity::canonical_principal;
use muster_core::report::{Exposure, FindingClass, Privilege, Severity};
use muster_core::time::Millis;

use super::native::{Access, Detail, Finding};
use crate::access::{ACCESS, Access as AccessKind, is_read};
use crate::attributes::Attributes;
use crate::draft::Remarks;
use crate::lenient::{Many, Maybe, Moment, Pairs, Scalar, excerpt};
use crate::signals;

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A principal outside the zone of trust.
    External,
    /// A principal inside of it, to a resource that is watched.
    Internal,
    UnusedRole,
    UnusedKey,
    UnusedPassword,
    UnusedPermission,
    /// The analyzer could not look at the resource.
    Error,
    /// A type that is newer than this program.
    Other,
}

impl Kind {
    fn of_name(name: &str) -> Self {
        match name {
            "ExternalAccess" | "" => Self::External,
            "InternalAccess" => Self::Internal,
            "UnusedIAMRole" => Self::UnusedRole,
            "UnusedIAMUserAccessKey" => Self::UnusedKey,
            "UnusedIAMUserPassword" => Self::UnusedPassword,
            "UnusedPermission" => Self::UnusedPermission,
            _ => Self::Other,
        }
    }

    /// What kind of statement it is.
    pub(super) fn class(self) -> FindingClass {
        match self {
            Self::External | Self::Internal | Self::Other => FindingClass::Exposure,
            Self::UnusedRole
            | Self::UnusedKey
            | Self::UnusedPassword
            | Self::UnusedPermission
            | Self::Error => FindingClass::Misconfiguration,
        }
    }
}

/// Everything that a finding says about access.
#[derive(Debug)]
pub(super) struct Statement {
    pub(super) kind: Kind,
    /// The type as AWS writes it; `ExternalAccess` where it writes none.
    pub(super) type_name: String,
    /// Who has access, canonical, sorted.
    pub(super) principals: Vec<String>,
    /// `AWS`, `Federated`, `Service`…, sorted.
    pub(super) principal_types: Vec<String>,
    pub(super) actions: Vec<String>,
    /// `key = value`, sorted.
    pub(super) conditions: Vec<String>,
    pub(super) is_public: bool,
    /// Internal access of a principal in another account of the organization.
    pub(super) is_of_organization: bool,
    /// The unused access key.
    pub(super) access_key: String,
    /// The services that unused permissions are of, sorted.
    pub(super) services: Vec<String>,
    /// When what is unused was used last.
    pub(super) last_accessed: Option<Millis>,
    /// Why the analyzer could not look; empty when it could.
    pub(super) error: String,
}

impl Statement {
    /// Reads the finding and the details of all its pages.
    pub(super) fn read(pages: &[Finding<'_>], remarks: &mut Remarks) -> Self {
        let empty = Finding::default();
        let first = pages.first().unwrap_or(&empty);
        let name = first.kind.as_str();
        let error = first.error.text().unwrap_or_default().into_owned();
        let mut statement = Self {
            kind: if error.is_empty() { Kind::of_name(name) } else { Kind::Error },
            type_name: if name.is_empty() { "ExternalAccess" } else { name }.to_owned(),
            principals: Vec::new(),
            principal_types: Vec::new(),
            actions: Vec::new(),
            conditions: Vec::new(),
            is_public: first.is_public.flag() == Some(true),
            is_of_organization: false,
            access_key: String::new(),
            services: Vec::new(),
            last_accessed: None,
            error,
        };
        statement.add_inline(first, remarks);
        for page in pages {
            for detail in remarks.list("findingDetails", &page.details) {
                if let Some(detail) = remarks.object("findingDetails[]", detail) {
                    statement.add(detail);
                }
            }
        }
        // Sorted, because the order in which AWS lists them is no change.
        let Self { principals, principal_types, actions, conditions, services, .. } =
            &mut statement;
        for list in [principals, principal_types, actions, conditions, services] {
            list.sort_unstable();
            list.dedup();
        }
        if statement.kind == Kind::Other {
            remarks.note(format_args!("findingType: `{}` is not known", excerpt(name)));
        }
        statement
    }

    fn add_inline(&mut self, finding: &Finding<'_>, remarks: &mut Remarks) {
        self.add_principals(remarks.object("principal", &finding.principal));
        add_texts(&mut self.actions, remarks.list("action", &finding.action));
        add_conditions(&mut self.conditions, remarks.object("condition", &finding.condition));
    }

    fn add(&mut self, detail: &Detail<'_>) {
        for access in [&detail.external_access, &detail.internal_access] {
            if let Some(access) = access.get() {
                self.add_access(access);
            }
        }
        if let Some(permission) = detail.unused_permission.get() {
            self.services.extend(permission.service_namespace.text().map(Into::into));
            let actions = permission.actions.items.iter().filter_map(Maybe::get);
            self.actions.extend(actions.filter_map(|one| Some(one.action.text()?.into_owned())));
        }
        for unused in [&detail.unused_key, &detail.unused_role, &detail.unused_password] {
            let Some(unused) = unused.get() else { continue };
            if let Some(key) = unused.access_key_id.text() {
                self.access_key = key.into_owned();
            }
            if let Moment::At(time) = unused.last_accessed {
                self.last_accessed = self.last_accessed.max(Some(time));
            }
        }
    }

    fn add_access(&mut self, access: &Access<'_>) {
        self.add_principals(access.principal.get());
        add_texts(&mut self.actions, &access.action.items);
        add_conditions(&mut self.conditions, access.condition.get());
        self.is_public |= access.is_public.flag() == Some(true);
        self.is_of_organization |= access.zone.as_str() == "INTRA_ORG";
    }

    /// Adds whom a map such as `{"AWS": "444455556666"}` names. The type is apart, as in the copy in
    /// Security Hub.
    fn add_principals(&mut self, pairs: Option<&Pairs<'_>>) {
        for (kind, value) in pairs.map_or(&[][..], |pairs| &pairs.0) {
            let text = value.text().unwrap_or_default();
            let principal = canonical_principal(&text);
            if !principal.is_empty() {
                self.principals.push(principal.into_owned());
                self.principal_types.push(kind.clone().into_owned());
            }
        }
    }

    /// What can be done by those who have access.
    pub(super) fn access(&self) -> AccessKind {
        AccessKind::of_actions(self.actions.iter().map(String::as_str))
    }

    /// What the access gives, or what the unused permissions would: by the actions.
    pub(super) fn privilege(&self) -> Privilege {
        signals::of_actions(self.actions.iter().map(String::as_str))
    }

    /// Details on which classes decide, but for the kind of access. `resource_type` is one of Config:
    /// `AWS::S3::Bucket`.
    pub(super) fn attributes(&self, resource_type: &str) -> Attributes {
        let mut attributes = Attributes::default();
        attributes.add("finding type", &self.type_name);
        attributes.add("resource type", resource_type);
        if matches!(self.kind, Kind::External | Kind::Internal) {
            attributes.add_flag("public", Some(self.is_public));
        }
        for kind in &self.principal_types {
            attributes.add("principal type", kind);
        }
        for service in &self.services {
            attributes.add("service", service);
        }
        attributes
    }

    /// Adds the kind of access, where it makes no statements of its own.
    pub(super) fn add_access_to(&self, attributes: &mut Attributes) {
        if matches!(self.kind, Kind::External | Kind::Internal) {
            for name in self.access().names() {
                attributes.add(ACCESS, name);
            }
        }
    }

    /// Who has access, as one text; empty when the finding does not say.
    pub(super) fn principal(&self) -> String {
        self.principals.join(",")
    }

    /// How bad it is. Access Analyzer gives no severity; these are ours, in step with what Security
    /// Hub gives its copies where it gives any.
    pub(super) fn severity(&self, resource_type: &str) -> Severity {
        match self.kind {
            Kind::External if self.is_public => {
                let is_data = matches!(
                    resource_type,
                    "AWS::S3::Bucket"
                        | "AWS::S3Express::DirectoryBucket"
                        | "AWS::KMS::Key"
                        | "AWS::EC2::Snapshot"
                        | "AWS::RDS::DBSnapshot"
                        | "AWS::RDS::DBClusterSnapshot"
                );
                let writes = self.actions.iter().any(|action| !is_read(action));
                if is_data || writes { Severity::Critical } else { Severity::High }
            }
            Kind::External if self.is_restricted() => Severity::Low,
            Kind::External
            | Kind::UnusedKey
            | Kind::UnusedPassword
            | Kind::UnusedRole
            | Kind::Other => Severity::Medium,
            Kind::Internal | Kind::UnusedPermission => Severity::Low,
            Kind::Error => Severity::Informational,
        }
    }

    /// Whether a condition narrows who has access. TLS does not.
    fn is_restricted(&self) -> bool {
        self.conditions.iter().any(|condition| !condition.starts_with("aws:SecureTransport"))
    }

    /// Who can reach the resource.
    pub(super) fn exposure(&self) -> Exposure {
        match self.kind {
            Kind::External if self.is_public => Exposure::Public,
            Kind::External => Exposure::CrossAccount,
            Kind::Internal if self.is_of_organization => Exposure::Organization,
            Kind::Internal => Exposure::Private,
            Kind::UnusedRole
            | Kind::UnusedKey
            | Kind::UnusedPassword
            | Kind::UnusedPermission
            | Kind::Error
            | Kind::Other => Exposure::Unknown,
        }
    }

    /// What distinguishes it on its resource.
    pub(super) fn facet(&self) -> String {
        match self.kind {
            Kind::External | Kind::Internal | Kind::Other => self.principal(),
            Kind::UnusedKey => self.access_key.clone(),
            Kind::UnusedPermission => self.services.join(","),
            Kind::UnusedRole | Kind::UnusedPassword | Kind::Error => String::new(),
        }
    }

    /// A line for people: Access Analyzer has no titles.
    pub(super) fn title(&self, resource: &str) -> String {
        let who = if self.principals.is_empty() {
            "a principal".to_owned()
        } else {
            self.principals.join(", ")
        };
        match self.kind {
            Kind::External if self.is_public => format!("Public access to {resource}"),
            Kind::External => format!("External access to {resource} for {who}"),
            Kind::Internal => format!("Internal access to {resource} for {who}"),
            Kind::UnusedRole => format!("Unused role {resource}"),
            Kind::UnusedKey => format!("Unused access key {} of {resource}", self.access_key),
            Kind::UnusedPassword => format!("Unused password of {resource}"),
            Kind::UnusedPermission => format!("Unused permissions of {resource}"),
            Kind::Error => format!("Access to {resource} cannot be analyzed: {}", self.error),
            Kind::Other => format!("{} of {resource}", self.type_name),
        }
    }

    /// All of it, for people.
    pub(super) fn description(&self) -> String {
        let mut lines = Vec::new();
        let mut line = |what: &str, texts: &[String]| {
            if !texts.is_empty() {
                lines.push(format!("{what}: {}", texts.join(", ")));
            }
        };
        line("Principal", &self.principals);
        line("Services", &self.services);
        line("Actions", &self.actions);
        line("Conditions", &self.conditions);
        if let Some(time) = self.last_accessed {
            lines.push(format!("Last used: {time}"));
        }
        if !self.error.is_empty() {
            lines.push(format!("Error: {}", self.error));
        }
        lines.join("\n")
    }
}

fn add_conditions(conditions: &mut Vec<String>, pairs: Option<&Pairs<'_>>) {
    for (name, value) in pairs.map_or(&[][..], |pairs| &pairs.0) {
        conditions.push(format!("{name} = {}", value.text().unwrap_or_default()));
    }
}

fn add_texts(texts: &mut Vec<String>, items: &[Scalar<'_>]) {
    texts.extend(items.iter().filter_map(|item| Some(item.text()?.into_owned())));
}

/// Items of a page that were left out, if any.
pub(super) fn left_out<T, const MAX: usize>(many: &Many<T, MAX>) -> usize {
    many.total - many.items.len()
}
