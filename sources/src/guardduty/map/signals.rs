//! What a native finding says about how urgent it is.

use muster_core::identity::Place;
use muster_core::report::{Exposure, Privilege, Resource, Signals, Tag};

use super::native::{Finding, Interface, ResourceBlock, SequenceResource};
use crate::draft::{Remarks, resource};
use crate::exposure;
use crate::lenient::{AnyCase, Scalar, Tags};
use crate::signals;

/// The signals of a finding of that type, about these resources.
pub(super) fn signals(
    finding: &Finding<'_>,
    kind: &str,
    resources: &[Resource],
    place: &Place<'_>,
    remarks: &mut Remarks,
) -> Signals {
    let user = finding.resource.get().and_then(|block| block.access_key.get());
    let is_root = user.is_some_and(|user| user.user_type.as_str() == "Root");
    let by_type = signals::of_guardduty_type(kind);
    Signals {
        tags: tags(finding, resources, place, remarks),
        privilege: if is_root { Privilege::Root } else { by_type },
        sequence: kind.starts_with("AttackSequence:") || sequence(finding).next().is_some(),
        ..Signals::default()
    }
}

/// The resources of an attack sequence; none for a finding that is none.
fn sequence<'a>(finding: &'a Finding<'_>) -> impl Iterator<Item = &'a SequenceResource<'a>> {
    let detection = finding.service.get().and_then(|service| service.detection.get());
    let sequence = detection.and_then(|detection| detection.sequence.get());
    let resources = sequence.into_iter().flat_map(|sequence| &sequence.resources.items);
    resources.filter_map(|one| one.get())
}

/// The tags of the primary resource: of the block, or of the sequence's resource, that names it.
fn tags(
    finding: &Finding<'_>,
    resources: &[Resource],
    place: &Place<'_>,
    remarks: &mut Remarks,
) -> Vec<Tag> {
    let Some(primary) = resources.first() else {
        return Vec::new();
    };
    let blocks = finding.resource.get().map(tagged).unwrap_or_default();
    let all = blocks.into_iter().chain(sequence(finding).map(|one| (&one.uid, &one.tags)));
    let mut all = all.filter(|(_, tags)| **tags != Tags::default());
    let found = all.find(|(id, _)| {
        id.text().is_some_and(|id| {
            *id == primary.original || resource(&id, &primary.kind, place).id == primary.id
        })
    });
    found.map(|(_, tags)| signals::tags("tags", tags, remarks)).unwrap_or_default()
}

/// The names and tags of the blocks that have tags.
fn tagged<'a>(block: &'a ResourceBlock<'_>) -> Vec<(&'a Scalar<'a>, &'a Tags<'a>)> {
    let mut tagged = Vec::new();
    for bucket in block.buckets.items.iter().filter_map(|bucket| bucket.get()) {
        tagged.extend([(&bucket.arn, &bucket.tags), (&bucket.name, &bucket.tags)]);
    }
    tagged.extend(block.instance.get().map(|one| (&one.id, &one.tags)));
    tagged.extend(block.eks_cluster.get().map(|one| (&one.arn, &one.tags)));
    if let Some(cluster) = block.ecs_cluster.get() {
        tagged.push((&cluster.arn, &cluster.tags));
        tagged.extend(cluster.task.get().map(|task| (&task.arn, &task.tags)));
    }
    if let Some(lambda) = block.lambda.get() {
        tagged.extend([(&lambda.arn, &lambda.tags), (&lambda.name, &lambda.tags)]);
    }
    if let Some(rds) = block.rds_instance.get() {
        tagged.extend([(&rds.arn, &rds.tags), (&rds.name, &rds.tags)]);
    }
    tagged
}

/// Who can reach what the finding names: by its type, by what `GuardDuty` says of a bucket
/// (`NOT_PUBLIC` leaves open whether other accounts can), and by the public addresses of the instance
/// that it is about.
pub(super) fn exposure(finding: &Finding<'_>, kind: &str, resources: &[Resource]) -> Exposure {
    let block = finding.resource.get();
    let buckets = block.into_iter().flat_map(|block| &block.buckets.items);
    let of_buckets = buckets.filter_map(|bucket| bucket.get()?.public_access.get());
    let data = || sequence(finding).filter_map(|one| one.data.get());
    let of_sequence = data().filter_map(|data| data.bucket.get());
    let mut permissions = of_buckets.chain(of_sequence);
    let is_instance = resources.first().is_some_and(|primary| primary.kind == "AwsEc2Instance");
    let instance = block.filter(|_| is_instance).and_then(|block| block.instance.get());
    let of_instance = instance.into_iter().flat_map(|instance| &instance.interfaces.items);
    let mut interfaces = of_instance.chain(data().map(|data| &data.interface));
    let by_type = exposure::of_guardduty_type(kind);
    if permissions.any(|permission| permission.effective.as_str() == "PUBLIC") {
        Exposure::Public
    } else if interfaces.any(has_public_address) {
        by_type.max(Exposure::Internet)
    } else {
        by_type
    }
}

fn has_public_address(interface: &AnyCase<Interface<'_>>) -> bool {
    let interface = interface.get();
    interface.is_some_and(|one| signals::is_public_address(one.public_address.as_str()))
}
