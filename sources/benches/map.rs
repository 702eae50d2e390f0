//! How fast unchanged reports pass: bytes to reports to content hashes, against what
//! `serde_json` alone needs to parse the same bytes.
//!
//! `cargo bench -p muster-sources --no-default-features --bench map`
//!
//! Both are measured in turns in one run, so that the ratio does not depend on the machine. The goal
//! is 0.5 or more.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use muster_core::report::Report;
use muster_core::unit::{SourceKind, Unit};
use muster_sources::document::Document;
use muster_sources::{access_analyzer, guardduty, security_hub};

/// How many documents a page has.
const DOCUMENTS: usize = 100;

/// How long each side of a case is measured.
const TIME: Duration = Duration::from_millis(1500);

fn main() {
    println!("{:<28} {:>9} {:>12} {:>12} {:>6}", "page", "bytes", "map MB/s", "json MB/s", "ratio");
    case("asff, control", &page("Findings", control), |body, unit| {
        security_hub::map::findings_page(body, unit).map_or(Vec::new(), |page| page.documents)
    });
    case("asff, guardduty", &page("Findings", asff_guardduty), |body, unit| {
        security_hub::map::findings_page(body, unit).map_or(Vec::new(), |page| page.documents)
    });
    case("guardduty", &page("findings", native_guardduty), |body, unit| {
        guardduty::map::findings(body, unit).unwrap_or_default()
    });
    case("access analyzer", &page("findings", external_access), |body, unit| {
        access_analyzer::map::external_findings_page(body, unit, &BTreeSet::new())
            .map_or(Vec::new(), |page| page.documents)
    });
}

/// Measures both sides in turns and prints the rates and their ratio.
fn case(name: &str, body: &Bytes, map: impl Fn(&Bytes, &Unit) -> Vec<Document>) {
    let unit = Unit {
        source: SourceKind::SecurityHub,
        account: "123456789012".parse().expect("an account"),
        region: "eu-west-1".parse().expect("a Region"),
        part: "arn:aws:access-analyzer:eu-west-1:123456789012:analyzer/main".to_owned(),
    };
    let hash = || -> u64 {
        let documents = map(black_box(body), &unit);
        assert_eq!(documents.len(), DOCUMENTS, "every document is there");
        let hash = |document: &Document| match document {
            Document::Unmapped(unmapped) => panic!("{}", unmapped.error),
            _ => document.reports().iter().map(Report::content_hash).fold(0, u64::wrapping_add),
        };
        documents.iter().map(hash).fold(0, u64::wrapping_add)
    };
    let parse = || serde_json::from_slice::<serde_json::Value>(black_box(body)).is_ok();
    let (mut mapped, mut parsed) = (Rate::default(), Rate::default());
    while mapped.spent < TIME || parsed.spent < TIME {
        mapped.measure(hash);
        parsed.measure(parse);
    }
    let (mapped, parsed) = (mapped.bytes_per_second(body), parsed.bytes_per_second(body));
    let ratio = mapped / parsed;
    println!(
        "{name:<28} {:>9} {:>12.1} {:>12.1} {ratio:>6.2}",
        body.len(),
        mapped / 1e6,
        parsed / 1e6
    );
}

#[derive(Default)]
struct Rate {
    spent: Duration,
    runs: u32,
}

impl Rate {
    fn measure<T>(&mut self, run: impl Fn() -> T) {
        let start = Instant::now();
        black_box(run());
        self.spent += start.elapsed();
        self.runs += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "a page has few bytes")]
    fn bytes_per_second(&self, body: &Bytes) -> f64 {
        body.len() as f64 * f64::from(self.runs) / self.spent.as_secs_f64()
    }
}

