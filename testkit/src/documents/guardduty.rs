//! GuardDuty's own findings, as `GetFindings` returns them (schema 2.0, lowerCamelCase).

use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::resource::{Resource, ec2_id, private_address, public_address};
use super::threats::{ActionKind, ThreatInfo};
use crate::clock::{earlier, millis_text, seconds_text};
use crate::scope::Scope;
use crate::seeded;

/// What a GuardDuty finding says.
pub(crate) struct ThreatFinding<'a> {
    pub seed: u64,
    pub info: &'a ThreatInfo,
    pub scope: &'a Scope,
    pub detector: &'a str,
    pub id: &'a str,
    pub resource: &'a Resource,
    /// The access key that was used, for findings about credentials.
    pub access_key: Option<&'a str>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub count: u32,
    /// Made by GuardDuty's own sample generator.
    pub sample: bool,
}

impl ThreatFinding<'_> {
    /// The ARN, which is also the id of the copy in Security Hub.
    pub(crate) fn arn(&self) -> String {
        let Scope { account, region } = self.scope;
        let (detector, id) = (self.detector, self.id);
        format!("arn:aws:guardduty:{region}:{account}:detector/{detector}/finding/{id}")
    }

    /// The whole document.
    pub(crate) fn document(&self) -> Value {
        let subject = self.subject();
        let prefix = if self.sample { "[SAMPLE] " } else { "" };
        let title = self.info.title;
        json!({
            "schemaVersion": "2.0",
            "accountId": self.scope.account,
            "region": self.scope.region,
            "partition": "aws",
            "id": self.id,
            "arn": self.arn(),
            "type": self.info.kind,
            "resource": self.resource_block(),
            "service": self.service_block(),
            "severity": self.info.severity,
            "createdAt": millis_text(self.created),
            "updatedAt": millis_text(self.updated),
            "title": format!("{prefix}{subject} {title}."),
            "description": format!(
                "{subject} {title}. GuardDuty saw this {} times from {} to {}.",
                self.count,
                seconds_text(self.created),
                seconds_text(self.updated),
            ),
        })
    }

    fn subject(&self) -> String {
        match self.info.resource_type {
            "Instance" => format!("The EC2 instance {}", self.resource.name),
            "S3Bucket" => format!("The bucket {}", self.resource.name),
            "AccessKey" if self.is_root() => "The root user".to_owned(),
            "AccessKey" => format!("The user {}", self.resource.name),
            _ => format!("{} of account {}", self.resource.name, self.scope.account),
        }
    }

    fn is_root(&self) -> bool {
        self.resource.asff_type == "AwsAccount"
    }

    fn resource_block(&self) -> Value {
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
        let key = self.access_key.map_or_else(
            || {
                format!(
                    "AKIA{}",
                    seeded::capitals(self.seed, &["key", account, &self.resource.name], 16)
                )
            },
            ToOwned::to_owned,
        );
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

    fn service_block(&self) -> Value {
        let mut rng = seeded::rng(self.seed, &["action", self.id]);
        let mut service = json!({
            "serviceName": "guardduty",
            "detectorId": self.detector,
            "resourceRole": self.info.role,
            "eventFirstSeen": millis_text(first_seen(self.created)),
            "eventLastSeen": millis_text(last_seen(self.updated)),
            "archived": false,
            "count": self.count,
            "additionalInfo": self.additional_info(),
        });
        match self.info.action {
            ActionKind::Sequence(signals) => {
                service["detection"] = json!({ "sequence": self.sequence(signals, &mut rng) });
            }
            ActionKind::Process(path) => {
                service["action"] = json!({ "actionType": "RUNTIME" });
                service["featureName"] = json!("RuntimeMonitoring");
                service["runtimeDetails"] = process(path, &mut rng);
            }
            ActionKind::Dns(_)
            | ActionKind::Connection { .. }
            | ActionKind::PortProbe(_)
            | ActionKind::ApiCall(..) => service["action"] = self.action(&mut rng),
        }
        service
    }

    fn additional_info(&self) -> Value {
        if self.sample {
            return json!({ "value": "{\"sample\":true}", "type": "default", "sample": true });
        }
        json!({ "value": "{}", "type": "default" })
    }

    fn action(&self, rng: &mut StdRng) -> Value {
        match self.info.action {
            ActionKind::Dns(domain) => json!({
                "actionType": "DNS_REQUEST",
                "dnsRequestAction": {
                    "domain": domain,
                    "domainWithSuffix": domain.split('.').skip(1).collect::<Vec<_>>().join("."),
                    "protocol": "UDP",
                    "blocked": false
                }
            }),
            ActionKind::Connection { direction, local_port, remote_port } => json!({
                "actionType": "NETWORK_CONNECTION",
                "networkConnectionAction": {
                    "connectionDirection": direction,
                    "protocol": "TCP",
                    "blocked": false,
                    "localPortDetails": { "port": local_port, "portName": port_name(local_port) },
                    "remotePortDetails": { "port": remote_port, "portName": "Unknown" },
                    "localIpDetails": { "ipAddressV4": private_address(self.scope, &self.resource.name) },
                    "remoteIpDetails": remote(rng)
                }
            }),
            ActionKind::PortProbe(port) => json!({
                "actionType": "PORT_PROBE",
                "portProbeAction": {
                    "blocked": false,
                    "portProbeDetails": [{
                        "localPortDetails": { "port": port, "portName": port_name(port) },
                        "localIpDetails": { "ipAddressV4": private_address(self.scope, &self.resource.name) },
                        "remoteIpDetails": remote(rng)
                    }]
                }
            }),
            ActionKind::ApiCall(service, api) => json!({
                "actionType": "AWS_API_CALL",
                "awsApiCallAction": {
                    "api": api,
                    "serviceName": service,
                    "callerType": "Remote IP",
                    "remoteIpDetails": remote(rng),
                    "affectedResources": {},
                    "userAgent": "aws-cli/2.27.1 md/Botocore#1.37.1"
                }
            }),
            ActionKind::Sequence(_) | ActionKind::Process(_) => json!({}),
        }
    }

    fn sequence(&self, signals: &[&str], rng: &mut StdRng) -> Value {
        let address = remote(rng);
        let signal = |kind: &&str| {
            json!({
                "uid": seeded::hex(self.seed, &["signal", self.id, kind], 32),
                "type": "FINDING",
                "name": kind,
                "createdAt": millis_text(self.created),
                "updatedAt": millis_text(self.updated),
                "firstSeenAt": millis_text(self.created),
                "lastSeenAt": millis_text(self.updated),
                "severity": 5.0,
                "count": 1,
                "resourceUids": [self.resource.id],
                "actorIds": ["actor-1"],
                "endpointIds": ["endpoint-1"]
            })
        };
        json!({
            "uid": seeded::hex(self.seed, &["sequence", self.id], 32),
            "description": format!("{} signals about {} in one day", signals.len(), self.resource.name),
            "actors": [{
                "id": "actor-1",
                "user": {
                    "name": self.resource.name,
                    "uid": format!("AIDA{}", seeded::capitals(0, &["user", &self.scope.account, &self.resource.name], 17)),
                    "type": "IAMUser",
                    "account": { "uid": self.scope.account }
                }
            }],
            "resources": [{
                "uid": self.resource.id,
                "name": self.resource.name,
                "accountId": self.scope.account,
                "resourceType": if self.resource.asff_type == "AwsS3Bucket" { "S3_BUCKET" } else { "ACCESS_KEY" },
                "region": self.scope.region,
                "service": "iam"
            }],
            "endpoints": [{
                "id": "endpoint-1",
                "ip": address["ipAddressV4"],
                "location": {
                    "city": address["city"]["cityName"],
                    "country": address["country"]["countryName"]
                },
                "autonomousSystem": { "name": address["organization"]["asnOrg"], "number": 64_500 }
            }],
            "signals": signals.iter().map(signal).collect::<Vec<_>>(),
            "sequenceIndicators": [{ "key": "HIGH_RISK_API", "title": "High risk API called", "values": ["iam:AttachUserPolicy"] }],
            "additionalSequenceTypes": []
        })
    }
}

