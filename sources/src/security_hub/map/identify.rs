//! Who says it, about what: product, rule, class and origin of an ASFF finding.
//!
//! What each product writes into ASFF was read from AWS's documentation and from recorded findings;
//! the forms are in the comments of each function.

use std::borrow::Cow;

use muster_core::identity::{
    self, Arn, Origin, Place, account_root, canonical_principal, canonical_resource,
};
use muster_core::ids::{AccountId, Region};
use muster_core::report::{FindingClass, OriginKey, Resource};

use super::asff::{Asff, Other, ProductFields};
use crate::access::{self, ACCESS, Access};
use crate::attributes::{Attributes, Ports};
use crate::config::rule_name;
use crate::draft::{Remarks, partition_or, word};
use crate::inspector::weakness::Weakness;
use crate::lenient::Scalar;
use crate::resource_type::{BUCKET, config_type};

/// What an ASFF finding is, apart from its state.
pub(crate) struct Identity {
    pub(crate) origin: OriginKey,
    pub(crate) rule_id: String,
    pub(crate) class: FindingClass,
    pub(crate) facet: String,
    /// The Region of the problem, when it is not that of the finding.
    pub(crate) region: Option<Region>,
    /// The Security Hub control; empty for other products.
    pub(crate) control: String,
    /// An external access that anybody has.
    pub(crate) is_public: bool,
    /// Details on which classes decide.
    pub(crate) attributes: Attributes,
    /// Which statements it makes.
    pub(crate) statements: Statements,
}

/// The statements that a finding makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Statements {
    /// One.
    One,
    /// One for each resource of the first one's type: posture.
    OfEachResource,
    /// One for each thing that anybody can do to the bucket.
    OfAccess(Access),
}

impl Identity {
    fn new(origin: &Origin<'_>, rule_id: &str, class: FindingClass) -> Self {
        Self {
            origin: origin.key(),
            rule_id: word(rule_id),
            class,
            facet: String::new(),
            region: None,
            control: String::new(),
            is_public: false,
            attributes: Attributes::default(),
            statements: Statements::One,
        }
    }
}

/// What is known before the product matters.
pub(crate) struct Context<'a> {
    pub(crate) asff: &'a Asff<'a>,
    pub(crate) fields: &'a ProductFields<'a>,
    pub(crate) id: &'a str,
    pub(crate) product: &'a str,
    pub(crate) place: Place<'a>,
    pub(crate) resources: &'a [Resource],
    /// What kind of statement it is, where neither product nor types say.
    pub(crate) class: Option<FindingClass>,
}

impl Context<'_> {
    fn generator(&self) -> &str {
        self.asff.generator_id.as_str()
    }

    fn primary(&self) -> &str {
        self.resources.first().map_or("", |resource| &resource.id)
    }

    /// By product and id: what fits everything else.
    fn other(&self, class: FindingClass) -> Identity {
        let region = Arn::parse(self.asff.product_arn.as_str()).map_or("", |arn| arn.region);
        let (product, account) = (self.product, self.place.account);
        let origin = Origin::OtherAsff { product, account, region, id: self.id };
        let rule = if self.generator().is_empty() { self.id } else { self.generator() };
        Identity::new(&origin, rule, class)
    }

    /// The primary resource's type as Config writes it.
    fn resource_type(&self) -> String {
        self.resources.first().map_or_else(String::new, config_type)
    }

    /// What Access Analyzer says of the primary resource.
    fn other_details(&self) -> Option<&Other<'_>> {
        let resource = self.asff.resources.items.first().and_then(|resource| resource.get());
        resource?.details.get()?.other.get()
    }

    fn types(&self) -> impl Iterator<Item = &str> {
        self.asff.types.items.iter().map(Scalar::as_str)
    }
}

/// Identifies a finding by the rules of its product.
pub(crate) fn identify(context: &Context<'_>, remarks: &mut Remarks) -> Identity {
    let found = match context.product {
        "aws/securityhub" => control(context),
        "aws/guardduty" => guardduty(context),
        "aws/access-analyzer" => access_analyzer(context),
        "aws/inspector" => Some(inspector(context)),
        "aws/macie" => Some(macie(context)),
        "aws/config" => config_rule(context),
        "aws/health" => health(context),
        "aws/ssm-patch-manager" => Some(context.other(FindingClass::Vulnerability)),
        _ => Some(context.other(class_by_types(context))),
    };
    found.unwrap_or_else(|| {
        remarks.note(format_args!("Id: not the form that {} uses", context.product));
        context.other(class_by_types(context))
    })
}