fn page(list: &str, document: impl Fn(usize) -> String) -> Bytes {
    let documents: Vec<String> = (0..DOCUMENTS).map(document).collect();
    format!(r#"{{"{list}": [{}], "NextToken": "t"}}"#, documents.join(",")).into()
}

/// A control on a security group, about as long as AWS writes it.
fn control(n: usize) -> String {
    let group = format!("arn:aws:ec2:eu-west-1:123456789012:security-group/sg-{n:017x}");
    let id = format!(
        "arn:aws:securityhub:eu-west-1:123456789012:security-control/EC2.19/finding/{n:08}-aaaa"
    );
    format!(
        r#"{{"AwsAccountId":"123456789012","AwsAccountName":"production","CompanyName":"AWS",
"Compliance":{{"Status":"FAILED","SecurityControlId":"EC2.19","RelatedRequirements":["NIST.800-53.r5 AC-4","NIST.800-53.r5 SC-7"],
"AssociatedStandards":[{{"StandardsId":"standards/aws-foundational-security-best-practices/v/1.0.0"}},{{"StandardsId":"standards/nist-800-53/v/5.0.0"}}]}},
"CreatedAt":"2024-01-10T10:11:12.345Z","Description":"This control checks whether traffic from anywhere can reach ports of the security group that are high risk. It fails if a rule allows it.",
"FindingProviderFields":{{"Severity":{{"Label":"CRITICAL","Original":"CRITICAL"}},"Types":["Software and Configuration Checks/Industry and Regulatory Standards"]}},
"FirstObservedAt":"2024-01-10T10:11:12.345Z","GeneratorId":"security-control/EC2.19","Id":"{id}","LastObservedAt":"2024-06-24T01:02:03.004Z",
"ProcessedAt":"2024-06-24T01:02:10.000Z","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/securityhub",
"ProductFields":{{"RelatedAWSResources:0/name":"securityhub-vpc-sg-restricted-common-ports-1a2b3c4d","RelatedAWSResources:0/type":"AWS::Config::ConfigRule",
"aws/securityhub/ProductName":"Security Hub","aws/securityhub/CompanyName":"AWS","Resources:0/Id":"{group}",
"aws/securityhub/FindingId":"arn:aws:securityhub:eu-west-1::product/aws/securityhub/{id}"}},
"ProductName":"Security Hub","RecordState":"ACTIVE","Region":"eu-west-1",
"Remediation":{{"Recommendation":{{"Text":"For information on how to correct this issue, consult the documentation of the control.","Url":"https://docs.aws.amazon.com/console/securityhub/EC2.19/remediation"}}}},
"Resources":[{{"Details":{{"AwsEc2SecurityGroup":{{"GroupId":"sg-{n:017x}","GroupName":"web","IpPermissions":[{{"FromPort":3389,"IpProtocol":"tcp","IpRanges":[{{"CidrIp":"0.0.0.0/0"}}],"ToPort":3389}},
{{"FromPort":443,"IpProtocol":"tcp","IpRanges":[{{"CidrIp":"10.0.0.0/8"}},{{"CidrIp":"192.168.0.0/16"}}],"ToPort":443}}],
"IpPermissionsEgress":[{{"IpProtocol":"-1","IpRanges":[{{"CidrIp":"0.0.0.0/0"}}]}}],"OwnerId":"123456789012","VpcId":"vpc-0123456789abcdef0"}}}},
"Id":"{group}","Partition":"aws","Region":"eu-west-1","Tags":{{"env":"prod","team":"web"}},"Type":"AwsEc2SecurityGroup"}}],
"SchemaVersion":"2018-10-08","Severity":{{"Label":"CRITICAL","Normalized":90,"Original":"CRITICAL"}},
"Title":"Security groups should not allow unrestricted access to ports with high risk","Types":["Software and Configuration Checks/Industry and Regulatory Standards"],
"UpdatedAt":"2024-06-24T01:02:03.004Z","Workflow":{{"Status":"NEW"}},"WorkflowState":"NEW"}}"#
    )
}

/// A copy of a `GuardDuty` finding.
fn asff_guardduty(n: usize) -> String {
    let detector =
        "arn:aws:guardduty:eu-west-1:123456789012:detector/12abc34d567e8fa901bc2d34e56789f0";
    format!(
        r#"{{"SchemaVersion":"2018-10-08","Id":"{detector}/finding/{n:032x}","ProductArn":"arn:aws:securityhub:eu-west-1::product/aws/guardduty",
"ProductName":"GuardDuty","CompanyName":"Amazon","Region":"eu-west-1","GeneratorId":"{detector}","AwsAccountId":"123456789012",
"Types":["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"],"FirstObservedAt":"2024-06-01T10:00:00.000Z","LastObservedAt":"2024-06-02T11:00:00.000Z",
"CreatedAt":"2024-06-01T10:05:00.000Z","UpdatedAt":"2024-06-02T11:05:00.000Z","Severity":{{"Product":8,"Label":"HIGH","Normalized":80}},
"Title":"198.51.100.{n} is performing SSH brute force attacks against i-{n:017x}.","Description":"198.51.100.{n} is performing SSH brute force attacks against i-{n:017x}. Brute force attacks try to get access by guessing the password.",
"Remediation":{{"Recommendation":{{"Text":"https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings.html"}}}},"SourceUrl":"https://eu-west-1.console.aws.amazon.com/guardduty/home?region=eu-west-1#/findings?macros=current&fId={n:032x}",
"ProductFields":{{"aws/guardduty/service/action/actionType":"NETWORK_CONNECTION","aws/guardduty/service/action/networkConnectionAction/blocked":"false",
"aws/guardduty/service/action/networkConnectionAction/connectionDirection":"INBOUND","aws/guardduty/service/action/networkConnectionAction/localPortDetails/port":"22",
"aws/guardduty/service/action/networkConnectionAction/protocol":"TCP","aws/guardduty/service/action/networkConnectionAction/remoteIpDetails/ipAddressV4":"198.51.100.{n}",
"aws/guardduty/service/additionalInfo/type":"default","aws/guardduty/service/archived":"false","aws/guardduty/service/count":"{n}","aws/guardduty/service/resourceRole":"TARGET","aws/guardduty/service/serviceName":"guardduty",
"aws/securityhub/FindingId":"arn:aws:securityhub:eu-west-1::product/aws/guardduty/{detector}/finding/{n:032x}","aws/securityhub/ProductName":"GuardDuty","aws/securityhub/CompanyName":"Amazon"}},
"Resources":[{{"Type":"AwsEc2Instance","Id":"arn:aws:ec2:eu-west-1:123456789012:instance/i-{n:017x}","Partition":"aws","Region":"eu-west-1",
"Details":{{"AwsEc2Instance":{{"Type":"m5.large","ImageId":"ami-0123456789abcdef0","IpV4Addresses":["198.51.100.1","10.0.0.1"],"SubnetId":"subnet-0123456789abcdef0","VpcId":"vpc-0123456789abcdef0","LaunchedAt":"2024-05-01T00:00:00.000Z"}}}}}}],
"WorkflowState":"NEW","Workflow":{{"Status":"NEW"}},"RecordState":"ACTIVE","FindingProviderFields":{{"Severity":{{"Label":"HIGH"}},"Types":["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"]}}}}"#
    )
}

