//! What a finding in Security Hub says about how urgent it is.

use muster_core::identity::Place;
use muster_core::report::{
    Exposure, Privilege, Resource, Signals, Tag, Vulnerability, arrange_tags,
};

use super::asff::{Asff, AsffResource, ProductFields, ProviderFields};
use super::identify::Identity;
use crate::config::rule_name;
use crate::draft::Remarks;
use crate::lenient::{Scalar, Tags};
use crate::signals::{self, Weaknesses};
use crate::{access, exposure};

/// A finding whose product and identity are known.
pub(super) struct Known<'a> {
    pub(super) asff: &'a Asff<'a>,
    pub(super) fields: &'a ProductFields<'a>,
    pub(super) product: &'a str,
    pub(super) identity: &'a Identity,
    pub(super) place: Place<'a>,
    pub(super) resources: &'a [Resource],
}

impl<'a> Known<'a> {
    /// The resource of the finding that became the primary one of the report.
    fn primary(&self) -> Option<&'a AsffResource<'a>> {
        let resources = &self.asff.resources.items;
        let mut all = resources.iter().filter_map(|resource| resource.get());
        let [_, _, ..] = resources.as_slice() else { return all.next() };
        let primary = self.resources.first()?;
        all.find(|one| {
            super::one_resource(one, &self.place)
                .is_some_and(|one| one.id == primary.id || one.original == primary.original)
        })
    }

    /// Whether the product says that something is not as it should be now.
    fn is_failed(&self) -> bool {
        let status = self.asff.compliance.get().map_or("", |compliance| compliance.status.as_str());
        status.eq_ignore_ascii_case("FAILED")
    }
}

/// All of it, except who can reach the resource.
///
/// `Criticality` and `Confidence` that customers wrote stand at the top; below
/// `FindingProviderFields` is what the product said.
pub(super) fn signals(known: &Known<'_>, remarks: &mut Remarks) -> Signals {
    let asff = known.asff;
    let empty = ProviderFields::default();
    let provider = asff.finding_provider_fields.get().unwrap_or(&empty);
    let mut percent = |field, stated: &Scalar<'_>, provider: &Scalar<'_>| {
        let stated = if *stated == Scalar::Absent { provider } else { stated };
        signals::percent(field, stated, remarks)
    };
    Signals {
        criticality: percent("Criticality", &asff.criticality, &provider.criticality),
        confidence: percent("Confidence", &asff.confidence, &provider.confidence),
        tags: tags(known, remarks),
        privilege: privilege(known),
        sequence: known.product == "aws/guardduty"
            && known.identity.rule_id.starts_with("AttackSequence:"),
        vulnerability: vulnerability(asff, remarks),
    }
}

/// What is said of the weaknesses that the finding lists, together.
fn vulnerability(asff: &Asff<'_>, remarks: &mut Remarks) -> Option<Vulnerability> {
    let mut weaknesses = Weaknesses::default();
    let all = &asff.vulnerabilities;
    for (index, one) in remarks.list("Vulnerabilities", all).iter().enumerate() {
        let Some(one) = one.get() else {
            remarks.note(format_args!("Vulnerabilities[{index}]: not an object"));
            continue;
        };
        let field = |name: &str| format!("Vulnerabilities[{index}].{name}");
        weaknesses.add_id(&one.id, &one.related);
        weaknesses.add_exploit(&field("ExploitAvailable"), &one.exploit_available, remarks);
        weaknesses.add_fix(&field("FixAvailable"), &one.fix_available, remarks);
        weaknesses.add_epss(&field("EpssScore"), &one.epss_score, remarks);
    }
    if all.total > all.items.len() {
        remarks.note(format_args!("Vulnerabilities: {} of them, the first are read", all.total));
    }
    weaknesses.finish(remarks)
}