/// A control, from the first of these that names one: `Compliance.SecurityControlId`, `GeneratorId`,
/// `Id`, `ProductFields.StandardsControlArn`.
fn control(context: &Context<'_>) -> Option<Identity> {
    let compliance = context.asff.compliance.get();
    let stated = compliance.map_or("", |compliance| compliance.security_control_id.as_str());
    let control = if identity::is_control_id(stated) {
        Cow::Borrowed(stated)
    } else {
        identity::control_of_rule(context.generator())
            .or_else(|| control_of_id(context.id))
            .or_else(|| control_of_id(context.fields.standards_control_arn.as_str()))?
    };
    let resource = context.resources.first()?;
    let global = identity::is_global_control(&control, &resource.kind, &resource.id);
    let region = if global { Region::global() } else { context.place.region.clone() };
    let origin = Origin::Control {
        partition: context.place.partition,
        account: context.place.account,
        region: &region,
        control: &control,
        resource: &resource.id,
    };
    let mut identity = Identity::new(&origin, &control, FindingClass::Misconfiguration);
    identity.region = Some(region);
    identity.control = control.into_owned();
    identity.statements = Statements::OfEachResource;
    Some(identity)
}

/// The control in an id: `…:security-control/S3.8/finding/…`,
/// `…:subscription/pci-dss/v/3.2.1/PCI.S3.1/finding/…`, `…:control/{standard}/v/{version}/{rule}`.
fn control_of_id(id: &str) -> Option<Cow<'_, str>> {
    let (_, rule) = id
        .split_once(":subscription/")
        .or_else(|| id.split_once(":control/"))
        .or_else(|| id.find(":security-control/").map(|at| id.split_at(at + 1)))?;
    let rule = rule.split_once("/finding/").map_or(rule, |(rule, _)| rule);
    identity::control_of_rule(rule)
}

/// `arn:aws:guardduty:R:A:detector/D/finding/F`, read from the right: a sample of AWS leaves out the
/// partition.
fn guardduty(context: &Context<'_>) -> Option<Identity> {
    let (head, finding) = context.id.rsplit_once("/finding/")?;
    let (head, _detector) = head.rsplit_once(":detector/")?;
    let mut parts = head.rsplitn(3, ':');
    let (account, region, service) = (parts.next()?, parts.next()?, parts.next()?);
    let is_id = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_finding = !finding.is_empty() && finding.bytes().all(is_id);
    if !is_finding || service.rsplit(':').next() != Some("guardduty") {
        return None;
    }
    let account: AccountId = account.parse().unwrap_or(context.place.account);
    let region: Region = region.parse().unwrap_or_else(|_| context.place.region.clone());
    let partition = Arn::parse(context.id).map_or("", |arn| arn.partition);
    let partition = partition_or(partition, &region);
    let origin = Origin::GuardDuty { partition, region: &region, account, finding };
    let rule = context.types().find_map(guardduty_type);
    let last = || context.types().next()?.rsplit('/').next().map(str::to_owned);
    let rule = rule.or_else(last).unwrap_or_else(|| context.generator().to_owned());
    let mut identity = Identity::new(&origin, &rule, FindingClass::Threat);
    identity.facet = word(access_key(context).unwrap_or_default());
    Some(identity)
}

/// The native finding type in an ASFF type: `TTPs/Discovery/Recon:EC2-Portscan` is
/// `Recon:EC2/Portscan`. `PenTest:` types keep their slash, and DNS exfiltration has a suffix that the
/// native type has not.
fn guardduty_type(text: &str) -> Option<String> {
    let (purpose, behaviour) = text.rsplit_once(':')?;
    let purpose = purpose.rsplit('/').next()?;
    let behaviour = if behaviour.contains('/') {
        Cow::Borrowed(behaviour)
    } else {
        Cow::Owned(behaviour.replacen('-', "/", 1))
    };
    let behaviour = match behaviour.strip_suffix("DNSDataExfiltration!DNS") {
        Some(head) => format!("{head}DNSDataExfiltration"),
        None => behaviour.into_owned(),
    };
    Some(format!("{purpose}:{behaviour}"))
}