/// The activity begins some minutes before GuardDuty makes a finding of it.
pub(crate) fn first_seen(created: Timestamp) -> Timestamp {
    earlier(created, Duration::from_secs(612))
}

/// And was last seen some minutes before the finding was updated.
pub(crate) fn last_seen(updated: Timestamp) -> Timestamp {
    earlier(updated, Duration::from_secs(204))
}

fn port_name(port: u16) -> &'static str {
    match port {
        22 => "SSH",
        3389 => "RDP",
        443 => "HTTPS",
        _ => "Unknown",
    }
}

fn process(path: &str, rng: &mut StdRng) -> Value {
    let pid: u16 = rng.random_range(2_000..30_000);
    json!({
        "process": {
            "name": path.rsplit('/').next(),
            "executablePath": path,
            "executableSha256": seeded::hex(0, &["executable", path], 64),
            "pwd": "/tmp",
            "pid": pid,
            "uuid": seeded::uuid(0, &["process", path]),
            "startTime": "2026-01-05T03:04:05.000Z",
            "user": "app",
            "userId": 1001,
            "euid": 1001,
            "lineage": [{ "name": "sh", "pid": pid - 1, "executablePath": "/bin/sh" }]
        },
        "context": null
    })
}

/// The other end of a connection: addresses and networks set aside for documentation.
fn remote(rng: &mut StdRng) -> Value {
    const PLACES: [(&str, &str, f64, f64, &str); 6] = [
        ("Netherlands", "Amsterdam", 52.37, 4.89, "Example Hosting BV"),
        ("Brazil", "Campinas", -22.9, -47.06, "Rede Exemplo SA"),
        ("Vietnam", "Hanoi", 21.03, 105.85, "Example Telecom VN"),
        ("Romania", "Cluj-Napoca", 46.77, 23.6, "Exemplu Net SRL"),
        ("United States", "Ashburn", 39.04, -77.49, "Example Cloud LLC"),
        ("Nigeria", "Lagos", 6.52, 3.38, "Example Broadband"),
    ];
    let (country, city, lat, lon, organization) = PLACES.choose(rng).copied().unwrap_or(PLACES[0]);
    json!({
        "ipAddressV4": format!("198.51.100.{}", rng.random_range(1..255)),
        "organization": {
            // 64496 to 64511 are set aside for documentation.
            "asn": rng.random_range(64_496..64_512).to_string(),
            "asnOrg": organization,
            "isp": organization,
            "org": organization
        },
        "country": { "countryName": country },
        "city": { "cityName": city },
        "geoLocation": { "lat": lat, "lon": lon }
    })
}
