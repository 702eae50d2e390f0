//! The parts of a native finding that are read. Names are in lower case: see [`AnyCase`].
//!
//! From the `Finding` shape of the `GuardDuty` API, version 2017-11-28.

use serde::Deserialize;

use crate::lenient::{AnyCase, Many, Moment, Scalar, Tags};

/// A finding.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Finding<'a> {
    #[serde(borrow, rename = "accountid")]
    pub(crate) account_id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) arn: Scalar<'a>,
    #[serde(rename = "createdat")]
    pub(crate) created_at: Moment,
    #[serde(borrow)]
    pub(crate) description: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) partition: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) region: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) resource: AnyCase<ResourceBlock<'a>>,
    #[serde(borrow)]
    pub(crate) service: AnyCase<Service<'a>>,
    #[serde(borrow)]
    pub(crate) severity: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) title: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Scalar<'a>,
    #[serde(rename = "updatedat")]
    pub(crate) updated_at: Moment,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Service<'a> {
    #[serde(borrow)]
    pub(crate) archived: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) count: Scalar<'a>,
    #[serde(borrow, rename = "detectorid")]
    pub(crate) detector_id: Scalar<'a>,
    #[serde(rename = "eventfirstseen")]
    pub(crate) event_first_seen: Moment,
    #[serde(rename = "eventlastseen")]
    pub(crate) event_last_seen: Moment,
    #[serde(borrow, rename = "additionalinfo")]
    pub(crate) additional_info: AnyCase<AdditionalInfo<'a>>,
    #[serde(borrow)]
    pub(crate) detection: AnyCase<Detection<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AdditionalInfo<'a> {
    /// Only in events and old recordings.
    #[serde(borrow)]
    pub(crate) sample: Scalar<'a>,
    /// JSON as a text.
    #[serde(borrow)]
    pub(crate) value: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Detection<'a> {
    #[serde(borrow)]
    pub(crate) sequence: AnyCase<Sequence<'a>>,
}

/// An attack sequence: what several signals make together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Sequence<'a> {
    #[serde(borrow)]
    pub(crate) resources: Many<AnyCase<SequenceResource<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SequenceResource<'a> {
    #[serde(borrow)]
    pub(crate) uid: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) name: Scalar<'a>,
    #[serde(borrow, rename = "accountid")]
    pub(crate) account_id: Scalar<'a>,
    #[serde(borrow, rename = "resourcetype")]
    pub(crate) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) region: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
    #[serde(borrow)]
    pub(crate) data: AnyCase<SequenceData<'a>>,
}

/// What is known of a resource of a sequence.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SequenceData<'a> {
    #[serde(borrow, rename = "ec2networkinterface")]
    pub(crate) interface: AnyCase<Interface<'a>>,
    #[serde(borrow, rename = "s3bucket")]
    pub(crate) bucket: AnyCase<PublicAccess<'a>>,
}