/// A finding as the API sends it.
fn native_guardduty(n: usize) -> String {
    format!(
        r#"{{"accountId":"123456789012","arn":"arn:aws:guardduty:eu-west-1:123456789012:detector/12abc34d567e8fa901bc2d34e56789f0/finding/{n:032x}",
"createdAt":"2024-06-01T10:05:00.000Z","description":"198.51.100.{n} is performing SSH brute force attacks against i-{n:017x}. Brute force attacks try to get access by guessing the password.",
"id":"{n:032x}","partition":"aws","region":"eu-west-1","resource":{{"resourceType":"Instance","instanceDetails":{{"availabilityZone":"eu-west-1a","imageId":"ami-0123456789abcdef0",
"instanceId":"i-{n:017x}","instanceState":"running","instanceType":"m5.large","launchTime":"2024-05-01T00:00:00.000Z","networkInterfaces":[{{"ipv6Addresses":[],"networkInterfaceId":"eni-0123456789abcdef0",
"privateDnsName":"ip-10-0-0-1.ec2.internal","privateIpAddress":"10.0.0.1","privateIpAddresses":[{{"privateDnsName":"ip-10-0-0-1.ec2.internal","privateIpAddress":"10.0.0.1"}}],
"publicDnsName":"","publicIp":"198.51.100.1","securityGroups":[{{"groupId":"sg-0123456789abcdef0","groupName":"web"}}],"subnetId":"subnet-0123456789abcdef0","vpcId":"vpc-0123456789abcdef0"}}],
"productCodes":[],"tags":[{{"key":"env","value":"prod"}},{{"key":"team","value":"web"}}]}}}},"schemaVersion":"2.0",
"service":{{"action":{{"actionType":"NETWORK_CONNECTION","networkConnectionAction":{{"blocked":false,"connectionDirection":"INBOUND","localPortDetails":{{"port":22,"portName":"SSH"}},
"protocol":"TCP","localIpDetails":{{"ipAddressV4":"10.0.0.1"}},"remoteIpDetails":{{"city":{{"cityName":"Somewhere"}},"country":{{"countryName":"Nowhere"}},"geoLocation":{{"lat":55.75,"lon":37.61}},
"ipAddressV4":"198.51.100.{n}","organization":{{"asn":"64500","asnOrg":"Example","isp":"Example","org":"Example"}}}},"remotePortDetails":{{"port":40000,"portName":"Unknown"}}}}}},
"additionalInfo":{{"value":"{{}}","type":"default"}},"archived":false,"count":{n},"detectorId":"12abc34d567e8fa901bc2d34e56789f0","eventFirstSeen":"2024-06-01T10:00:00.000Z",
"eventLastSeen":"2024-06-02T11:00:00.000Z","resourceRole":"TARGET","serviceName":"guardduty"}},"severity":8,
"title":"198.51.100.{n} is performing SSH brute force attacks against i-{n:017x}.","type":"UnauthorizedAccess:EC2/SSHBruteForce","updatedAt":"2024-06-02T11:05:00.000Z"}}"#
    )
}

/// An item of `ListFindings`.
fn external_access(n: usize) -> String {
    format!(
        r#"{{"id":"{n:08}-dcba-4444-dcba-333333333333","principal":{{"AWS":"444455556666"}},"action":["s3:GetObject","s3:GetObjectVersion","s3:ListBucket"],
"resource":"arn:aws:s3:::data-{n}","isPublic":false,"resourceType":"AWS::S3::Bucket","condition":{{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}},
"createdAt":"2024-02-26T21:17:50.905Z","analyzedAt":"2024-06-16T18:17:47.888Z","updatedAt":"2024-02-26T21:17:50.905Z","status":"ACTIVE",
"resourceOwnerAccount":"123456789012","sources":[{{"type":"POLICY"}}]}}"#
    )
}
