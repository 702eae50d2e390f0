//! What a native finding is about, from the blocks that it has.

use muster_core::identity::{self, Place, account_root};
use muster_core::report::Resource;

use super::native::{AccessKey, Finding, ResourceBlock, SequenceResource};
use crate::draft::{Remarks, add_resource, read_region, resource, word};
use crate::lenient::Scalar;

/// Resources, and what distinguishes the finding on them.
pub(super) struct Subject {
    pub(super) resources: Vec<Resource>,
    pub(super) facet: String,
}

/// Reads the resource block and the resources of an attack sequence.
///
/// A finding may have blocks of several kinds (the bucket that was read, the key that read it); the
/// one that `resourceType` names comes first. Without any, the account stands for them.
pub(super) fn subject(finding: &Finding<'_>, place: &Place<'_>, remarks: &mut Remarks) -> Subject {
    let empty = ResourceBlock::default();
    let block = remarks.object("resource", &finding.resource).unwrap_or(&empty);
    let mut parts = parts(block, place);
    let named = block.kind.as_str().to_ascii_lowercase();
    parts.sort_by_key(|(part, _)| !part.is_named(&named));
    let mut resources = Vec::with_capacity(parts.len());
    for (_, one) in parts {
        add_resource(&mut resources, one);
    }
    add_sequence(finding, place, &mut resources, remarks);
    if resources.is_empty() {
        remarks.note("resource: names nothing; the account stands for it");
        resources.push(Resource {
            id: account_root(place.partition, place.account.as_str()),
            original: String::new(),
            kind: "AwsAccount".to_owned(),
        });
    }
    Subject { resources, facet: facet(block) }
}

/// The blocks, in the order in which they are listed when none is named.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Bucket,
    Instance,
    Eks,
    Ecs,
    Lambda,
    RdsInstance,
    RdsLimitless,
    Snapshot,
    Image,
    RecoveryPoint,
    Guardrail,
    Model,
    Principal,
}

impl Part {
    /// Whether `resourceType`, in lower case, means this block.
    fn is_named(self, kind: &str) -> bool {
        match self {
            Self::Bucket => matches!(kind, "s3bucket" | "s3object"),
            // A malware scan of a volume is about the instance that it is attached to.
            Self::Instance => matches!(kind, "instance" | "ec2instance" | "ebsvolume"),
            Self::Eks => matches!(kind, "ekscluster" | "kubernetescluster"),
            Self::Ecs => matches!(kind, "ecscluster" | "container"),
            Self::Lambda => matches!(kind, "lambda" | "lambdafunction"),
            Self::RdsInstance => kind == "rdsdbinstance",
            Self::RdsLimitless => kind == "rdslimitlessdb",
            Self::Snapshot => matches!(kind, "snapshot" | "ebssnapshot" | "ec2snapshot"),
            Self::Image => matches!(kind, "ec2ami" | "ec2image" | "ami"),
            Self::RecoveryPoint => kind.ends_with("recoverypoint"),
            Self::Guardrail => kind.contains("guardrail"),
            Self::Model => kind.contains("model"),
            Self::Principal => kind == "accesskey",
        }
    }
}

fn parts(block: &ResourceBlock<'_>, place: &Place<'_>) -> Vec<(Part, Resource)> {
    let mut parts = Vec::new();
    let mut add = |part, id: Option<&Scalar<'_>>, kind: &str| {
        if let Some(id) = id.and_then(Scalar::text) {
            parts.push((part, resource(&id, kind, place)));
        }
    };
    for bucket in block.buckets.items.iter().filter_map(|bucket| bucket.get()) {
        let id = if bucket.arn.as_str().is_empty() { &bucket.name } else { &bucket.arn };
        add(Part::Bucket, Some(id), "AwsS3Bucket");
    }
    add(Part::Instance, block.instance.get().map(|i| &i.id), "AwsEc2Instance");
    add(Part::Eks, block.eks_cluster.get().map(|cluster| &cluster.arn), "AwsEksCluster");
    let ecs = block.ecs_cluster.get();
    add(Part::Ecs, ecs.map(|cluster| &cluster.arn), "AwsEcsCluster");
    let task = ecs.and_then(|cluster| cluster.task.get());
    add(Part::Ecs, task.map(|task| &task.arn), "AwsEcsTask");
    let lambda = block.lambda.get();
    let has_arn = lambda.is_some_and(|lambda| !lambda.arn.as_str().is_empty());
    let id = lambda.map(|lambda| if has_arn { &lambda.arn } else { &lambda.name });
    add(Part::Lambda, id, "AwsLambdaFunction");
    let rds = block.rds_instance.get();
    add(Part::RdsInstance, rds.map(|rds| &rds.arn), "AwsRdsDbInstance");
    if rds.is_some_and(|rds| rds.arn.as_str().is_empty()) {
        add(Part::RdsInstance, rds.map(|rds| &rds.name), "AwsRdsDbInstance");
    }
    add(Part::RdsLimitless, block.rds_limitless.get().map(|rds| &rds.arn), "AwsRdsDbShardGroup");
    add(Part::Snapshot, block.snapshot.get().map(|s| &s.arn), "AwsEc2Snapshot");
    add(Part::Image, block.image.get().map(|image| &image.arn), "AwsEc2Image");
    let point = block.recovery_point.get();
    add(Part::RecoveryPoint, point.map(|point| &point.arn), "AwsBackupRecoveryPoint");
    add(Part::Guardrail, block.guardrail.get().map(|g| &g.arn), "AwsBedrockGuardrail");
    for model in block.models.items.iter().filter_map(|model| model.get()) {
        add(Part::Model, Some(&model.id), "AwsBedrockModel");
    }
    let key = block.access_key.get();
    parts.extend(key.and_then(|key| principal(key, place)).map(|one| (Part::Principal, one)));
    parts
}