/// The access key among the resources.
fn access_key<'a>(context: &'a Context<'_>) -> Option<&'a str> {
    let key = |resource: &'a Resource| resource.id.strip_prefix("acct-key:")?.split_once(':');
    let (_, key) = context.resources.iter().find_map(key)?;
    (key != "null").then_some(key)
}

/// External access is `{analyzer ARN}/{resource ARN}`, one finding for a resource and, where there
/// are several, one principal at a time. Unused access is `{analyzer ARN}/{resource ARN}/{type}` and
/// has the native id in `ProductFields`.
fn access_analyzer(context: &Context<'_>) -> Option<Identity> {
    let (analyzer, rest) = split_analyzer(context.id)?;
    let stated = context.fields.finding_type.as_str();
    let suffix = rest.rsplit('/').next().filter(|suffix| is_unused(suffix)).unwrap_or_default();
    let kind = if stated.is_empty() { suffix } else { stated };
    if kind.is_empty() || kind == "ExternalAccess" {
        let resource = canonical_resource(rest, "", &context.place);
        let principal = external_principal(context);
        let principal = canonical_principal(&principal);
        let origin =
            Origin::ExternalAccess { analyzer, resource: &resource, principal: &principal };
        let mut identity = Identity::new(&origin, "ExternalAccess", FindingClass::Exposure);
        identity.facet = word(&principal);
        external_attributes(context, &principal, &mut identity);
        return Some(identity);
    }
    let finding = native_finding(context)?;
    let origin = Origin::AccessAnalyzer { analyzer, finding };
    let class =
        if is_unused(kind) { FindingClass::Misconfiguration } else { FindingClass::Exposure };
    // Security Hub writes the type in the plural.
    let kind = if kind == "UnusedPermissions" { "UnusedPermission" } else { kind };
    let mut identity = Identity::new(&origin, kind, class);
    identity.attributes.add("finding type", kind);
    identity.attributes.add("resource type", &context.resource_type());
    if kind == "UnusedIAMUserAccessKey" {
        identity.facet = word(access_key(context).unwrap_or_default());
    }
    Some(identity)
}

/// The attributes that the native finding has, from what its copy tells of one principal.
fn external_attributes(context: &Context<'_>, principal: &str, identity: &mut Identity) {
    let kind = context.resource_type();
    let other = context.other_details();
    let actions = other.map_or("", |other| other.action.as_str());
    let access = Access::of_actions(access::in_text(actions));
    let is_public = says_public(context, principal);
    identity.attributes.add("finding type", "ExternalAccess");
    identity.attributes.add("resource type", &kind);
    identity.attributes.add_flag("public", is_public);
    let principal_type = other.map_or("", |other| other.principal_type.as_str());
    identity.attributes.add("principal type", principal_type);
    identity.is_public = is_public == Some(true);
    if kind == BUCKET && is_public == Some(true) {
        identity.statements = Statements::OfAccess(access);
        return;
    }
    for name in access.names() {
        identity.attributes.add(ACCESS, name);
    }
}

/// Whether the copy of an external access says that anybody has it: by the principal, or else by the
/// title, which is `{resource} allows public access` or `… allows cross-account access`.
fn says_public(context: &Context<'_>, principal: &str) -> Option<bool> {
    let title = context.asff.title.as_str();
    if principal == "*" || title.contains("public access") {
        return Some(true);
    }
    (!principal.is_empty() || title.contains("cross-account access")).then_some(false)
}

/// The analyzer's ARN and what follows; an analyzer's name has no slash.
fn split_analyzer(id: &str) -> Option<(&str, &str)> {
    let arn = Arn::parse(id).filter(|arn| arn.service == "access-analyzer")?;
    let name = arn.resource.strip_prefix("analyzer/")?;
    let (_, rest) = name.split_once('/')?;
    let analyzer = id.get(..id.len() - rest.len() - 1)?;
    (!rest.is_empty()).then_some((analyzer, rest))
}

