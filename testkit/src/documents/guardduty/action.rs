//! What happened: the `action` block, and the sequence or process that stand in its place.

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Value, json};

use super::ThreatFinding;
use crate::clock::millis_text;
use crate::documents::resource::private_address;
use crate::documents::threats::ActionKind;
use crate::seeded;

impl ThreatFinding<'_> {
    pub(super) fn action(&self, rng: &mut StdRng) -> Value {
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

    pub(super) fn sequence(&self, signals: &[&str], rng: &mut StdRng) -> Value {
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

fn port_name(port: u16) -> &'static str {
    match port {
        22 => "SSH",
        3389 => "RDP",
        443 => "HTTPS",
        _ => "Unknown",
    }
}

pub(super) fn process(path: &str, rng: &mut StdRng) -> Value {
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