/// Who an access key belongs to. The user's path is not known, so that the ARN may lack it.
fn principal(key: &AccessKey<'_>, place: &Place<'_>) -> Option<Resource> {
    let Place { partition, account, .. } = place;
    let name = key.user_name.text().filter(|name| !name.contains(':'));
    let principal_id = key.principal_id.text();
    let (id, kind) = match (key.user_type.as_str(), &name, &principal_id) {
        ("IAMUser", Some(name), _) => {
            (format!("arn:{partition}:iam::{account}:user/{name}"), "AwsIamUser")
        }
        ("Root", ..) => (account_root(partition, account.as_str()), "AwsAccount"),
        ("AssumedRole", Some(name), _) => {
            (format!("arn:{partition}:iam::{account}:role/{name}"), "AwsIamRole")
        }
        (_, _, Some(principal)) => (identity::principal(*account, principal), "AwsIamPrincipal"),
        _ => (identity::access_key(*account, &key.id.text()?), "AwsIamAccessKey"),
    };
    let original = name.or(principal_id).or_else(|| key.id.text()).unwrap_or_default();
    Some(Resource { original: word(&original), ..resource(&id, kind, place) })
}

/// The resources of an attack sequence: `uid` is an ARN for most types, a bare id for some.
fn add_sequence(
    finding: &Finding<'_>,
    place: &Place<'_>,
    resources: &mut Vec<Resource>,
    remarks: &mut Remarks,
) {
    let detection = finding.service.get().and_then(|service| service.detection.get());
    let Some(sequence) = detection.and_then(|detection| detection.sequence.get()) else {
        return;
    };
    for one in sequence.resources.items.iter().filter_map(|one| one.get()) {
        resources_push(one, place, resources);
    }
    if sequence.resources.total > sequence.resources.items.len() {
        let total = sequence.resources.total;
        remarks.note(format_args!("sequence.resources: {total} of them, the first are kept"));
    }
}

fn resources_push(one: &SequenceResource<'_>, place: &Place<'_>, resources: &mut Vec<Resource>) {
    let Some(id) = one.uid.text().or_else(|| one.name.text()) else {
        return;
    };
    let region = read_region(one.region.as_str());
    let place = Place {
        account: one.account_id.as_str().parse().unwrap_or(place.account),
        region: region.as_ref().unwrap_or(place.region),
        ..*place
    };
    add_resource(resources, resource(&id, asff_kind(one.kind.as_str()), &place));
}

/// The ASFF type for a `FindingResourceType`, so that one thing has one type by every path.
fn asff_kind(kind: &str) -> &str {
    match kind {
        "ACCESS_KEY" => "AwsIamAccessKey",
        "AUTOSCALING_AUTO_SCALING_GROUP" => "AwsAutoScalingAutoScalingGroup",
        "CLOUDFORMATION_STACK" => "AwsCloudFormationStack",
        "EC2_IMAGE" => "AwsEc2Image",
        "EC2_INSTANCE" => "AwsEc2Instance",
        "EC2_LAUNCH_TEMPLATE" => "AwsEc2LaunchTemplate",
        "EC2_NETWORK_INTERFACE" => "AwsEc2NetworkInterface",
        "EC2_VPC" => "AwsEc2Vpc",
        "ECS_CLUSTER" => "AwsEcsCluster",
        "ECS_TASK" => "AwsEcsTask",
        "EKS_CLUSTER" => "AwsEksCluster",
        "IAM_INSTANCE_PROFILE" => "AwsIamInstanceProfile",
        "S3_BUCKET" => "AwsS3Bucket",
        "S3_OBJECT" => "AwsS3Object",
        other => other,
    }
}

/// What distinguishes the finding on its resource: the object, the workload, the volume, or else the
/// access key that was used.
fn facet(block: &ResourceBlock<'_>) -> String {
    let mut buckets = block.buckets.items.iter().filter_map(|bucket| bucket.get());
    let object = buckets.find_map(|bucket| bucket.objects.items.first()?.get()?.arn.text());
    let volume = || {
        let mut volumes = block.volumes.get()?.scanned.items.iter();
        volumes.find_map(|volume| volume.get()?.arn.text())
    };
    let key = || block.access_key.get()?.id.text();
    if let Some(object) = object {
        return word(&object);
    }
    if let Some(workload) = workload(block) {
        return word(&workload);
    }
    volume().or_else(key).map_or_else(String::new, |text| word(&text))
}

/// `namespace/type/name` of a Kubernetes workload.
fn workload(block: &ResourceBlock<'_>) -> Option<String> {
    let workload = block.kubernetes.get()?.workload.get()?;
    let name = workload.name.text()?;
    Some(format!("{}/{}/{name}", workload.namespace.as_str(), workload.kind.as_str()))
}