/// The tags of the primary resource. Macie's is an object, and what the bucket is for holds of it.
fn tags(known: &Known<'_>, remarks: &mut Remarks) -> Vec<Tag> {
    let read = |resource: &AsffResource<'_>, remarks: &mut Remarks| {
        if resource.tags == Tags::default() {
            return Vec::new();
        }
        signals::tags("Resources[].Tags", &resource.tags, remarks)
    };
    if known.product != "aws/macie" {
        return known.primary().map(|one| read(one, remarks)).unwrap_or_default();
    }
    let all = known.asff.resources.items.iter().filter_map(|resource| resource.get());
    let mut tags: Vec<Tag> = all.flat_map(|resource| read(resource, remarks)).collect();
    arrange_tags(&mut tags);
    tags
}

fn privilege(known: &Known<'_>) -> Privilege {
    let Known { asff, product, identity, .. } = known;
    match *product {
        "aws/securityhub" if known.is_failed() => signals::of_failed_control(&identity.control),
        "aws/config" if known.is_failed() => {
            signals::of_config_rule(&rule_name::managed(&identity.rule_id))
        }
        "aws/access-analyzer" => {
            let first = asff.resources.items.first().and_then(|resource| resource.get());
            let other = first.and_then(|first| first.details.get()?.other.get());
            let actions = other.map_or("", |other| other.action.as_str());
            signals::of_actions(access::in_text(actions))
        }
        "aws/guardduty" => {
            let mut keys = asff
                .resources
                .items
                .iter()
                .filter_map(|resource| resource.get()?.details.get()?.aws_iam_access_key.get());
            let is_root = keys.any(|key| key.principal_type.as_str() == "Root");
            let by_type = signals::of_guardduty_type(&identity.rule_id);
            if is_root { Privilege::Root } else { by_type }
        }
        _ => Privilege::Unknown,
    }
}

/// Who can reach the resource: by the rule of the product, by what the finding says of a database
/// that takes connections from anywhere, and by the public addresses of an instance.
pub(super) fn exposure(known: &Known<'_>) -> Exposure {
    by_rule(known).max(by_details(known))
}

fn by_rule(known: &Known<'_>) -> Exposure {
    let Known { asff, product, identity, .. } = known;
    let has_type = |text: &str| asff.types.items.iter().any(|kind| kind.as_str().contains(text));
    match *product {
        "aws/securityhub" if known.is_failed() => exposure::of_failed_control(&identity.control),
        "aws/config" if known.is_failed() => {
            exposure::of_config_rule(&rule_name::managed(&identity.rule_id))
        }
        "aws/access-analyzer" if identity.rule_id == "ExternalAccess" => {
            if identity.is_public {
                Exposure::Public
            } else {
                Exposure::CrossAccount
            }
        }
        "aws/access-analyzer" if identity.rule_id == "InternalAccess" => Exposure::Private,
        "aws/inspector" if has_type("Network Reachability") => {
            let text = [asff.title.text(), asff.description.text()];
            exposure::of_reachability(&text.into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        "aws/macie" => {
            let is_public = known.fields.effective_permission.as_str() == "PUBLIC";
            let by_type = exposure::of_macie_type(&identity.rule_id);
            if is_public { Exposure::Public } else { by_type }
        }
        "aws/guardduty" => exposure::of_guardduty_type(&identity.rule_id),
        _ => Exposure::Unknown,
    }
}

fn by_details(known: &Known<'_>) -> Exposure {
    let Some(details) = known.primary().and_then(|primary| primary.details.get()) else {
        return Exposure::Unknown;
    };
    let databases = [details.aws_rds_db_instance.get(), details.aws_redshift_cluster.get()];
    let mut databases = databases.into_iter().flatten();
    let instance = details.aws_ec2_instance.get();
    let mut addresses = instance.into_iter().flat_map(|instance| &instance.addresses.items);
    let is_reached = databases.any(|one| one.publicly_accessible.flag() == Some(true))
        || addresses.any(|address| signals::is_public_address(address.as_str()));
    if is_reached { Exposure::Internet } else { Exposure::Unknown }
}
