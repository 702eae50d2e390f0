"""Pairs that are the same problem, by topic. A problem's first document is paired with each other one."""

import json

from make import *

PUBLIC = {"AWS": "*"}
READS, WRITES = ["s3:GetObject", "s3:ListBucket"], ["s3:DeleteObject", "s3:PutObject"]
BUCKET, GROUP, USER, ACCOUNT = "AwsS3Bucket", "AwsEc2SecurityGroup", "AwsIamUser", "AwsAccount"
KEY_1, KEY_2 = "AKIAMADEUPKEYAAAAA01", "AKIAMADEUPKEYAAAAA02"


def write(problem):
    guardduty_paths(problem)
    access_paths(problem)
    unused_paths(problem)
    other_paths(problem)
    control_paths(problem)
    bucket_classes(problem)
    network_classes(problem)
    data_classes(problem)
    iam_classes(problem)
    service_classes(problem)
    shapes(problem)


def guardduty_paths(problem):
    i = "i-0a11b22c33d44e55f"
    native = guardduty("UnauthorizedAccess:EC2/SSHBruteForce", of_instance(i), severity=2)
    copy = guardduty_copy(native, ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"], [resource("AwsEc2Instance", instance(i))])
    later = guardduty("UnauthorizedAccess:EC2/SSHBruteForce", of_instance(i), severity=5, count=41)
    put_away = guardduty("UnauthorizedAccess:EC2/SSHBruteForce", of_instance(i), severity=2, archived=True)
    by_member = guardduty("UnauthorizedAccess:EC2/SSHBruteForce", of_instance(i), severity=2, detector=digest("member"))
    problem("gd-ssh", "guardduty", "one GuardDuty finding id by two paths", native=native, copy=copy, event=event(native),
            v2=ocsf(copy), copied_event=event(copy), v2_event=event(ocsf(copy)), wrapped=by_topic(event(native)), later=later, archived=put_away, member=by_member,
            also=["copy v2", "copy copied_event", "event v2", "copy archived", "member copy", "v2 v2_event"])

    key = "ASIAMADEUPKEYAAAAA11"
    native = guardduty("Persistence:IAMUser/AnomalousBehavior", of_key(key, "deploy-bot"))
    copy = guardduty_copy(native, ["TTPs/Persistence/Persistence:IAMUser-AnomalousBehavior", "Unusual Behaviors/User/Persistence:IAMUser-AnomalousBehavior"],
                          [resource("AwsIamAccessKey", f"AWS::IAM::AccessKey:{key}", details={"PrincipalName": "deploy-bot", "PrincipalType": "IAMUser"})])
    problem("gd-key", "guardduty", "the copy names the key, the native finding the user", native=native, copy=copy, event=event(native))

    native = guardduty("Exfiltration:S3/AnomalousBehavior", of_bucket("ledger-2026") | of_key(key, "deploy-bot") | {"resourceType": "S3Bucket"}, severity=8)
    copy = guardduty_copy(native, ["TTPs/Exfiltration/Exfiltration:S3-AnomalousBehavior"],
                          [resource(BUCKET, bucket("ledger-2026")), resource("AwsIamAccessKey", f"AWS::IAM::AccessKey:{key}")])
    problem("gd-bucket", "guardduty", "two resources, one threat", native=native, copy=copy, v2=ocsf(copy))

    cluster = arn("eks", "cluster/shop")
    native = guardduty("PrivilegeEscalation:Kubernetes/PrivilegedContainer", {
        "resourceType": "EKSCluster", "eksClusterDetails": {"name": "shop", "arn": cluster, "status": "ACTIVE"},
        "kubernetesDetails": {"kubernetesUserDetails": {"username": "builder"},
                              "kubernetesWorkloadDetails": {"name": "cart", "type": "pods", "namespace": "web"}}})
    problem("gd-eks", "guardduty", "a workload of a cluster", native=native,
            copy=guardduty_copy(native, ["TTPs/Privilege Escalation/PrivilegeEscalation:Kubernetes-PrivilegedContainer"],
                                [resource("AwsEksCluster", cluster)]))

    function = arn("lambda", "function:resize")
    native = guardduty("CryptoCurrency:Lambda/BitcoinTool.B", {"resourceType": "Lambda", "lambdaDetails": {
        "functionName": "resize", "functionArn": function, "functionVersion": "$LATEST"}}, severity=8)
    problem("gd-lambda", "guardduty", "a function", native=native, copy=guardduty_copy(
        native, ["TTPs/Command and Control/CryptoCurrency:Lambda-BitcoinTool.B"], [resource("AwsLambdaFunction", function)]))

    database = arn("rds", "db:accounts-1")
    native = guardduty("CredentialAccess:RDS/AnomalousBehavior.SuccessfulLogin", {"resourceType": "RDSDBInstance", "rdsDbInstanceDetails": {
        "dbInstanceIdentifier": "accounts-1", "dbInstanceArn": database, "engine": "Aurora MySQL", "dbClusterIdentifier": "accounts"}}, severity=8)
    problem("gd-rds", "guardduty", "a database", native=native, event=event(native), copy=guardduty_copy(
        native, ["TTPs/Credential Access/CredentialAccess:RDS-AnomalousBehavior.SuccessfulLogin"], [resource("AwsRdsDbInstance", database)]))

    sequence = guardduty("AttackSequence:IAM/CompromisedCredentials", {"resourceType": "AttackSequence"}, severity=9.5, detection={"sequence": {
        "uid": digest("sequence"), "description": "Made up for tests.", "signals": [], "actors": [],
        "resources": [{"uid": user("deploy-bot"), "name": "deploy-bot", "accountId": A, "resourceType": "IAM_USER", "region": IRELAND}]}})
    copy = guardduty_copy(sequence, ["TTPs/AttackSequence:IAM-CompromisedCredentials"], [resource(USER, user("deploy-bot"))])
    problem("gd-sequence", "guardduty", "an attack sequence", native=sequence, copy=copy, v2=ocsf(copy))

    native = guardduty("Recon:EC2/Portscan", of_instance(i), region="us-gov-west-1")
    problem("gd-gov", "guardduty", "another partition", native=native, copy=guardduty_copy(
        native, ["TTPs/Discovery/Recon:EC2-Portscan"], [resource("AwsEc2Instance", instance(i, "us-gov-west-1"), "us-gov-west-1")]))

    native = guardduty("Policy:IAMUser/RootCredentialUsage", of_key("ASIAMADEUPKEYAAAAA12", "Root", "Root"), region=VIRGINIA, home=IRELAND, severity=2)
    problem("gd-global", "guardduty", "listed in another Region than its own", native=native, copy=guardduty_copy(
        native, ["TTPs/Policy:IAMUser-RootCredentialUsage"], [resource("AwsIamAccessKey", "AWS::IAM::AccessKey:ASIAMADEUPKEYAAAAA12", VIRGINIA)]))

    native = guardduty("Trojan:EC2/DNSDataExfiltration", of_instance(i), severity=8)
    at_home = guardduty_copy(native, ["Effects/Data Exfiltration/Trojan:EC2-DNSDataExfiltration!DNS"], [resource("AwsEc2Instance", instance(i))])
    elsewhere = guardduty_copy(native, ["Effects/Data Exfiltration/Trojan:EC2-DNSDataExfiltration!DNS"], [resource("AwsEc2Instance", instance(i))],
                               home=FRANKFURT)
    problem("gd-aggregated", "guardduty", "read in the aggregation Region and in its own", native=native, linked=at_home, home=elsewhere, also=["linked home"])


def access_paths(problem):
    outsider = {"AWS": B}
    name = bucket("partner-drop")
    native = access(name, "AWS::S3::Bucket", outsider, READS)
    again = access(name, "AWS::S3::Bucket", outsider, READS + ["s3:GetObjectTagging"], seed="after the policy changed")
    gone = access(name, "AWS::S3::Bucket", outsider, READS, status="RESOLVED")
    root = access(name, "AWS::S3::Bucket", {"AWS": f"arn:aws:iam::{B}:root"}, READS, seed="by root")
    copy = access_copy(native)
    problem("aax-bucket", "access-analyzer external", "one principal's access to one bucket", native=native, v2=access_v2(native), copy=copy,
            event=event(native), reissued=again, resolved=gone, root=root, copied_event=event(copy),
            also=["reissued copy", "copy event", "v2 reissued", "resolved reissued", "v2 event"])

    worker = role("build-worker")
    native = access(worker, "AWS::IAM::Role", {"AWS": role("ci", B)}, ["sts:AssumeRole"])
    there = access(worker, "AWS::IAM::Role", {"AWS": role("ci", B)}, ["sts:AssumeRole"], by=analyzer("outside-access", A, FRANKFURT))
    by_org = access(worker, "AWS::IAM::Role", {"AWS": role("ci", B)}, ["sts:AssumeRole"], by=analyzer("whole-org", TOOLING))
    problem("aax-role", "iam.role_external_trust", "the analyzer of each Region reports a role", native=native, frankfurt=there, copy=access_copy(native),
            also=["copy frankfurt"])
    problem("aax-role-org", "iam.role_external_trust", "an analyzer of the account and one of the organization", account=native, organization=by_org,
            organization_copy=access_copy(by_org))

    saml = access(role("sign-on"), "AWS::IAM::Role", {"Federated": f"arn:aws:iam::{A}:saml-provider/Corp"}, ["sts:AssumeRoleWithSAML"])
    problem("aax-saml", "access-analyzer external", "a federated principal", native=saml, copy=access_copy(saml), event=event(saml))
    service = access(arn("kms", "key/0f0f0f0f-1111-4222-8333-444444444444"), "AWS::KMS::Key", outsider, ["kms:Decrypt"])
    problem("aax-kms", "access-analyzer external", "a key", native=service, copy=access_copy(service), event=event(service))
    secret = arn("secretsmanager", "secret:db/password-AbCdEf")
    native = access(secret, "AWS::SecretsManager::Secret", outsider, ["secretsmanager:GetSecretValue"])
    by_org = access(secret, "AWS::SecretsManager::Secret", outsider, ["secretsmanager:GetSecretValue"], by=analyzer("whole-org", TOOLING))
    problem("aax-secret", "secret.cross_account", "two analyzers, one principal", native=native, organization=by_org, copy=access_copy(native))
    table = access(arn("dynamodb", "table/orders"), "AWS::DynamoDB::Table", outsider, ["dynamodb:GetItem"])
    problem("aax-table", "access-analyzer external", "a table", native=table, copy=access_copy(table))
    shared = access(bucket("shared-reports"), "AWS::S3::Bucket", outsider, READS)
    by_org = access(bucket("shared-reports"), "AWS::S3::Bucket", outsider, READS, by=analyzer("whole-org", TOOLING))
    problem("aax-two-analyzers", "s3.external_principal", "two analyzers report one principal's access to a bucket", account=shared, organization=by_org)


def unused_paths(problem):
    idle = role("forgotten-role")
    native = unused("UnusedIAMRole", idle, {"lastAccessed": "2025-01-02T03:04:05Z"})
    hub = unused("UnusedIAMRole", idle, {"lastAccessed": "2025-01-02T03:04:05Z"}, by=analyzer("securityhub-unused", A, VIRGINIA))
    copy, upper = unused_copy(native), unused_copy(native, "ResourceOwnerAccount")
    problem("aau-role", "access-analyzer unused", "one finding id by two paths", native=native, copy=copy, upper=upper, event=event(native),
            also=["copy event"])
    problem("aau-role-twice", "iam.unused_role", "the analyzer that Security Hub made duplicates the customer's own", own=native, hub=hub,
            hub_copy=unused_copy(hub))
    key = {"accessKeyId": KEY_1, "lastAccessed": "2025-01-02T03:04:05Z"}
    native = unused("UnusedIAMUserAccessKey", user("ann"), key)
    problem("aau-key", "access-analyzer unused", "one finding id by two paths", native=native, copy=unused_copy(native), event=event(native))
    native = unused("UnusedIAMUserPassword", user("ann"), {"lastAccessed": "2025-01-02T03:04:05Z"})
    problem("aau-password", "access-analyzer unused", "one finding id by two paths", native=native, copy=unused_copy(native), event=event(native))
    s3 = {"serviceNamespace": "s3", "lastAccessed": "2025-01-02T03:04:05Z", "actions": [{"action": "DeleteBucket"}]}
    native = unused("UnusedPermission", role("report-writer"), s3)
    reissued = unused("UnusedPermission", role("report-writer"), s3 | {"actions": [{"action": "DeleteBucket"}, {"action": "PutBucketPolicy"}]}, seed="reissued")
    problem("aau-permission", "access-analyzer unused", "the copy writes the type in the plural", native=native, copy=unused_copy(native), event=event(native))
    problem("aau-permission-again", "iam.unused_permission", "a new id after the policy was reduced in part", first=native, reissued=reissued)


def other_paths(problem):
    box = instance("i-0bb11cc22dd33ee44")
    native = inspector("CVE-2026-10001", "openssl", "AWS_EC2_INSTANCE", box)
    copy = inspector_copy(native)
    again = inspector("CVE-2026-10001", "openssl", "AWS_EC2_INSTANCE", box, seed="found again after it was closed")
    problem("insp-instance", "inspector", "one finding ARN by two paths", native=native, copy=copy, event=event(native), v2=ocsf(copy),
            copied_event=event(copy), also=["copy event", "event v2"])
    problem("insp-again", "vuln.package", "the CVE in the package of the instance, under a new ARN", first=native, again=again, again_copy=inspector_copy(again))
    image = arn("ecr", f"repository/web/sha256:{digest('image', length=64)}")
    native = inspector("CVE-2026-10002", "zlib", "AWS_ECR_CONTAINER_IMAGE", image)
    problem("insp-image", "inspector", "a container image", native=native, copy=inspector_copy(native), event=event(native))
    native = inspector("CVE-2026-10003", "requests", "AWS_LAMBDA_FUNCTION", arn("lambda", "function:resize:$LATEST"))
    problem("insp-function", "inspector", "a function with its version", native=native, copy=inspector_copy(native))
    native = reachability(box, 22, 22)
    problem("insp-port", "inspector", "a port that can be reached", native=native, copy=inspector_copy(native), event=event(native))

    native = macie("Policy:IAMUser/S3BucketEncryptionDisabled", "plain-text-drop", score=1)
    problem("mac-encryption", "macie", "the native id by two paths", native=native, copy=macie_copy(native), event=event(native),
            v2=ocsf(macie_copy(native)), also=["copy event"])
    native = macie("SensitiveData:S3Object/Personal", "crm-export", key="2026/people.csv")
    problem("mac-sensitive", "macie", "the native id by two paths", native=native, copy=macie_copy(native), event=event(native))
    again = macie("SensitiveData:S3Object/Personal", "crm-export", key="2026/people.csv", seed="next week's job")
    problem("mac-sensitive-again", "s3.sensitive_data", "each job reports the object under a new id", first=native, again=again, again_copy=macie_copy(again))

    versions = lambda **more: config("s3-bucket-versioning-enabled", "AWS::S3::Bucket", "old-logs", **more)
    copy = config_copy("s3-bucket-versioning-enabled", BUCKET, bucket("old-logs"))
    other = config_copy("s3-bucket-versioning-enabled", BUCKET, bucket("old-logs"), seed="another hash")
    problem("cfg-versioning", "config", "one rule on one bucket; the hash in the id is not stable", native=versions(), copy=copy, other_hash=other,
            event=event(versions()), copied_event=event(copy), also=["copy other_hash", "copy event"])
    queue = arn("sqs", "jobs")
    problem("cfg-queue", "config", "Config names a queue by its URL", copy=config_copy("sqs-queue-no-wildcard", "AwsSqsQueue", queue),
            native=config("sqs-queue-no-wildcard", "AWS::SQS::Queue", f"https://sqs.{IRELAND}.amazonaws.com/{A}/jobs"))
    risk = ("RISK", "AWS_RISK_CREDENTIALS_EXPOSED", "0a0b0c")
    problem("hlt-exposed", "health", "the event's ARN with and without the account", copy=health(*risk), event=health_event(*risk), copied_event=event(health(*risk)))
    partner = custom("prowler", "prowler-made-up-check-111122223333-eu-west-1-web", BUCKET, bucket("web"), product="prowler")
    problem("asff-partner", "other asff", "the partner's id, polled and pushed", polled=partner, pushed=event(partner))
    policy_of = custom("aws-firewall", f"arn:aws:fms:{IRELAND}:{A}:policy/p-1/finding/{digest('fms')}", GROUP, group("sg-0f0f0f0f1"), product="firewall-manager")
    problem("asff-firewall", "other asff", "an opaque id of Firewall Manager", polled=policy_of, pushed=event(policy_of))


def control_paths(problem):
    key = arn("kms", "key/12121212-aaaa-4bbb-8ccc-dddddddddddd")
    args = ("AwsKmsKey", key)
    one = control("KMS.4", *args, severity="MEDIUM", standards=("fsbp", "cis14", "nist"))
    problem("shc-standards", "control", "one control, once for each standard", consolidated=one, cis12=of_standard("cis12", "2.8", *args),
            cis14=of_standard("cis14", "3.8", *args), pci=of_standard("pci", "PCI.KMS.1", *args), cis3=of_standard("cis3", "3.6", *args, "KMS.4"),
            nist=of_standard("nist", "KMS.4", *args), named=of_standard("cis14", "3.8", *args, "KMS.4"), v2=ocsf(one), event=event(one),
            v2_event=event(ocsf(one)),
            also=["cis12 pci", "cis12 cis14", "cis14 nist", "pci nist", "cis12 named", "pci v2", "cis12 v2_event"])
    trail = arn("cloudtrail", "trail/audit")
    fsbp, tower = of_standard("fsbp", "CloudTrail.5", "AwsCloudTrailTrail", trail), of_standard("tower", "CloudTrail.5", "AwsCloudTrailTrail", trail)
    problem("shc-tower", "control", "FSBP and Control Tower", fsbp=fsbp, tower=tower, cis12=of_standard("cis12", "2.4", "AwsCloudTrailTrail", trail),
            event=event(tower), also=["tower cis12"])

    table = arn("dynamodb", "table/orders")
    reasons = {"ArchivalReasons:0/ReasonCode": "CONSOLIDATED_CONTROL_FINDINGS_UPDATE"}
    def put_away(built):
        built[2]["RecordState"] = "ARCHIVED"
        built[2]["ProductFields"] |= reasons
        return built
    new = lambda: control("DynamoDB.2", "AwsDynamoDbTable", table, severity="MEDIUM")
    old = lambda: of_standard("fsbp", "DynamoDB.2", "AwsDynamoDbTable", table, "DynamoDB.2")
    problem("shc-switch-on", "control", "consolidation was switched on: the old set is archived", old=put_away(old()), new=new())
    problem("shc-switch-off", "control", "consolidation was switched off: the new set is archived", new=put_away(new()), old=old(),
            nist=of_standard("nist", "DynamoDB.2", "AwsDynamoDbTable", table))
    problem("shc-passed", "control", "the control passes later", failed=new(), passed=control("DynamoDB.2", "AwsDynamoDbTable", table, status="PASSED"),
            gone=control("DynamoDB.2", "AwsDynamoDbTable", table, status="NOT_AVAILABLE", seed="gone", RecordState="ARCHIVED"))
    problem("shc-case", "control", "AWS writes control ids in any case", upper=control("AutoScaling.9", "AwsAutoScalingAutoScalingGroup", arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/web")),
            lower=control("AutoScaling.9", "AwsAutoScalingAutoScalingGroup", arn("autoscaling", "autoScalingGroup:*:autoScalingGroupName/web"), spelling="Autoscaling.9"))

    everywhere = lambda id, kind, name, region, **more: control(id, kind, name, region, **more)
    support = lambda region: everywhere("IAM.18", ACCOUNT, account_id(), region, severity="LOW")
    problem("shc-global-account", "control, global", "an IAM control on the account, evaluated in each Region", ireland=support(IRELAND), virginia=support(VIRGINIA),
            cis12=of_standard("cis12", "1.20", ACCOUNT, account_id(), region=FRANKFURT))
    web = f"arn:aws:cloudfront::{A}:distribution/E1MADEUPAAAAAA"
    front = lambda region: everywhere("CloudFront.1", "AwsCloudFrontDistribution", web, region)
    problem("shc-global-cloudfront", "control, global", "a distribution, evaluated in two Regions", virginia=front(VIRGINIA), ireland=front(IRELAND),
            v2=ocsf(front(VIRGINIA)), mirror=mirror("155", "CloudFront.1", web, region=VIRGINIA))
    attached = lambda region: everywhere("IAM.2", USER, user("ann"), region, severity="LOW")
    problem("shc-global-user", "control, global", "a user, evaluated in two Regions", ireland=attached(IRELAND), frankfurt=attached(FRANKFURT),
            mirror=mirror("138", "IAM.2", user("ann"), region=VIRGINIA), pci=of_standard("pci", "PCI.IAM.2", USER, user("ann"), region=VIRGINIA),
            also=["frankfurt mirror", "mirror pci"])

    project = arn("codebuild", "project/site")
    built = control("CodeBuild.1", "AwsCodeBuildProject", project, severity="CRITICAL")
    problem("shc-mirror", "control, mirror", "the check of Trusted Advisor repeats the control", control=built, mirror=mirror("174", "CodeBuild.1", project),
            spelled=mirror("174", "CodeBuild.1", project, spelling="Security Hub control ID:"), event=event(mirror("174", "CodeBuild.1", project)),
            fsbp=of_standard("fsbp", "CodeBuild.1", "AwsCodeBuildProject", project), also=["mirror fsbp"])
    two = control("ACM.1", "AwsCertificateManagerCertificate", arn("acm", "certificate/aaaa0001"), severity="MEDIUM",
                  others=[("AwsCertificateManagerCertificate", arn("acm", "certificate/aaaa0002"))])
    problem("shc-many", "control, several resources", "one finding about two resources is two statements", both=two,
            first=control("ACM.1", "AwsCertificateManagerCertificate", arn("acm", "certificate/aaaa0001"), severity="MEDIUM"),
            second=mirror("176", "ACM.1", arn("acm", "certificate/aaaa0002"), "warning"))


def bucket_classes(problem):
    n, b = "press-kit", bucket("press-kit")
    seen = access(b, "AWS::S3::Bucket", PUBLIC, READS, public=True)
    policy_finding = macie("Policy:IAMUser/S3BucketPublic", n, permission="PUBLIC", read=True)
    problem("s3-public-read", "s3.public_read", "products agree that everyone can read the bucket",
            control=control("S3.2", BUCKET, b, severity="CRITICAL"), pci=of_standard("pci", "PCI.S3.2", BUCKET, b),
            config=config("s3-bucket-public-read-prohibited", "AWS::S3::Bucket", n), config_copy=config_copy("s3-bucket-public-read-prohibited", BUCKET, b),
            listed=permissions(n, listing="Yes"), by_policy=permissions(n, policy_open="Yes"), mirror=mirror("171", "S3.2", b),
            access=seen, access_copy=access_copy(seen), macie=policy_finding, macie_copy=macie_copy(policy_finding),
            also=["config access", "listed access", "access macie", "mirror by_policy", "macie_copy access_copy", "pci config_copy", "listed macie"])

    n, b = "upload-here", bucket("upload-here")
    seen = access(b, "AWS::S3::Bucket", PUBLIC, WRITES, public=True)
    policy_finding = macie("Policy:IAMUser/S3BucketPublic", n, permission="PUBLIC", write=True)
    problem("s3-public-write", "s3.public_write", "products agree that everyone can write to the bucket",
            control=control("S3.3", BUCKET, b, severity="CRITICAL"), pci=of_standard("pci", "PCI.S3.1", BUCKET, b),
            config=config("s3-bucket-public-write-prohibited", "AWS::S3::Bucket", n), row=permissions(n, upload="Yes"), mirror=mirror("172", "S3.3", b),
            access=seen, access_copy=access_copy(seen), macie=policy_finding, also=["row access", "macie access", "config row", "pci mirror"])

    n, b = "wide-open", bucket("wide-open")
    both = access(b, "AWS::S3::Bucket", PUBLIC, READS + WRITES, public=True)
    problem("s3-public-both", "s3.public_read", "a document that states reading and writing belongs to both",
            row=permissions(n, listing="Yes", upload="Yes"), read=control("S3.2", BUCKET, b), access=both,
            macie=macie("Policy:IAMUser/S3BucketPublic", n, permission="PUBLIC", read=True, write=True))
    problem("s3-public-both-write", "s3.public_write", "a document that states reading and writing belongs to both", row="s3-public-both/row",
            write=control("S3.3", BUCKET, b), also=["write s3-public-both/access", "write s3-public-both/macie"])

    n, b = "no-blocks", bucket("no-blocks")
    off = macie("Policy:IAMUser/S3BlockPublicAccessDisabled", n)
    problem("s3-bucket-bpa", "s3.bucket_bpa_off", "the bucket's own public access block is off", control=control("S3.8", BUCKET, b),
            cis14=of_standard("cis14", "2.1.5.2", BUCKET, b), config=config("s3-bucket-level-public-access-prohibited", "AWS::S3::Bucket", n),
            row=permissions(n, status="warning"), mirror=mirror("173", "S3.8", b), v2=bare(ocsf(control("S3.8", BUCKET, b))), macie=off, macie_copy=macie_copy(off),
            also=["config macie", "row macie", "cis14 row", "row mirror"])
    problem("s3-account-bpa", "s3.account_bpa_off", "the account's public access block is off", control=control("S3.1", ACCOUNT, account_id(), severity="MEDIUM"),
            elsewhere=control("S3.1", ACCOUNT, account_id(), VIRGINIA, severity="MEDIUM"), cis14=of_standard("cis14", "2.1.5.1", ACCOUNT, account_id()),
            config=config("s3-account-level-public-access-blocks-periodic", "AWS::::Account", A), mirror=mirror("170", "S3.1", account_id()),
            pci=of_standard("pci", "PCI.S3.6", ACCOUNT, account_id()), also=["config mirror"])
    n, b = "lent-out", bucket("lent-out")
    shared = macie("Policy:IAMUser/S3BucketSharedExternally", n)
    problem("s3-cross-account", "s3.cross_account", "the bucket is shared with an account outside", control=control("S3.6", BUCKET, b),
            config=config("s3-bucket-blacklisted-actions-prohibited", "AWS::S3::Bucket", n), mirror=mirror("169", "S3.6", b), macie=shared,
            macie_copy=macie_copy(shared))
    n, b = "in-the-clear", bucket("in-the-clear")
    clear = macie("Policy:IAMUser/S3BucketEncryptionDisabled", n, score=1)
    problem("s3-sse", "s3.no_sse", "no default encryption", control=control("S3.4", BUCKET, b, severity="MEDIUM"), cis14=of_standard("cis14", "2.1.1", BUCKET, b),
            config=config_copy("s3-bucket-server-side-encryption-enabled", BUCKET, b), mirror=mirror("167", "S3.4", b, "warning"), macie=clear,
            also=["config macie"])
    n, b = "plain-http", bucket("plain-http")
    rule = "s3-bucket-ssl-requests-only"
    problem("s3-tls", "s3.no_tls_policy", "requests without TLS are allowed", control=control("S3.5", BUCKET, b, severity="MEDIUM"),
            pci=of_standard("pci", "PCI.S3.5", BUCKET, b), config=config(rule, "AWS::S3::Bucket", n), mirror=mirror("168", "S3.5", b, "warning"),
            pack=config(rule, "AWS::S3::Bucket", n, name=f"{rule}-conformance-pack-abc123def"), own_name=config(rule, "AWS::S3::Bucket", n, name="storage-must-use-tls"),
            also=["config pack", "config own_name"])
    problem("s3-log", "s3.no_access_log", "no server access logging", control=control("S3.9", BUCKET, b, severity="MEDIUM"),
            config=config("s3-bucket-logging-enabled", "AWS::S3::Bucket", n), cis14=of_standard("cis14", "3.6", BUCKET, b))


def network_classes(problem):
    sg = "sg-0aa00bb00cc00dd01"
    g = group(sg)
    problem("sg-ssh", "sg.open_ssh", "port 22 of the group is open to the world", control=control("EC2.13", GROUP, g), cis12=of_standard("cis12", "4.1", GROUP, g),
            pci=of_standard("pci", "PCI.EC2.5", GROUP, g), config=config("restricted-ssh", "AWS::EC2::SecurityGroup", sg),
            config_copy=config_copy("restricted-ssh", GROUP, g), row=port(sg, "22"), unrestricted=open_to_all(sg, "22"), event=event(port(sg, "22")),
            also=["row config", "row cis12", "row unrestricted", "config_copy event"])
    problem("sg-rdp", "sg.open_rdp", "port 3389 of the group is open to the world", control=control("EC2.14", GROUP, g), cis12=of_standard("cis12", "4.2", GROUP, g),
            config=config("restricted-common-ports", "AWS::EC2::SecurityGroup", sg, parameters='{"blockedPort1":"3389"}'), row=port(sg, "3389"),
            unrestricted=open_to_all(sg, "3389"), also=["row cis12"])
    sg = "sg-0aa00bb00cc00dd02"
    g = group(sg)
    problem("sg-high-risk", "sg.open_high_risk_port", "the group opens ports of high risk", control=control("EC2.19", GROUP, g, severity="CRITICAL"),
            fsbp=of_standard("fsbp", "EC2.19", GROUP, g), config=config("vpc-sg-restricted-common-ports", "AWS::EC2::SecurityGroup", sg))
    problem("sg-rule", "sg.open_port", "two checks flag one rule of the group", specific=port(sg, "3306"), unrestricted=open_to_all(sg, "3306"),
            event=event(port(sg, "3306")))
    problem("sg-any", "sg.open_any", "the group opens ports that nobody authorized", control=control("EC2.18", GROUP, g),
            config=config("vpc-sg-open-only-to-authorized-ports", "AWS::EC2::SecurityGroup", sg), mirror=mirror("178", "EC2.18", g), v2=ocsf(control("EC2.18", GROUP, g)))
    sg = "sg-0aa00bb00cc00dd03"
    g = group(sg)
    problem("sg-default", "sg.default_open", "the default group lets traffic in", control=control("EC2.2", GROUP, g), cis12=of_standard("cis12", "4.3", GROUP, g),
            cis14=of_standard("cis14", "5.3", GROUP, g), config=config("vpc-default-security-group-closed", "AWS::EC2::SecurityGroup", sg), mirror=mirror("118", "EC2.2", g))
    vpc = arn("ec2", "vpc/vpc-0a1b2c3d4e5f60718")
    problem("vpc-flow", "vpc.no_flow_logs", "no flow logs", control=control("EC2.6", "AwsEc2Vpc", vpc, severity="MEDIUM"), cis12=of_standard("cis12", "2.9", "AwsEc2Vpc", vpc),
            config=config("vpc-flow-logs-enabled", "AWS::EC2::VPC", "vpc-0a1b2c3d4e5f60718"), mirror=mirror("122", "EC2.6", vpc, "warning"), also=["config mirror"])
    i = instance("i-0cc11dd22ee33ff44")
    problem("ec2-imds", "ec2.imdsv1", "IMDSv1 is allowed", control=control("EC2.8", "AwsEc2Instance", i), config=config("ec2-imdsv2-check", "AWS::EC2::Instance", "i-0cc11dd22ee33ff44"),
            mirror=mirror("124", "EC2.8", i), also=["config mirror"])
    problem("ec2-ip", "ec2.public_ip", "a public address", control=control("EC2.9", "AwsEc2Instance", i), config=config_copy("ec2-instance-no-public-ip", "AwsEc2Instance", i),
            mirror=mirror("123", "EC2.9", i))
    lb = arn("elasticloadbalancing", "loadbalancer/old-front")
    problem("elb-listener", "elb.no_tls_listener", "no listener of the balancer is encrypted", control=control("ELB.3", "AwsElbLoadBalancer", lb, severity="MEDIUM"),
            config=config("elb-tls-https-listeners-only", "AWS::ElasticLoadBalancing::LoadBalancer", "old-front"), mirror=mirror("182", "ELB.3", lb, "warning"),
            row=row("a2sEc6ILx", {"Load Balancer Name": "old-front", "Load Balancer Port": None, "Reason": "No listener that uses a secure protocol"}, "error"))
    alb = arn("elasticloadbalancing", "loadbalancer/app/front/50dc6c495c0c9188")
    problem("elb-redirect", "elb.no_https_redirect", "HTTP is not redirected", control=control("ELB.1", "AwsElbv2LoadBalancer", alb, severity="MEDIUM"),
            fsbp=of_standard("fsbp", "ELBv2.1", "AwsElbv2LoadBalancer", alb), config=config("alb-http-to-https-redirection-check", "AWS::ElasticLoadBalancingV2::LoadBalancer", alb))


def data_classes(problem):
    snap = f"arn:aws:ec2:{IRELAND}::snapshot/snap-0a0a0a0a0a0a0a0a1"
    cells = {"Volume ID": "vol-0b0b0b0b0b0b0b0b1", "Snapshot ID": "snap-0a0a0a0a0a0a0a0a1", "Description": "nightly"}
    seen = access(snap, "AWS::EC2::Snapshot", PUBLIC, [], public=True)
    problem("ebs-snapshot", "ebs.snapshot_public", "everyone can restore the snapshot", row=row("ePs02jT06w", cells), access=seen, access_copy=access_copy(seen),
            event=event(row("ePs02jT06w", cells)), also=["access event"])
    problem("ebs-account", "ebs.snapshots_public", "the account's public snapshots in a Region", control=control("EC2.1", ACCOUNT, account_id(), severity="CRITICAL"),
            pci=of_standard("pci", "PCI.EC2.1", ACCOUNT, account_id()), config=config("ebs-snapshot-public-restorable-check", "AWS::::Account", A),
            mirror=mirror("116", "EC2.1", account_id()))
    snap = arn("rds", "snapshot:orders-before-migration")
    seen = access(snap, "AWS::RDS::DBSnapshot", PUBLIC, [], public=True)
    problem("rds-snapshot", "rds.snapshot_public", "everyone can restore the snapshot", control=control("RDS.1", "AwsRdsDbSnapshot", snap, severity="CRITICAL"),
            row=row("rSs93HQwa1", {"DB Instance or Cluster ID": "orders", "Snapshot ID": "orders-before-migration"}), access=seen, access_copy=access_copy(seen),
            config=config_copy("rds-snapshots-public-prohibited", "AwsRdsDbSnapshot", snap), also=["row access"])
    snap = arn("rds", "cluster-snapshot:ledger-weekly")
    seen = access(snap, "AWS::RDS::DBClusterSnapshot", PUBLIC, [], public=True)
    problem("rds-cluster-snapshot", "rds.snapshot_public", "everyone can restore the cluster's snapshot", control=control("RDS.1", "AwsRdsDbClusterSnapshot", snap, severity="CRITICAL"),
            row=row("rSs93HQwa1", {"DB Instance or Cluster ID": "ledger", "Snapshot ID": "ledger-weekly"}), access=seen)
    db = arn("rds", "db:orders-1")
    problem("rds-public", "rds.instance_public", "the database has a public address", control=control("RDS.2", "AwsRdsDbInstance", db, severity="CRITICAL"),
            pci=of_standard("pci", "PCI.RDS.2", "AwsRdsDbInstance", db), config=config_copy("rds-instance-public-access-check", "AwsRdsDbInstance", db), v2=ocsf(control("RDS.2", "AwsRdsDbInstance", db)))
    problem("rds-clear", "rds.unencrypted", "the database is not encrypted", control=control("RDS.3", "AwsRdsDbInstance", db, severity="MEDIUM"),
            cis14=of_standard("cis14", "2.3.1", "AwsRdsDbInstance", db), config=config_copy("rds-storage-encrypted", "AwsRdsDbInstance", db),
            row=row("c1qf5bt006", {"Resource": db, "Engine Name": "postgres"}), also=["cis14 row", "config row"])
    cluster = arn("rds", "cluster:ledger")
    problem("rds-cluster-clear", "rds.cluster_unencrypted", "the cluster is not encrypted", control=control("RDS.27", "AwsRdsDbCluster", cluster, severity="MEDIUM"),
            row=row("c1qf5bt005", {"Resource": cluster, "Engine Name": "aurora-mysql"}), mirror=mirror("303", "RDS.27", cluster, "warning"), also=["row mirror"])
    vol = arn("ec2", "volume/vol-0b0b0b0b0b0b0b0b2")
    problem("ebs-clear", "ebs.volume_unencrypted", "the volume is not encrypted", control=control("EC2.3", "AwsEc2Volume", vol, severity="MEDIUM"),
            config=config("encrypted-volumes", "AWS::EC2::Volume", "vol-0b0b0b0b0b0b0b0b2"), mirror=mirror("117", "EC2.3", vol, "warning"), also=["config mirror"])
    problem("ebs-default", "ebs.default_enc_off", "no encryption by default, in one Region", control=control("EC2.7", ACCOUNT, account_id(), severity="MEDIUM"),
            config=config("ec2-ebs-encryption-by-default", "AWS::::Account", A), mirror=mirror("121", "EC2.7", account_id(), "warning"),
            cis14=of_standard("cis14", "2.2.1", ACCOUNT, account_id()))
    key = arn("kms", "key/34343434-aaaa-4bbb-8ccc-dddddddddddd")
    seen = access(key, "AWS::KMS::Key", PUBLIC, ["kms:Decrypt"], public=True)
    problem("kms-public", "kms.public", "everyone may use the key", control=control("KMS.5", "AwsKmsKey", key, severity="CRITICAL"), access=seen, access_copy=access_copy(seen),
            config=config("kms-key-policy-no-public-access", "AWS::KMS::Key", "34343434-aaaa-4bbb-8ccc-dddddddddddd"), also=["config access"])


def iam_classes(problem):
    root = (ACCOUNT, account_id())
    problem("root-mfa", "iam.root_no_mfa", "root has no MFA", control=control("IAM.9", *root, severity="CRITICAL"), cis12=of_standard("cis12", "1.13", *root),
            cis14=of_standard("cis14", "1.5", *root), config=config("root-account-mfa-enabled", "AWS::::Account", A), check=row("7DAFEmoDos", {}),
            elsewhere=control("IAM.9", *root, region=FRANKFURT, severity="CRITICAL"), v2=ocsf(control("IAM.9", *root)), lower=control("IAM.9", *root, spelling="iam.9"),
            also=["check config", "cis12 check", "elsewhere check", "v2 check"])
    problem("root-hardware", "iam.root_no_hardware_mfa", "no hardware MFA for root", control=control("IAM.6", *root, severity="CRITICAL"), cis12=of_standard("cis12", "1.14", *root),
            pci=of_standard("pci", "PCI.IAM.4", *root), mirror=mirror("142", "IAM.6", account_id()), config=config("root-account-hardware-mfa-enabled", "AWS::::Account", A))
    problem("root-key", "iam.root_access_key", "root has an access key", control=control("IAM.4", *root, severity="CRITICAL"), cis12=of_standard("cis12", "1.12", *root),
            config=config("iam-root-access-key-check", "AWS::::Account", A), check=row("c2vlfg0f4h", {"Account ID": A}), mirror=mirror("140", "IAM.4", account_id()),
            also=["check mirror", "check config"])
    problem("root-used", "cloudwatch.no_root_alarm", "the use of root raises no alarm", control=control("CloudWatch.1", *root, severity="LOW"), cis12=of_standard("cis12", "1.1", *root),
            cis14=of_standard("cis14", "4.3", *root))
    problem("password-policy", "iam.weak_password_policy", "one password policy, many controls", control=control("IAM.7", *root, severity="MEDIUM"),
            length=control("IAM.15", *root, severity="MEDIUM"), reuse=of_standard("cis12", "1.10", *root), elsewhere=control("IAM.11", *root, region=VIRGINIA, severity="MEDIUM"),
            config=config("iam-password-policy", "AWS::::Account", A), mirror=mirror("143", "IAM.7", account_id(), "warning"),
            check=row("Yw2K9puPzl", {"Password Policy": "Enabled", "Uppercase": "Off", "Lowercase": "On", "Number": "On", "Non-alphanumeric": "Off",
                                     "Reason": "Some content requirements are off"}, "warning"), also=["check length", "check config", "reuse length"])
    u = (USER, user("bob"))
    key = {"IAM User": "bob", "Access Key": KEY_2, "Key Last Rotated": "2024-01-01T00:00:00Z", "Reason": "Older than two years"}
    problem("key-rotation-user", "iam.user_keys_not_rotated", "the user's keys are old", control=control("IAM.3", *u, severity="MEDIUM"), cis12=of_standard("cis12", "1.4", *u),
            cis14=of_standard("cis14", "1.14", *u), config_copy=config_copy("access-keys-rotated", *u), mirror=mirror("139", "IAM.3", user("bob"), "warning"))
    aged = dict(key, **{"Reason": "Older than 90 days"})
    problem("key-rotation-key", "iam.key_not_rotated", "the age of the key moves, the key does not", row=row("DqdJqYeRm5", key), before=row("DqdJqYeRm5", aged, "warning"),
            event=event(row("DqdJqYeRm5", key)))
    problem("unused-credentials", "iam.unused_credentials", "the user's credentials are not used; 90 and 45 days", control=control("IAM.8", *u, severity="MEDIUM"),
            shorter=control("IAM.22", *u, severity="MEDIUM"), cis12=of_standard("cis12", "1.3", *u), pci=of_standard("pci", "PCI.IAM.7", *u),
            config_copy=config_copy("iam-user-unused-credentials-check", *u), mirror=mirror("144", "IAM.8", user("bob"), "warning"), also=["shorter mirror", "cis12 config_copy"])
    problem("user-mfa", "iam.user_no_mfa", "the user has no MFA", control=control("IAM.5", *u, severity="MEDIUM"), every=control("IAM.19", *u, severity="MEDIUM"),
            pci=of_standard("pci", "PCI.IAM.6", *u), console=config_copy("mfa-enabled-for-iam-console-access", *u), config_copy=config_copy("iam-user-mfa-enabled", *u),
            mirror=mirror("141", "IAM.5", user("bob"), "warning"), also=["every mirror", "console pci"])
    p = ("AwsIamPolicy", policy("do-everything"))
    problem("admin-star", "iam.admin_star", "the policy allows everything", control=control("IAM.1", *p), elsewhere=control("IAM.1", *p, region=FRANKFURT),
            config_copy=config_copy("iam-policy-no-statements-with-admin-access", *p), mirror=mirror("137", "IAM.1", p[1]), pci=of_standard("pci", "PCI.IAM.3", *p),
            cis12=of_standard("cis12", "1.22", *p))
    problem("service-star", "iam.service_star", "the policy allows a whole service", control=control("IAM.21", *p, severity="LOW"), mirror=mirror("185", "IAM.21", p[1], "warning"),
            config_copy=config_copy("iam-policy-no-statements-with-full-access", *p))
    exposed = {"Access Key ID": KEY_2, "User Name (IAM or Root)": "bob", "Fraud Type": "Exposed", "Case ID": uuid("case"), "Time Updated": "1772600767000",
               "Location": "www.github.com/made-up/repo", "Deadline": "1772700767000", "Usage (USD per Day)": "0"}
    problem("key-exposed", "iam.key_exposed", "a key is public; its use grows", row=row("12Fnkpl8Y5", exposed), event=event(row("12Fnkpl8Y5", exposed)),
            later=row("12Fnkpl8Y5", exposed | {"Usage (USD per Day)": "312", "Time Updated": "1772690767000"}))


def service_classes(problem):
    plain = arn("lambda", "function:public-hook")
    seen = access(plain, "AWS::Lambda::Function", PUBLIC, ["lambda:InvokeFunction"], public=True)
    problem("lambda-public", "lambda.public", "everyone may call the function", control=control("Lambda.1", "AwsLambdaFunction", plain, severity="CRITICAL"),
            pci=of_standard("pci", "PCI.Lambda.1", "AwsLambdaFunction", plain), config=config("lambda-function-public-access-prohibited", "AWS::Lambda::Function", "public-hook"),
            access=seen, access_copy=access_copy(seen), qualified=control("Lambda.1", "AwsLambdaFunction", f"{plain}:$LATEST", severity="CRITICAL"), also=["config access", "access qualified"])
    old = arn("lambda", "function:ancient")
    cells = {"Function ARN": f"{old}:$LATEST", "Runtime": "python3.7", "Days to Deprecation": "-200", "Deprecation Date": "2023-12-04", "Average Daily Invokes": "12",
             "Last Refresh Time": SEEN}
    problem("lambda-runtime", "lambda.deprecated_runtime", "the runtime is no longer supported", control=control("Lambda.2", "AwsLambdaFunction", old, severity="MEDIUM"),
            row=row("L4dfs2Q4C5", cells), config=config("lambda-function-settings-check", "AWS::Lambda::Function", "ancient"),
            later=row("L4dfs2Q4C5", cells | {"Days to Deprecation": "-201", "Average Daily Invokes": "3"}), also=["row later"])
    topic, queue = arn("sns", "open-topic"), arn("sqs", "open-queue")
    seen = access(topic, "AWS::SNS::Topic", PUBLIC, ["sns:Publish"], public=True)
    problem("sns-public", "sns.public", "everyone may publish", control=control("SNS.4", "AwsSnsTopic", topic), access=seen, access_copy=access_copy(seen))
    seen = access(queue, "AWS::SQS::Queue", PUBLIC, ["sqs:SendMessage"], public=True)
    problem("sqs-public", "sqs.public", "everyone may send", control=control("SQS.3", "AwsSqsQueue", queue), access=seen, access_copy=access_copy(seen))
    root = (ACCOUNT, account_id())
    problem("trail-off", "cloudtrail.off", "management events are not logged in the Region", control=control("CloudTrail.1", *root), any=control("CloudTrail.3", *root),
            cis12=of_standard("cis12", "2.1", *root), pci=of_standard("pci", "PCI.CloudTrail.2", *root), config=config("multi-region-cloudtrail-enabled", "AWS::::Account", A),
            enabled=config("cloudtrail-enabled", "AWS::::Account", A), check=row("c25hn9x03v", {"Logging Enabled": "No", "Delivery Error Reported": None}),
            mirror=mirror("111", "CloudTrail.1", account_id()), also=["check any", "check config", "enabled pci"])
    trail = ("AwsCloudTrailTrail", arn("cloudtrail", "trail/audit"))
    problem("trail-kms", "cloudtrail.no_kms", "the trail is not encrypted with a key of one's own", control=control("CloudTrail.2", *trail, severity="MEDIUM"),
            cis12=of_standard("cis12", "2.7", *trail), cis14=of_standard("cis14", "3.7", *trail), pci=of_standard("pci", "PCI.CloudTrail.1", *trail),
            config=config("cloud-trail-encryption-enabled", "AWS::CloudTrail::Trail", trail[1]), mirror=mirror("110", "CloudTrail.2", trail[1], "warning"), also=["cis12 pci"])
    problem("trail-org", "cloudtrail.no_kms", "each account of the organization reports the trail of the whole", owner="trail-kms/control",
            member=control("CloudTrail.2", *trail, account=B, severity="MEDIUM"))
    problem("trail-validation", "cloudtrail.no_validation", "log files are not validated", control=control("CloudTrail.4", *trail, severity="LOW"), cis12=of_standard("cis12", "2.2", *trail),
            config=config("cloud-trail-log-file-validation-enabled", "AWS::CloudTrail::Trail", trail[1]), mirror=mirror("109", "CloudTrail.4", trail[1], "warning"))
    logs = (BUCKET, bucket("audit-trail-logs"))
    problem("trail-bucket", "cloudtrail.bucket_public", "the trail's bucket is public", control=control("CloudTrail.6", *logs, severity="CRITICAL"), cis12=of_standard("cis12", "2.3", *logs))
    r = ("AwsRedshiftCluster", arn("redshift", "cluster:numbers"))
    problem("redshift-public", "redshift.public", "the cluster is public", control=control("Redshift.1", *r, severity="CRITICAL"), mirror=mirror("103", "Redshift.1", r[1]),
            config_copy=config_copy("redshift-cluster-public-access-check", *r), pci=of_standard("pci", "PCI.Redshift.1", *r))
    d = arn("es", "domain/search")
    problem("search-public", "opensearch.public", "the domain is outside of a VPC", control=control("Opensearch.2", "AwsOpenSearchServiceDomain", d, severity="CRITICAL"),
            former=control("ES.2", "AwsElasticsearchDomain", d, severity="CRITICAL"), pci=of_standard("pci", "PCI.ES.1", "AwsElasticsearchDomain", d),
            config_copy=config_copy("opensearch-in-vpc-only", "AwsOpenSearchServiceDomain", d), config_former=config_copy("elasticsearch-in-vpc-only", "AwsElasticsearchDomain", d),
            also=["former config_copy", "config_copy config_former"])
    e = ("AwsEksCluster", arn("eks", "cluster/shop"))
    problem("eks-public", "eks.endpoint_public", "the endpoint of the cluster is public", control=control("EKS.1", *e), fsbp=of_standard("fsbp", "EKS.1", *e))
    m = ("AwsDmsReplicationInstance", arn("dms", "rep:MADEUP1"))
    problem("dms-public", "dms.public", "the replication instance is public", control=control("DMS.1", *m, severity="CRITICAL"), config=config("dms-replication-not-public", "AWS::DMS::ReplicationInstance", m[1]))
    s = ("AwsSageMakerNotebookInstance", arn("sagemaker", "notebook-instance/lab"))
    problem("notebook-internet", "sagemaker.internet", "the notebook reaches the internet", control=control("SageMaker.1", *s), mirror=mirror("100", "SageMaker.1", s[1]),
            config_copy=config_copy("sagemaker-notebook-no-direct-internet-access", *s))
    problem("analyzer-missing", "detection.aa_missing", "nothing analyzes access in the Region", control=control("IAM.28", *root),
            check=row("07602fcad6", {"IAM Access Analyzer external access Arn": None}), config=config("iam-external-access-analyzer-enabled", "AWS::::Account", A), also=["check config"])
    problem("guardduty-off", "detection.guardduty_off", "GuardDuty is off in the Region", control=control("GuardDuty.1", *root), config=config("guardduty-enabled-centralized", "AWS::::Account", A),
            pci=of_standard("pci", "PCI.GuardDuty.1", *root))


def by_topic(pushed):
    """The event as SNS hands it on."""
    path, where, document = pushed
    return path, where, {"Type": "Notification", "MessageId": uuid("sns", document["id"]), "TopicArn": arn("sns", "findings"),
                         "Message": json.dumps(document), "Timestamp": SEEN, "SignatureVersion": "1"}


def bare(v2):
    """The finding of V2 with the name of the resource only, and the other form of the product's ARN."""
    path, where, document = v2
    for found in document["resources"]:
        found.pop("uid_alt", None)
    document["metadata"]["product"]["uid"] = document["metadata"]["product"]["uid"].replace("productv2/", "product/")
    return path, where, document


def shapes(problem):
    """One resource in each of the shapes in which products write it (a control that no class joins)."""
    def shape(slug, id, kind, *names, why, others=()):
        docs = {f"shape_{n}": control(id, kind, name, severity="MEDIUM", seed=str(n)) for n, name in enumerate(names, 1)}
        docs |= {f"row_{n}": mirror("9" + digest(slug, length=2), id, name, "warning") for n, name in enumerate(others, 1)}
        problem(f"shape-{slug}", "control, shape", why, **docs)

    shape("account", "Config.1", ACCOUNT, account_id(), f"arn:aws:iam::{A}:root", A, why="three names of the account", others=[A, f"arn:aws:iam::{A}:root"])
    shape("bucket", "S3.12", BUCKET, bucket("shaped"), "shaped", bucket("shaped") + "/", "arn:aws:::shaped", why="an ARN, a name, a trailing slash, a broken ARN", others=["shaped"])
    i = "i-0dd11ee22ff33aa44"
    shape("instance", "EC2.17", "AwsEc2Instance", instance(i), i, arn("ec2", i), instance(i.upper().replace("I-", "i-")), why="an ARN, an id, an ARN without the kind, upper case", others=[i])
    shape("group", "EC2.22", GROUP, group("sg-0aa00bb00cc00dd09"), "sg-0aa00bb00cc00dd09", why="an ARN and an id", others=["sg-0aa00bb00cc00dd09"])
    shape("volume", "EC2.28", "AwsEc2Volume", arn("ec2", "volume/vol-0123456789abcdef0"), "vol-0123456789abcdef0", why="an ARN and an id")
    shape("vpc", "EC2.10", "AwsEc2Vpc", arn("ec2", "vpc/vpc-0123456789abcdef0"), "vpc-0123456789abcdef0", why="an ARN and an id", others=["vpc-0123456789abcdef0"])
    shape("function", "Lambda.3", "AwsLambdaFunction", arn("lambda", "function:shaped"), arn("lambda", "function:shaped:$LATEST"), arn("lambda", "function:shaped:live"),
          why="with and without version or alias")
    problem("shape-snapshot", "ebs.snapshot_public", "with and without the account",
            row=row("ePs02jT06w", {"Volume ID": "vol-0123456789abcdef0", "Snapshot ID": "snap-0123456789abcdef0"}),
            access=access(arn("ec2", "snapshot/snap-0123456789abcdef0"), "AWS::EC2::Snapshot", PUBLIC, [], public=True))
    shape("user", "IAM.27", USER, user("shaped"), user("team/shaped"), why="with and without the path: names of users are unique in an account")
    shape("role", "IAM.24", "AwsIamRole", role("shaped"), role("service-role/shaped"), why="with and without the path: names of roles are unique in an account")
    shape("queue", "SQS.1", "AwsSqsQueue", arn("sqs", "shaped"), f"https://sqs.{IRELAND}.amazonaws.com/{A}/shaped", why="an ARN and a URL")
    details = {"UserName": "shaped-by-id", "UserId": "AIDAMADEUPAAAAAAAAA01", "Path": "/"}
    problem("shape-unique-id", "iam.user_keys_not_rotated", "Config names a user by the unique id", control=control("IAM.3", USER, user("shaped-by-id"), details=details),
            config=config("access-keys-rotated", "AWS::IAM::User", "AIDAMADEUPAAAAAAAAA01"))
