//! The `resource` block.

use serde_json::{Value, json};

use super::ThreatFinding;
use crate::documents::resource::{access_key, ec2_id, private_address, public_address};
use crate::seeded;

impl ThreatFinding<'_> {
    pub(super) fn resource_block(&self) -> Value {
        let mut block = json!({ "resourceType": self.info.resource_type });
        match self.info.resource_type {
            "Instance" => block["instanceDetails"] = self.instance_details(),
            "AccessKey" => block["accessKeyDetails"] = self.access_key_details(),
            "S3Bucket" => {
                block["accessKeyDetails"] = self.access_key_details();
                block["s3BucketDetails"] = json!([self.bucket_details()]);
            }
            // An attack sequence names its resources inside the sequence.
            _ => {}
        }
        block
    }

    fn instance_details(&self) -> Value {
        let (scope, name) = (self.scope, &self.resource.name);
        let private = private_address(scope, name);
        let public = public_address(scope, name);
        let private_name =
            format!("ip-{}.{}.compute.internal", private.replace('.', "-"), scope.region);
        json!({
            "instanceId": self.resource.name,
            "instanceType": "t3.large",
            "launchTime": "2025-06-02T07:41:19.000Z",
            "platform": null,
            "productCodes": [],
            "iamInstanceProfile": {
                "arn": format!("arn:aws:iam::{}:instance-profile/app", scope.account),
                "id": format!("AIPA{}", seeded::capitals(0, &["profile", &scope.account, name], 17))
            },
            "networkInterfaces": [{
                "ipv6Addresses": [],
                "networkInterfaceId": format!("eni-0{}", ec2_id(scope, "interface", name)),
                "privateDnsName": private_name,
                "privateIpAddress": private,
                "privateIpAddresses": [{
                    "privateDnsName": private_name,
                    "privateIpAddress": private
                }],
                "publicDnsName": format!("ec2-{}.{}.compute.amazonaws.com", public.replace('.', "-"), scope.region),
                "publicIp": public,
                "securityGroups": [{
                    "groupId": format!("sg-0{}", ec2_id(scope, "group", "app")),
                    "groupName": "app"
                }],
                "subnetId": format!("subnet-0{}", ec2_id(scope, "subnet", "public-a")),
                "vpcId": format!("vpc-0{}", ec2_id(scope, "vpc", "main"))
            }],
            "outpostArn": null,
            "tags": self.resource.tag_list(),
            "instanceState": "running",
            "availabilityZone": format!("{}a", scope.region),
            "imageId": format!("ami-0{}", ec2_id(scope, "image", name)),
            "imageDescription": "Hardened Linux 2025.06"
        })
    }

    fn access_key_details(&self) -> Value {
        let account = &self.scope.account;
        let key = access_key(account, &self.resource.name);
        if self.is_root() {
            return json!({
                "accessKeyId": key,
                "principalId": account,
                "userName": "Root",
                "userType": "Root"
            });
        }
        let name = if self.resource.asff_type == "AwsIamUser" {
            &self.resource.name
        } else {
            "app-deploy"
        };
        json!({
            "accessKeyId": key,
            "principalId": format!("AIDA{}", seeded::capitals(0, &["user", account, name], 17)),
            "userName": name,
            "userType": "IAMUser"
        })
    }

    fn bucket_details(&self) -> Value {
        let public = self.info.kind.contains("AnonymousAccess");
        let block = json!({
            "ignorePublicAcls": false,
            "restrictPublicBuckets": false,
            "blockPublicAcls": false,
            "blockPublicPolicy": false
        });
        json!({
            "arn": self.resource.id,
            "name": self.resource.name,
            "type": "Destination",
            "createdAt": 1_678_785_987.0,
            "owner": { "id": seeded::hex(0, &["owner", &self.scope.account], 64) },
            "tags": self.resource.tag_list(),
            "defaultServerSideEncryption": { "encryptionType": "AES256", "kmsMasterKeyArn": null },
            "publicAccess": {
                "permissionConfiguration": {
                    "bucketLevelPermissions": {
                        "accessControlList": {
                            "allowsPublicReadAccess": false,
                            "allowsPublicWriteAccess": false
                        },
                        "bucketPolicy": {
                            "allowsPublicReadAccess": public,
                            "allowsPublicWriteAccess": false
                        },
                        "blockPublicAccess": block
                    },
                    "accountLevelPermissions": { "blockPublicAccess": block }
                },
                "effectivePermission": if public { "PUBLIC" } else { "NOT_PUBLIC" }
            }
        })
    }
}