/// The finding types of unused access. ASFF writes `UnusedPermissions` for `UnusedPermission`.
fn is_unused(kind: &str) -> bool {
    matches!(
        kind,
        "UnusedIAMRole"
            | "UnusedIAMUserAccessKey"
            | "UnusedIAMUserPassword"
            | "UnusedPermission"
            | "UnusedPermissions"
    )
}

/// The native id: in `ProductFields`, or at the end of the link to the console.
fn native_finding<'a>(context: &'a Context<'_>) -> Option<&'a str> {
    let stated = context.fields.analyzer_finding.as_str();
    if !stated.is_empty() {
        return Some(stated);
    }
    let (_, finding) = context.asff.source_url.as_str().rsplit_once("#/findings/details/")?;
    (!finding.is_empty()).then_some(finding)
}

fn external_principal<'a>(context: &'a Context<'_>) -> Cow<'a, str> {
    let other = context.other_details();
    other.and_then(|other| other.external_principal.text()).unwrap_or_default()
}

/// Inspector has the finding's ARN as `Id`; Inspector Classic has it in `ProductFields`.
fn inspector(context: &Context<'_>) -> Identity {
    let classic = context.fields.inspector_arn.as_str();
    let is_arn = context.id.starts_with("arn:");
    let arn = if is_arn || classic.is_empty() { context.id } else { classic };
    let vulnerability = context.asff.vulnerabilities.items.first().and_then(|first| first.get());
    let cve = vulnerability.map_or("", |vulnerability| vulnerability.id.as_str());
    let is_reachability = context.types().any(|kind| kind.contains("Network Reachability"));
    let class = if is_reachability { FindingClass::Exposure } else { FindingClass::Vulnerability };
    let rule = match context.types().next().and_then(|kind| kind.rsplit('/').next()) {
        _ if !cve.is_empty() => cve,
        _ if is_reachability && arn.contains(":inspector2:") => "NETWORK_REACHABILITY",
        Some(kind) if !kind.is_empty() => kind,
        _ => context.generator(),
    };
    let mut identity = Identity::new(&Origin::Inspector { arn }, rule, class);
    let packages = vulnerability.map(|vulnerability| &vulnerability.vulnerable_packages.items);
    let packages = packages.into_iter().flatten().filter_map(|package| package.get());
    let weakness = Weakness::new(cve, packages.map(|package| package.name.as_str()));
    let kind = if is_reachability { "NETWORK_REACHABILITY" } else { "PACKAGE_VULNERABILITY" };
    identity.attributes.add("finding type", kind);
    weakness.add_to(&mut identity.attributes);
    identity.facet = weakness.facet();
    let network = context.asff.network.get();
    let range = network.and_then(|network| network.open_ports.get());
    if let (Some(network), Some(range)) = (network, range)
        && let Some(ports) = Ports::of_fields(&network.protocol, &range.begin, &range.end)
    {
        identity.attributes.add_ports(&ports);
        identity.facet = ports.facet();
    }
    identity
}

/// Macie has a bare id; some write it at the end of something longer.
fn macie(context: &Context<'_>) -> Identity {
    let finding = context.id.rsplit('/').next().unwrap_or(context.id);
    let Place { partition, account, region } = context.place;
    let origin = Origin::Macie { partition, region, account, finding };
    let kind = context.types().find_map(|kind| kind.rsplit_once(':').map(|_| kind)).unwrap_or("");
    let rule = macie_type(kind).unwrap_or_else(|| context.generator().to_owned());
    let mut identity = Identity::new(&origin, &rule, class_by_types(context));
    let permission = context.fields.effective_permission.as_str();
    identity.attributes.add("effective permission", permission);
    if rule.ends_with("/S3BucketPublic") {
        // The copy does not say whether anybody can read or write the bucket.
        identity.statements = Statements::OfAccess(Access::default());
    }
    identity
}

/// `Effects/Data Exposure/Policy:IAMUser-S3BucketPublic` is `Policy:IAMUser/S3BucketPublic`.
fn macie_type(kind: &str) -> Option<String> {
    let (category, name) = kind.rsplit_once(':')?;
    let category = category.rsplit('/').next()?;
    Some(format!("{category}:{}", name.replacen('-', "/", 1)))
}