/// The resource of a finding: a type, and a block for each kind of thing that plays a part.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResourceBlock<'a> {
    #[serde(borrow, rename = "resourcetype")]
    pub(crate) kind: Scalar<'a>,
    #[serde(borrow, rename = "accesskeydetails")]
    pub(crate) access_key: AnyCase<AccessKey<'a>>,
    #[serde(borrow, rename = "s3bucketdetails")]
    pub(crate) buckets: Many<AnyCase<Bucket<'a>>>,
    #[serde(borrow, rename = "instancedetails")]
    pub(crate) instance: AnyCase<Instance<'a>>,
    #[serde(borrow, rename = "eksclusterdetails")]
    pub(crate) eks_cluster: AnyCase<Named<'a>>,
    #[serde(borrow, rename = "kubernetesdetails")]
    pub(crate) kubernetes: AnyCase<Kubernetes<'a>>,
    #[serde(borrow, rename = "ebsvolumedetails")]
    pub(crate) volumes: AnyCase<Volumes<'a>>,
    #[serde(borrow, rename = "ecsclusterdetails")]
    pub(crate) ecs_cluster: AnyCase<EcsCluster<'a>>,
    #[serde(borrow, rename = "lambdadetails")]
    pub(crate) lambda: AnyCase<Lambda<'a>>,
    #[serde(borrow, rename = "rdsdbinstancedetails")]
    pub(crate) rds_instance: AnyCase<RdsInstance<'a>>,
    #[serde(borrow, rename = "rdslimitlessdbdetails")]
    pub(crate) rds_limitless: AnyCase<RdsLimitless<'a>>,
    #[serde(borrow, rename = "ebssnapshotdetails")]
    pub(crate) snapshot: AnyCase<Snapshot<'a>>,
    #[serde(borrow, rename = "ec2imagedetails")]
    pub(crate) image: AnyCase<Image<'a>>,
    #[serde(borrow, rename = "recoverypointdetails")]
    pub(crate) recovery_point: AnyCase<RecoveryPoint<'a>>,
    #[serde(borrow, rename = "bedrockguardraildetails")]
    pub(crate) guardrail: AnyCase<Guardrail<'a>>,
    #[serde(borrow, rename = "modeldetails")]
    pub(crate) models: Many<AnyCase<Model<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AccessKey<'a> {
    #[serde(borrow, rename = "accesskeyid")]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow, rename = "principalid")]
    pub(crate) principal_id: Scalar<'a>,
    #[serde(borrow, rename = "username")]
    pub(crate) user_name: Scalar<'a>,
    #[serde(borrow, rename = "usertype")]
    pub(crate) user_type: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Bucket<'a> {
    #[serde(borrow)]
    pub(crate) arn: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) name: Scalar<'a>,
    #[serde(borrow, rename = "publicaccess")]
    pub(crate) public_access: AnyCase<PublicAccess<'a>>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
    #[serde(borrow, rename = "s3objectdetails")]
    pub(crate) objects: Many<AnyCase<Object<'a>>, 1>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PublicAccess<'a> {
    /// `PUBLIC` or `NOT_PUBLIC`.
    #[serde(borrow, rename = "effectivepermission")]
    pub(crate) effective: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Object<'a> {
    #[serde(borrow, rename = "objectarn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Instance<'a> {
    #[serde(borrow, rename = "instanceid")]
    pub(crate) id: Scalar<'a>,
    #[serde(borrow, rename = "networkinterfaces")]
    pub(crate) interfaces: Many<AnyCase<Interface<'a>>>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Interface<'a> {
    #[serde(borrow, rename = "publicip")]
    pub(crate) public_address: Scalar<'a>,
}

/// Something with an ARN of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Named<'a> {
    #[serde(borrow)]
    pub(crate) arn: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Kubernetes<'a> {
    #[serde(borrow, rename = "kubernetesworkloaddetails")]
    pub(crate) workload: AnyCase<Workload<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Workload<'a> {
    #[serde(borrow)]
    pub(crate) name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) namespace: Scalar<'a>,
    #[serde(borrow, rename = "type")]
    pub(crate) kind: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Volumes<'a> {
    #[serde(borrow, rename = "scannedvolumedetails")]
    pub(crate) scanned: Many<AnyCase<Volume<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Volume<'a> {
    #[serde(borrow, rename = "volumearn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct EcsCluster<'a> {
    #[serde(borrow)]
    pub(crate) arn: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
    #[serde(borrow, rename = "taskdetails")]
    pub(crate) task: AnyCase<Named<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lambda<'a> {
    #[serde(borrow, rename = "functionarn")]
    pub(crate) arn: Scalar<'a>,
    #[serde(borrow, rename = "functionname")]
    pub(crate) name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RdsInstance<'a> {
    #[serde(borrow, rename = "dbinstancearn")]
    pub(crate) arn: Scalar<'a>,
    #[serde(borrow, rename = "dbinstanceidentifier")]
    pub(crate) name: Scalar<'a>,
    #[serde(borrow)]
    pub(crate) tags: Tags<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RdsLimitless<'a> {
    #[serde(borrow, rename = "dbshardgrouparn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Snapshot<'a> {
    #[serde(borrow, rename = "snapshotarn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Image<'a> {
    #[serde(borrow, rename = "imagearn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RecoveryPoint<'a> {
    #[serde(borrow, rename = "recoverypointarn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Guardrail<'a> {
    #[serde(borrow, rename = "guardrailarn")]
    pub(crate) arn: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Model<'a> {
    #[serde(borrow, rename = "modelid")]
    pub(crate) id: Scalar<'a>,
}