/// `{rule ARN}/finding/{hash}`; the hash is not stable.
fn config_rule(context: &Context<'_>) -> Option<Identity> {
    let stated = context.fields.config_rule_arn.as_str();
    let rule = [stated, context.generator()]
        .into_iter()
        .find(|arn| arn.starts_with("arn:"))
        .or_else(|| context.id.split_once("/finding/").map(|(rule, _)| rule))?;
    let name = context.fields.config_rule_name.as_str();
    let title = context.asff.title.as_str();
    let is_name = |text: &&str| !text.is_empty() && !text.contains(char::is_whitespace);
    let name = [name, title].into_iter().find(is_name);
    let name = name.unwrap_or_else(|| rule.rsplit('/').next().unwrap_or(rule));
    let origin = Origin::ConfigRule { rule, resource: context.primary() };
    let mut identity = Identity::new(&origin, name, FindingClass::Misconfiguration);
    identity.attributes.add("config rule", &rule_name::managed(name));
    identity.statements = Statements::OfEachResource;
    Some(identity)
}

/// `{event ARN with the account filled in}/{hash}`. The native ARN has no account.
fn health(context: &Context<'_>) -> Option<Identity> {
    let arn = Arn::parse(context.id).filter(|arn| arn.service == "health")?;
    let event: Vec<&str> = arn.resource.splitn(5, '/').take(4).collect();
    let ["event", _, code, _] = event.as_slice() else {
        return None;
    };
    let event = format!("arn:{}:health:{}::{}", arn.partition, arn.region, event.join("/"));
    let account = arn.account.parse().unwrap_or(context.place.account);
    let rule = if context.generator().is_empty() { code } else { context.generator() };
    let is_threat = ["AWS_ABUSE_", "AWS_RISK_"].iter().any(|start| rule.starts_with(start));
    let class = if is_threat { FindingClass::Threat } else { FindingClass::Misconfiguration };
    Some(Identity::new(&Origin::Health { account, event: &event }, rule, class))
}

/// The class that the first known namespace of `Types` stands for (ASFF types taxonomy).
fn class_by_types(context: &Context<'_>) -> FindingClass {
    let by_type = |kind: &str| {
        let mut parts = kind.split('/');
        Some(match (parts.next()?, parts.next().unwrap_or_default()) {
            ("Effects", "Data Exposure") | ("Exposure", _) => FindingClass::Exposure,
            ("TTPs" | "Unusual Behaviors" | "Effects", _) => FindingClass::Threat,
            ("Sensitive Data Identifications", _) => FindingClass::SensitiveData,
            ("Software and Configuration Checks", "Vulnerabilities") => FindingClass::Vulnerability,
            ("Software and Configuration Checks", _) => FindingClass::Misconfiguration,
            _ => return None,
        })
    };
    let has_vulnerabilities = context.asff.vulnerabilities.total > 0;
    let other = if has_vulnerabilities {
        FindingClass::Vulnerability
    } else {
        FindingClass::Misconfiguration
    };
    context.types().find_map(by_type).or(context.class).unwrap_or(other)
}

/// Company and product, in lower case: the last two segments of the product's ARN, or else what the
/// id in `ProductFields` says, or the names.
pub(crate) fn product(asff: &Asff<'_>, fields: &ProductFields<'_>) -> Option<String> {
    let tail = |arn: &str| {
        let (_, tail) = arn.split_once("product/").or_else(|| arn.split_once("productv2/"))?;
        let mut parts = tail.splitn(3, '/');
        let (company, product) = (parts.next()?, parts.next()?);
        (!company.is_empty() && !product.is_empty())
            .then(|| format!("{company}/{product}").to_lowercase())
    };
    let slug = |text: &str| text.to_lowercase().replace([' ', '/'], "-");
    let named = || {
        let (company, product) = (asff.company_name.as_str(), asff.product_name.as_str());
        (!product.is_empty()).then(|| format!("{}/{}", slug(company), slug(product)))
    };
    let found = tail(asff.product_arn.as_str()).or_else(|| tail(fields.finding_id.as_str()));
    found.or_else(named).map(|product| word(&product))
}

/// The account when a finding names no resource at all.
pub(crate) fn account_resource(place: &Place<'_>) -> Resource {
    let id = account_root(place.partition, place.account.as_str());
    Resource { original: String::new(), kind: "AwsAccount".to_owned(), id }
}
