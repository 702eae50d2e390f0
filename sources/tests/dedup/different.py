"""Pairs that look alike and are two problems, by the kind of near miss."""

import json

from make import *
from same import ACCOUNT, BUCKET, GROUP, KEY_1, KEY_2, PUBLIC, READS, USER, WRITES


def write(near):
    other_resource(near)
    other_account(near)
    other_region(near)
    names_alike(near)
    kinds_alike(near)
    neighbours_on_a_bucket(near)
    neighbours(near)
    numbers_of_standards(near)
    threats(near)
    other_threats(near)
    rows(near)
    parts_and_wholes(near)
    accesses(near)
    unused(near)
    packages(near)
    data(near)
    rules_and_partners(near)


def other_resource(near):
    """What one product says of one resource and another of another."""
    n = lambda slug, why, left, right: near(f"other-{slug}", "other resource", why, left, right)
    n("bucket-control", "two buckets, one control", "s3-bucket-bpa/control", control("S3.8", BUCKET, bucket("press-kit")))
    n("bucket-read", "the row is about another bucket", "s3-public-read/control", permissions("press-kit-2", listing="Yes"))
    n("bucket-access", "the access is to another bucket", "s3-public-read/config", access(bucket("press"), "AWS::S3::Bucket", PUBLIC, READS, public=True))
    n("bucket-macie", "Macie speaks of another bucket", "s3-public-read/listed", macie("Policy:IAMUser/S3BucketPublic", "press-kit.old", permission="PUBLIC", read=True))
    n("bucket-write", "the row is about another bucket", "s3-public-write/control", permissions("upload-there", upload="Yes"))
    n("bucket-mirror", "the mirror is about another bucket", "s3-tls/control", mirror("168", "S3.5", bucket("plain-https"), "warning"))
    n("bucket-sse", "the rule is about another bucket", "s3-sse/macie", config("s3-bucket-server-side-encryption-enabled", "AWS::S3::Bucket", "in-the-clear-too"))
    n("group-ssh", "two groups, both with port 22", "sg-ssh/control", port("sg-0aa00bb00cc00dd99", "22"))
    n("group-rdp", "two groups, both with port 3389", "sg-rdp/row", control("EC2.14", GROUP, group("sg-0aa00bb00cc00dd98")))
    n("group-rule", "two groups, one port", "sg-rule/specific", open_to_all("sg-0aa00bb00cc00dd97", "3306"))
    n("group-default", "the default groups of two VPCs", "sg-default/control", config("vpc-default-security-group-closed", "AWS::EC2::SecurityGroup", "sg-0aa00bb00cc00dd96"))
    n("vpc", "two VPCs", "vpc-flow/control", config("vpc-flow-logs-enabled", "AWS::EC2::VPC", "vpc-0a1b2c3d4e5f60799"))
    n("instance", "two instances", "ec2-imds/control", config("ec2-imdsv2-check", "AWS::EC2::Instance", "i-0cc11dd22ee33ff99"))
    n("volume", "two volumes", "ebs-clear/mirror", config("encrypted-volumes", "AWS::EC2::Volume", "vol-0b0b0b0b0b0b0b0b9"))
    n("snapshot", "two public snapshots of one volume", "ebs-snapshot/row",
      row("ePs02jT06w", {"Volume ID": "vol-0b0b0b0b0b0b0b0b1", "Snapshot ID": "snap-0a0a0a0a0a0a0a0a9", "Description": "nightly"}))
    n("db-snapshot", "two snapshots of one database", "rds-snapshot/control",
      row("rSs93HQwa1", {"DB Instance or Cluster ID": "orders", "Snapshot ID": "orders-after-migration"}))
    n("database", "two databases", "rds-clear/control", row("c1qf5bt006", {"Resource": arn("rds", "db:orders-2"), "Engine Name": "postgres"}))
    n("key", "two keys", "kms-public/control", access(arn("kms", "key/34343434-aaaa-4bbb-8ccc-eeeeeeeeeeee"), "AWS::KMS::Key", PUBLIC, ["kms:Decrypt"], public=True))
    n("function", "two functions", "lambda-public/control", access(arn("lambda", "function:public-hook-2"), "AWS::Lambda::Function", PUBLIC, ["lambda:InvokeFunction"], public=True))
    n("topic", "two topics", "sns-public/control", access(arn("sns", "open-topic.fifo"), "AWS::SNS::Topic", PUBLIC, ["sns:Publish"], public=True))
    n("queue", "a queue and its dead letters", "sqs-public/control", access(arn("sqs", "open-queue-dlq"), "AWS::SQS::Queue", PUBLIC, ["sqs:SendMessage"], public=True))
    n("trail", "two trails", "trail-kms/control", config("cloud-trail-encryption-enabled", "AWS::CloudTrail::Trail", arn("cloudtrail", "trail/audit-2")))
    n("policy", "two policies", "admin-star/control", config_copy("iam-policy-no-statements-with-admin-access", "AwsIamPolicy", policy("do-everything-2")))
    n("user", "two users without MFA", "user-mfa/control", control("IAM.19", USER, user("bobby")))
    n("credentials", "two users, both unused", "unused-credentials/control", control("IAM.22", USER, user("carol")))
    n("role", "two unused roles", "aau-role-twice/own", unused_role("forgotten-role-2", analyzer("securityhub-unused", A, VIRGINIA)))
    n("balancer", "two balancers", "elb-listener/control", row("a2sEc6ILx", {"Load Balancer Name": "old-front-2", "Reason": "No listener that uses a secure protocol"}))
    n("cluster", "two clusters", "redshift-public/control", mirror("103", "Redshift.1", arn("redshift", "cluster:numbers-eu")))
    n("domain", "two domains", "search-public/control", control("ES.2", "AwsElasticsearchDomain", arn("es", "domain/search-dev")))
    n("exploded", "neither of the two resources of the finding is this one", "shc-many/both", control("ACM.1", "AwsCertificateManagerCertificate", arn("acm", "certificate/aaaa0003")))
    n("exploded-parts", "the two resources of one finding are two problems", "shc-many/first", "shc-many/second")
    n("certificate", "two certificates, by control and mirror", "shc-many/first", mirror("176", "ACM.1", arn("acm", "certificate/aaaa00010"), "warning"))


def unused_role(name, by):
    return make_unused("UnusedIAMRole", role(name), {"lastAccessed": "2025-01-02T03:04:05Z"}, by=by)


def make_unused(*args, **more):
    import make
    return make.unused(*args, **more)


def of_account(built, account):
    """The same document with another account in it, the hash in its ARN included."""
    path, where, document = built
    return path, where, json.loads(json.dumps(document).replace(A, account))


def other_account(near):
    n = lambda slug, why, left, right: near(f"account-{slug}", "other account", why, left, right)
    n("root-mfa", "the roots of two accounts", "root-mfa/control", row("7DAFEmoDos", {}, account=B))
    n("root-mfa-control", "one control in two accounts", "root-mfa/control", control("IAM.9", ACCOUNT, account_id(B), account=B))
    n("password", "the password policies of two accounts", "password-policy/check", control("IAM.7", ACCOUNT, account_id(B), account=B))
    n("user", "users of one name in two accounts", "user-mfa/control", control("IAM.5", USER, user("bob", B), account=B))
    n("key-owner", "users of one name in two accounts", "key-rotation-user/control", control("IAM.3", USER, user("bob", B), account=B))
    n("role", "roles of one name in two accounts", "aau-role-twice/own",
      make_unused("UnusedIAMRole", role("forgotten-role", B), {"lastAccessed": "2025-01-02T03:04:05Z"}, owner=B, by=analyzer("whole-org-unused", TOOLING)))
    n("role-trust", "one analyzer of the organization, roles of one name", "aax-role-org/organization",
      access(role("build-worker", B), "AWS::IAM::Role", {"AWS": role("ci", B)}, ["sts:AssumeRole"], owner=B, by=analyzer("whole-org", TOOLING)))
    n("bpa", "the public access blocks of two accounts", "s3-account-bpa/control", control("S3.1", ACCOUNT, account_id(B), account=B))
    n("database", "databases of one name in two accounts", "rds-public/control", control("RDS.2", "AwsRdsDbInstance", arn("rds", "db:orders-1", account=B), account=B))
    n("function", "functions of one name in two accounts", "lambda-public/control", control("Lambda.1", "AwsLambdaFunction", arn("lambda", "function:public-hook", account=B), account=B))
    n("topic", "topics of one name in two accounts", "sns-public/access", control("SNS.4", "AwsSnsTopic", arn("sns", "open-topic", account=B), account=B))
    n("trail-off", "two accounts without a trail", "trail-off/check", control("CloudTrail.1", ACCOUNT, account_id(B), account=B))
    n("guardduty", "one id of a finding in two accounts", "gd-ssh/native",
      guardduty("UnauthorizedAccess:EC2/SSHBruteForce", of_instance("i-0a11b22c33d44e55f"), account=B, id=digest("gd", "UnauthorizedAccess:EC2/SSHBruteForce", str(of_instance("i-0a11b22c33d44e55f")), "")))
    n("health", "one event, two accounts", "hlt-exposed/event", health_event("RISK", "AWS_RISK_CREDENTIALS_EXPOSED", "0a0b0c", account=B))
    n("policy-v2", "two accounts in one feed of V2", "root-mfa/v2", ocsf(control("IAM.9", ACCOUNT, account_id(C), account=C)))
    n("config", "one managed rule in two accounts", "cfg-versioning/native", config("s3-bucket-versioning-enabled", "AWS::S3::Bucket", "old-logs-b", account=B))
    n("inspector", "one hash in the ARNs of two accounts", "insp-port/native", of_account(reachability(instance("i-0bb11cc22dd33ee44"), 22, 22), B))
    n("managed-policy", "policies of one name in two accounts", "admin-star/control", control("IAM.1", "AwsIamPolicy", policy("do-everything", B), account=B))


def other_region(near):
    n = lambda slug, why, left, right: near(f"region-{slug}", "other Region", why, left, right)
    root = (ACCOUNT, account_id())
    n("ebs-default", "a setting of each Region", "ebs-default/control", control("EC2.7", *root, region=FRANKFURT))
    n("ebs-default-config", "a setting of each Region", "ebs-default/mirror", config("ec2-ebs-encryption-by-default", "AWS::::Account", A, region=FRANKFURT))
    n("trail-off", "trails are missing in each Region on its own", "trail-off/control", control("CloudTrail.1", *root, region=FRANKFURT))
    n("trail-off-row", "a row for each Region", "trail-off/check", row("c25hn9x03v", {"Logging Enabled": "No"}, region=FRANKFURT))
    n("snapshots", "public snapshots are of a Region", "ebs-account/control", control("EC2.1", *root, region=FRANKFURT))
    n("guardduty-off", "a detector for each Region", "guardduty-off/control", control("GuardDuty.1", *root, region=FRANKFURT))
    n("analyzer", "external analyzers are of a Region", "analyzer-missing/control", control("IAM.28", *root, region=FRANKFURT))
    n("analyzer-row", "external analyzers are of a Region", "analyzer-missing/control", row("07602fcad6", {}, region=FRANKFURT))
    n("config", "recorders are of a Region", "shape-account/shape-1", control("Config.1", *root, region=FRANKFURT))
    n("database", "databases of one name", "rds-clear/control", control("RDS.3", "AwsRdsDbInstance", arn("rds", "db:orders-1", FRANKFURT), FRANKFURT))
    n("function", "functions of one name", "lambda-runtime/row", control("Lambda.2", "AwsLambdaFunction", arn("lambda", "function:ancient", FRANKFURT), FRANKFURT))
    n("topic", "topics of one name", "sns-public/access", control("SNS.4", "AwsSnsTopic", arn("sns", "open-topic", FRANKFURT), FRANKFURT))
    n("queue", "queues of one name", "sqs-public/access", control("SQS.3", "AwsSqsQueue", arn("sqs", "open-queue", FRANKFURT), FRANKFURT))
    n("cluster", "clusters of one name", "eks-public/control", control("EKS.1", "AwsEksCluster", arn("eks", "cluster/shop", FRANKFURT), FRANKFURT))
    n("trail", "trails of one name", "trail-kms/control", control("CloudTrail.2", "AwsCloudTrailTrail", arn("cloudtrail", "trail/audit", FRANKFURT), FRANKFURT))
    n("snapshot", "snapshots of one name", "rds-snapshot/row", row("rSs93HQwa1", {"DB Instance or Cluster ID": "orders", "Snapshot ID": "orders-before-migration"}, region=FRANKFURT))
    n("balancer", "balancers of one name", "elb-listener/row", row("a2sEc6ILx", {"Load Balancer Name": "old-front", "Reason": "No listener that uses a secure protocol"}, region=FRANKFURT))
    n("key", "copies of a key in two Regions have policies of their own", "kms-public/access",
      access(arn("kms", "key/34343434-aaaa-4bbb-8ccc-dddddddddddd", FRANKFURT), "AWS::KMS::Key", PUBLIC, ["kms:Decrypt"], public=True, by=analyzer("outside-access", A, FRANKFURT)))
    n("partner", "a product's own id, used again in another Region for another resource",
      custom("scanner", "open-port-check/1", GROUP, group("sg-0f0f0f0f2")), custom("scanner", "open-port-check/1", GROUP, group("sg-0f0f0f0f3", FRANKFURT), FRANKFURT))
    n("guardduty", "findings of one type in two Regions", "gd-key/native", guardduty("Persistence:IAMUser/AnomalousBehavior", of_key("ASIAMADEUPKEYAAAAA11", "deploy-bot"), region=FRANKFURT, seed="there"))
    n("macie", "one id in two Regions", "mac-encryption/native", macie("Policy:IAMUser/S3BucketEncryptionDisabled", "plain-text-drop-2", score=1, region=FRANKFURT,
      id=digest("macie", "Policy:IAMUser/S3BucketEncryptionDisabled", "plain-text-drop", "None", "")))
    n("partition", "buckets of one name in two partitions", "s3-bucket-bpa/control", control("S3.8", BUCKET, "arn:aws-cn:s3:::no-blocks", "cn-north-1"))
    n("govcloud", "roots of two partitions", "root-mfa/control", control("IAM.9", ACCOUNT, account_id(), "us-gov-west-1"))
    n("password-gov", "instances of one id in two partitions", control("EC2.8", "AwsEc2Instance", instance("i-0cc11dd22ee33ff44", "us-gov-west-1"), "us-gov-west-1"), "ec2-imds/control")


def names_alike(near):
    n = lambda slug, why, left, right: near(f"name-{slug}", "names alike", why, left, right)
    s3 = lambda name: control("S3.11", BUCKET, bucket(name), severity="MEDIUM")
    n("suffix", "a bucket and the one for its logs", s3("orders"), s3("orders-logs"))
    n("dot", "a dot and a hyphen", s3("orders.eu"), s3("orders-eu"))
    n("prefix", "one name begins with the other", "name-suffix/left", s3("orders2"))
    n("object", "a bucket and a folder of it", "name-suffix/left", s3("orders/archive"))
    iam = lambda name: control("IAM.2", USER, user(name), severity="LOW")
    n("user-mail", "two mail addresses", iam("dora@one.example"), iam("dora@two.example"))
    n("user-role", "a user and a role of one name", control("IAM.27", USER, user("deploy")), control("IAM.27", "AwsIamRole", role("deploy")))
    n("role-path-account", "roles with one last segment in two accounts", control("IAM.24", "AwsIamRole", role("team/worker")), control("IAM.24", "AwsIamRole", role("worker", B), account=B))
    n("function-version", "a function and another whose name begins so", "lambda-public/control", control("Lambda.1", "AwsLambdaFunction", arn("lambda", "function:public-hook-LATEST")))
    n("domain", "two domains of one prefix", "search-public/control", control("Opensearch.2", "AwsOpenSearchServiceDomain", arn("es", "domain/search-2")))
    n("instance-digit", "one digit", "ec2-imds/control", control("EC2.8", "AwsEc2Instance", instance("i-0cc11dd22ee33ff45")))
    n("secret", "secrets that were made twice under one name", "aax-secret/native",
      access(arn("secretsmanager", "secret:db/password-GhIjKl"), "AWS::SecretsManager::Secret", {"AWS": B}, ["secretsmanager:GetSecretValue"]))
    n("stage", "databases of one product in two stages", "rds-public/control", control("RDS.2", "AwsRdsDbInstance", arn("rds", "db:orders-1-dev")))
    n("log-group", "log groups with a wildcard and without", row("c18d2gz186", {"Resource": arn("logs", "log-group:/app/web"), "AWS Config Rule": "cw-loggroup-retention-period-check"}),
      row("c18d2gz186", {"Resource": arn("logs", "log-group:/app/web-2"), "AWS Config Rule": "cw-loggroup-retention-period-check"}))


def kinds_alike(near):
    n = lambda slug, why, left, right: near(f"kind-{slug}", "kinds alike", why, left, right)
    n("snapshot-volume", "a snapshot and its volume", "ebs-snapshot/row", control("EC2.3", "AwsEc2Volume", arn("ec2", "volume/vol-0b0b0b0b0b0b0b0b1")))
    n("cluster-instance", "a cluster and an instance of one name", control("RDS.27", "AwsRdsDbCluster", arn("rds", "cluster:same")), control("RDS.3", "AwsRdsDbInstance", arn("rds", "db:same")))
    n("cluster-instance-deletion", "one control on a cluster and an instance of one name", control("RDS.9", "AwsRdsDbCluster", arn("rds", "cluster:same")), control("RDS.9", "AwsRdsDbInstance", arn("rds", "db:same")))
    n("instance-snapshot", "a database and a snapshot of one name", control("RDS.3", "AwsRdsDbInstance", arn("rds", "db:nightly")), control("RDS.4", "AwsRdsDbSnapshot", arn("rds", "snapshot:nightly")))
    n("snapshots", "snapshots of an instance and of a cluster, of one name", control("RDS.1", "AwsRdsDbSnapshot", arn("rds", "snapshot:nightly")), control("RDS.1", "AwsRdsDbClusterSnapshot", arn("rds", "cluster-snapshot:nightly")))
    n("balancers", "an application and a classic balancer of one name", control("ELB.4", "AwsElbv2LoadBalancer", arn("elasticloadbalancing", "loadbalancer/app/old-front/50dc6c495c0c9188")),
      control("ELB.4", "AwsElbLoadBalancer", arn("elasticloadbalancing", "loadbalancer/old-front")))
    n("topic-queue", "a topic and a queue of one name", access(arn("sns", "jobs"), "AWS::SNS::Topic", PUBLIC, ["sns:Publish"], public=True), access(arn("sqs", "jobs"), "AWS::SQS::Queue", PUBLIC, ["sqs:SendMessage"], public=True))
    n("ecs-eks", "clusters of two services", control("ECS.12", "AwsEcsCluster", arn("ecs", "cluster/shop")), control("EKS.2", "AwsEksCluster", arn("eks", "cluster/shop")))
    n("group-instance", "a group and the instance in it", "sg-ssh/control", control("EC2.9", "AwsEc2Instance", instance("i-0cc11dd22ee33ff77")))
    n("group-vpc", "a VPC and its default group", "sg-default/control", control("EC2.6", "AwsEc2Vpc", arn("ec2", "vpc/vpc-0aa00bb00cc00dd03")))
    n("bucket-object", "a public bucket and personal data in it", "s3-public-read/control", macie("SensitiveData:S3Object/Personal", "press-kit", key="people.csv"))
    n("bucket-point", "a bucket and an access point of that name", "aax-bucket/native", access(arn("s3", "accesspoint/partner-drop"), "AWS::S3::AccessPoint", {"AWS": B}, READS))
    n("function-layer", "a function and a layer of one name", control("Lambda.1", "AwsLambdaFunction", arn("lambda", "function:common")),
      access(arn("lambda", "layer:common:3"), "AWS::Lambda::LayerVersion", PUBLIC, ["lambda:GetLayerVersion"], public=True))
    n("acl-group", "a network ACL and a group, both open on port 22", "sg-ssh/control", control("EC2.21", "AwsEc2NetworkAcl", arn("ec2", "network-acl/acl-0aa00bb00cc00dd01")))
    n("root-user", "root and a user named root", "root-mfa/control", control("IAM.5", USER, user("root")))
    n("distribution-bucket", "a distribution and its bucket", "shc-global-cloudfront/virginia", control("S3.8", BUCKET, bucket("e1madeupaaaaaa")))
    n("image", "an image and its repository", "insp-image/native", control("ECR.1", "AwsEcrRepository", arn("ecr", "repository/web")))


def neighbours_on_a_bucket(near):
    n = lambda slug, why, left, right: near(f"bucket-{slug}", "other weakness of the resource", why, left, right)
    name, b = "manifold", bucket("manifold")
    ids = {}
    for number in (2, 3, 4, 5, 6, 8, 9):
        ids[number] = control(f"S3.{number}", BUCKET, b)
    n("read-write", "reading and writing", ids[2], ids[3])
    n("sse-tls", "at rest and in transit", ids[4], ids[5])
    n("cross-bpa", "shared with an account, and its block is off", ids[6], ids[8])
    n("log", "not logged, not encrypted", ids[9], "bucket-sse-tls/left")
    n("read-bpa", "public, and its block is off", "bucket-read-write/left", "bucket-cross-bpa/right")
    n("read-cross", "public, and shared with one account", "bucket-read-write/left", "bucket-cross-bpa/left")
    n("bpa-account", "the bucket's block and the account's", "bucket-cross-bpa/right", "s3-account-bpa/control")
    n("row-read", "Trusted Advisor says that all can list; the control is about writing", permissions(name, listing="Yes"), "bucket-read-write/right")
    n("row-write", "Trusted Advisor says that all can write; the control is about reading", permissions(name, upload="Yes"), "bucket-read-write/left")
    n("row-both", "the two meanings of a red row", "bucket-row-read/left", "bucket-row-write/left")
    n("row-bpa", "a yellow row is about the block only", permissions(name, status="warning"), "bucket-read-write/left")
    n("row-bpa-write", "a yellow row is about the block only", "bucket-row-bpa/left", "bucket-read-write/right")
    n("row-colours", "a red and a yellow row", "bucket-row-read/left", "bucket-row-bpa/left")
    n("row-colours-write", "a red row about writing and a yellow one", "bucket-row-write/left", "bucket-row-bpa/left")
    n("row-red-bpa", "a public bucket says nothing of its block", "bucket-row-read/left", "bucket-cross-bpa/right")
    n("row-error", "a red row without a Yes could not be evaluated", permissions(name), "bucket-read-write/left")
    n("row-error-write", "a red row without a Yes could not be evaluated", "bucket-row-error/left", "bucket-read-write/right")
    n("row-error-bpa", "a red row without a Yes could not be evaluated", "bucket-row-error/left", "bucket-cross-bpa/right")
    n("row-error-yellow", "could not be evaluated, and has no full block", "bucket-row-error/left", "bucket-row-bpa/left")
    n("row-error-red", "could not be evaluated, and is public", "bucket-row-error/left", "bucket-row-read/left")
    n("row-error-macie", "could not be evaluated, and Macie says public", "bucket-row-error/left", macie("Policy:IAMUser/S3BucketPublic", name, permission="PUBLIC", read=True))
    n("row-error-access", "could not be evaluated, and an access is public", "bucket-row-error/left", access(b, "AWS::S3::Bucket", PUBLIC, READS, public=True))
    n("row-account", "the bucket has no block; the account's is another setting", "bucket-row-bpa/left", "s3-account-bpa/mirror")
    n("macie-sse", "public and not encrypted", "bucket-row-error-macie/right", macie("Policy:IAMUser/S3BucketEncryptionDisabled", name, score=1))
    n("macie-bpa", "public and without a block", "bucket-row-error-macie/right", macie("Policy:IAMUser/S3BlockPublicAccessDisabled", name))
    n("macie-shared", "public and shared", "bucket-row-error-macie/right", macie("Policy:IAMUser/S3BucketSharedExternally", name))
    n("macie-read", "Macie says that all can read, not that all can write", "bucket-row-error-macie/right", "bucket-read-write/right")
    n("macie-write", "Macie says that all can write, not that all can read", macie("Policy:IAMUser/S3BucketPublic", name, permission="PUBLIC", write=True, seed="w"), "bucket-read-write/left")
    n("macie-replicated", "replicated to another account, and shared by its policy", macie("Policy:IAMUser/S3BucketReplicatedExternally", name), "bucket-macie-shared/right")
    n("macie-replicated-control", "replicated to another account; the control reads the policy", "bucket-macie-replicated/left", "bucket-cross-bpa/left")
    n("macie-cdn", "given to a distribution, and to an account", macie("Policy:IAMUser/S3BucketSharedWithCloudFront", name, score=2), "bucket-macie-shared/right")
    n("macie-cdn-control", "given to a distribution; the control is about accounts", "bucket-macie-cdn/left", "bucket-cross-bpa/left")
    n("access-read", "the access is to read, the control is about writing", "bucket-row-error-access/right", "bucket-read-write/right")
    n("access-write", "the access is to write, the control is about reading", access(b, "AWS::S3::Bucket", PUBLIC, WRITES, public=True), "bucket-read-write/left")
    n("access-one", "one account's access is not public", access(b, "AWS::S3::Bucket", {"AWS": B}, READS), "bucket-read-write/left")
    n("access-public-cross", "public, and one account's", "bucket-row-error-access/right", "bucket-access-one/left")
    n("access-copies", "the copies of a public access and of one account's, by two analyzers", access_copy(access(b, "AWS::S3::Bucket", PUBLIC, READS, public=True)),
      access_copy(access(b, "AWS::S3::Bucket", {"AWS": B}, READS, by=analyzer("second"))))
    n("access-part", "the control is about the whole policy, the access about one principal", "bucket-access-one/left", "bucket-cross-bpa/left")
    n("access-error", "the analyzer may not look at the bucket", access(b, "AWS::S3::Bucket", PUBLIC, [], error="ACCESS_DENIED"), "bucket-read-write/left")
    n("access-error-access", "the analyzer may not look, and another found an access", "bucket-access-error/left", "bucket-row-error-access/right")
    n("access-error-row", "neither could look; the reasons are two", "bucket-access-error/left", "bucket-row-error/left")
    n("config-read", "rules for reading and for writing", config("s3-bucket-public-read-prohibited", "AWS::S3::Bucket", name), config("s3-bucket-public-write-prohibited", "AWS::S3::Bucket", name))
    n("config-bpa", "the rule of the bucket and that of the account", config("s3-bucket-level-public-access-prohibited", "AWS::S3::Bucket", name), "s3-account-bpa/config")
    n("config-versions", "no versions, no TLS", config("s3-bucket-versioning-enabled", "AWS::S3::Bucket", name), "bucket-sse-tls/right")
    n("trail", "the trail's bucket is public: a finding about the trail's logs, one about the bucket", "trail-bucket/control", control("S3.8", BUCKET, bucket("audit-trail-logs")))
    n("mirrors", "mirrors of two controls", mirror("171", "S3.2", b), mirror("172", "S3.3", b))


def neighbours(near):
    n = lambda slug, why, left, right: near(f"beside-{slug}", "other weakness of the resource", why, left, right)
    root = (ACCOUNT, account_id())
    n("mfa", "any MFA and a hardware one", "root-mfa/control", "root-hardware/control")
    n("mfa-cis", "1.13 and 1.14 of CIS 1.2.0", "root-mfa/cis12", "root-hardware/cis12")
    n("mfa-check", "the check asks for any MFA, the mirror for a hardware one", "root-mfa/check", "root-hardware/mirror")
    n("mfa-config", "two rules about root", "root-mfa/config", "root-hardware/config")
    n("mfa-v2", "two controls about root in V2", "root-mfa/v2", ocsf(control("IAM.6", *root)))
    n("root-checks", "no MFA, and an access key", "root-mfa/check", "root-key/check")
    n("root-key", "no MFA, and an access key", "root-mfa/control", "root-key/control")
    n("password", "the password policy and root's MFA", "password-policy/check", "root-mfa/check")
    n("support", "the password policy and the support role", "password-policy/control", "shc-global-account/ireland")
    n("ssh-rdp", "ports 22 and 3389", "sg-ssh/control", "sg-rdp/control")
    n("ssh-rdp-rows", "ports 22 and 3389 of one group", "sg-ssh/row", "sg-rdp/row")
    n("ssh-row-rdp", "the row is about port 22, the control about 3389", "sg-ssh/row", "sg-rdp/control")
    n("rdp-row-ssh", "the row is about port 3389, the control about 22", "sg-rdp/unrestricted", "sg-ssh/control")
    n("ssh-high", "port 22, and any port of high risk", "sg-ssh/control", control("EC2.19", GROUP, group("sg-0aa00bb00cc00dd01")))
    n("any-high", "any unauthorized port, and ports of high risk", "sg-any/control", "sg-high-risk/control")
    n("default-ssh", "the default group lets traffic in, on port 22 as well", "sg-default/control", control("EC2.13", GROUP, group("sg-0aa00bb00cc00dd03")))
    n("imds-ip", "metadata and a public address", "ec2-imds/control", "ec2-ip/control")
    n("rds", "public and not encrypted", "rds-public/control", "rds-clear/control")
    n("rds-version", "not encrypted, and an old version", "rds-clear/row", row("c1qf5bt003", {"Resource": arn("rds", "db:orders-1"), "Engine Name": "postgres"}))
    n("trail", "not encrypted, and not validated", "trail-kms/control", "trail-validation/control")
    n("trail-watch", "no key, and no log group", "trail-kms/control", "shc-tower/fsbp")
    n("trail-off", "no trail, and no key for one", "trail-off/control", control("CloudTrail.2", *root))
    n("ebs", "a volume that is not encrypted, and no encryption by default", "ebs-clear/control", "ebs-default/control")
    n("admin", "everything, and a whole service", "admin-star/control", "service-star/control")
    n("user", "no MFA, and old keys", "user-mfa/control", "key-rotation-user/control")
    n("user-unused", "old keys, and unused ones", "key-rotation-user/control", "unused-credentials/control")
    n("user-mfa-unused", "no MFA, and unused credentials", "user-mfa/every", "unused-credentials/shorter")
    n("lambda", "public, and an old runtime", control("Lambda.1", "AwsLambdaFunction", arn("lambda", "function:ancient")), "lambda-runtime/control")
    n("elb", "no TLS, and a weak policy", "elb-listener/control", control("ELB.8", "AwsElbLoadBalancer", arn("elasticloadbalancing", "loadbalancer/old-front")))
    n("kms", "public, and not rotated", "kms-public/control", control("KMS.4", "AwsKmsKey", arn("kms", "key/34343434-aaaa-4bbb-8ccc-dddddddddddd")))
    n("sns", "public, and not encrypted", "sns-public/control", control("SNS.1", "AwsSnsTopic", arn("sns", "open-topic")))
    n("sqs", "public, and not encrypted", "sqs-public/control", control("SQS.1", "AwsSqsQueue", arn("sqs", "open-queue")))
    n("redshift", "public, and not encrypted", "redshift-public/control", control("Redshift.10", "AwsRedshiftCluster", arn("redshift", "cluster:numbers")))
    n("search", "public, and not encrypted", "search-public/former", control("ES.1", "AwsElasticsearchDomain", arn("es", "domain/search")))
    n("eks", "public, and an old version", "eks-public/control", control("EKS.2", "AwsEksCluster", arn("eks", "cluster/shop")))
    n("detection", "no detector, and no analyzer", "guardduty-off/control", "analyzer-missing/control")
    n("region", "no detector, and no trail", "guardduty-off/config", "trail-off/config")
    n("snapshot", "public, and not encrypted", "rds-snapshot/control", control("RDS.4", "AwsRdsDbSnapshot", arn("rds", "snapshot:orders-before-migration")))
    n("function-rules", "two rules about one function", "lambda-public/config", config("lambda-inside-vpc", "AWS::Lambda::Function", "public-hook"))
    n("analyzer-access", "no analyzer, and an access that one found", "analyzer-missing/check", "aax-bucket/native")
    n("analyzer-access-control", "no analyzer, and an access that one found", "analyzer-missing/control", "aax-role/native")
    n("analyzer-unused", "no external analyzer, and an unused role", "analyzer-missing/check", "aau-role/native")


def numbers_of_standards(near):
    """Standards number their rules in their own ways."""
    n = lambda slug, why, left, right: near(f"number-{slug}", "numbers of standards", why, left, right)
    root = (ACCOUNT, account_id())
    person, domain, logs = (USER, user("numbered")), ("AwsElasticsearchDomain", arn("es", "domain/numbered")), (BUCKET, bucket("numbered"))
    trail, statement = ("AwsCloudTrailTrail", arn("cloudtrail", "trail/numbered")), ("AwsIamPolicy", policy("numbered"))
    function, box = ("AwsLambdaFunction", arn("lambda", "function:numbered")), ("AwsEc2Instance", instance("i-0ee11ff22aa33bb44"))
    sg, key = (GROUP, group("sg-0aa00bb00cc00dd44")), ("AwsKmsKey", arn("kms", "key/numbered"))
    for number, earlier, later in (("1.4", person, root), ("1.5", root, root), ("1.6", root, root), ("1.7", root, root), ("1.10", root, person), ("1.14", root, person),
                                   ("1.16", person, statement), ("3.1", root, root), ("3.7", root, root), ("4.3", sg, root)):
        n(f"cis-{number}", f"{number} of CIS 1.2.0 and of CIS 1.4.0 are two controls", of_standard("cis12", number, *earlier, region=VIRGINIA),
          of_standard("cis14", number, *later, region=VIRGINIA))
    n("cis-3-6", "3.6 of CIS 1.4.0 is about a bucket's log, 3.6 of CIS 3.0.0 about a key", of_standard("cis14", "3.6", *logs), of_standard("cis3", "3.6", *key, "KMS.4"))
    for rule, plain, earlier, later in (
            ("PCI.S3.1", "S3.1", logs, root), ("PCI.S3.3", "S3.3", logs, logs), ("PCI.S3.6", "S3.6", root, logs), ("PCI.IAM.1", "IAM.1", root, statement),
            ("PCI.IAM.3", "IAM.3", statement, person), ("PCI.IAM.4", "IAM.4", root, root), ("PCI.IAM.5", "IAM.5", root, person), ("PCI.IAM.6", "IAM.6", person, root),
            ("PCI.CloudTrail.1", "CloudTrail.1", root, root), ("PCI.CloudTrail.2", "CloudTrail.2", root, root), ("PCI.CloudTrail.4", "CloudTrail.4", trail, trail),
            ("PCI.Lambda.2", "Lambda.2", function, function), ("PCI.SSM.1", "SSM.1", box, box), ("PCI.SSM.2", "SSM.2", box, box),
            ("PCI.KMS.1", "KMS.1", key, statement), ("PCI.ES.1", "ES.1", domain, domain), ("PCI.ES.2", "ES.2", domain, domain)):
        n(rule.lower().replace(".", "-"), f"{rule} is not {plain}", of_standard("pci", rule, *earlier), of_standard("fsbp", plain, *later))
    n("cis-2-2-2-4", "two rules of CIS 1.2.0 on one trail", "trail-validation/cis12", "shc-tower/cis12")
    n("cis-4-1-4-2", "two rules of CIS 1.2.0 on one group", "sg-ssh/cis12", "sg-rdp/cis12")
    n("tens", "S3.1 and S3.11 of one standard", "number-pci-s3-1/right", of_standard("fsbp", "S3.11", *logs))
    n("ec2", "EC2.1 and EC2.10", "ebs-account/control", "shape-vpc/shape-1")
    n("mirrors", "checks 142 and 144 repeat two controls about accounts and users", "root-hardware/mirror", mirror("144", "IAM.8", account_id()))


def threats(near):
    """What GuardDuty saw, and the weakness that let it happen: linked, never one."""
    n = lambda slug, why, left, right: near(f"threat-{slug}", "threat and weakness", why, left, right)
    b = "press-kit"
    n("anonymous", "somebody opened the bucket; the bucket is open", guardduty("Policy:S3/BucketAnonymousAccessGranted", of_bucket(b), severity=8), "s3-public-read/control")
    n("anonymous-access", "somebody opened the bucket; an access is public", "threat-anonymous/left", "s3-public-read/access")
    n("granted", "somebody opened the bucket; a row says so", guardduty("Policy:S3/BucketPublicAccessGranted", of_bucket(b), severity=8), "s3-public-read/listed")
    n("granted-macie", "GuardDuty and Macie on one bucket", "threat-granted/left", "s3-public-read/macie")
    n("granted-write", "GuardDuty does not say that all can write", guardduty("Policy:S3/BucketPublicAccessGranted", of_bucket("upload-here"), severity=8), "s3-public-write/control")
    n("bpa", "somebody switched the block off; it is off", guardduty("Policy:S3/BucketBlockPublicAccessDisabled", of_bucket("no-blocks"), severity=2), "s3-bucket-bpa/control")
    n("account-bpa", "somebody switched the block off; it is off", guardduty("Policy:S3/AccountBlockPublicAccessDisabled", of_key(KEY_1, "bob"), severity=2), "s3-account-bpa/control")
    n("log", "somebody switched logging off; it is off", guardduty("Stealth:S3/ServerAccessLoggingDisabled", of_bucket("old-logs"), severity=2), control("S3.9", BUCKET, bucket("old-logs")))
    i = of_instance("i-0cc11dd22ee33ff44")
    n("ssh", "passwords are guessed; the port is open", "gd-ssh/native", "sg-ssh/control")
    n("rdp", "passwords are guessed; the port is open", guardduty("UnauthorizedAccess:EC2/RDPBruteForce", i), "sg-rdp/row")
    n("probe", "ports are probed; they are open", guardduty("Recon:EC2/PortProbeUnprotectedPort", i, severity=2), "sg-high-risk/control")
    n("probe-net", "ports are probed; the network lets them be reached", "threat-probe/left", reachability(instance("i-0cc11dd22ee33ff44"), 22, 22))
    n("imds", "metadata were asked from outside; IMDSv1 is on", guardduty("UnauthorizedAccess:EC2/MetadataDNSRebind", i, severity=8), "ec2-imds/control")
    n("public-ip", "the instance calls out; it has an address", guardduty("Backdoor:EC2/C&CActivity.B", i, severity=8), "ec2-ip/control")
    n("root", "root was used; its use raises no alarm", "gd-global/native", "root-used/control")
    n("root-mfa", "root was used; it has no MFA", "gd-global/copy", "root-mfa/control")
    n("password", "somebody changed the policy; the policy is weak", guardduty("Stealth:IAMUser/PasswordPolicyChange", of_key(KEY_1, "bob"), severity=2), "password-policy/control")
    n("trail", "somebody switched the trail off; there is none", guardduty("Stealth:IAMUser/CloudTrailLoggingDisabled", of_key(KEY_1, "bob"), severity=2), "trail-off/control")
    n("key", "a key is misused; it is old", guardduty("UnauthorizedAccess:IAMUser/MaliciousIPCaller", of_key(KEY_2, "bob")), "key-rotation-key/row")
    n("key-exposed", "a key is misused; it is public", "threat-key/left", "key-exposed/row")
    n("key-user", "a key is misused; its user has no MFA", "threat-key/left", "user-mfa/control")
    n("rds", "an odd login; the database is public", guardduty("CredentialAccess:RDS/MaliciousIPCaller.SuccessfulLogin", {"resourceType": "RDSDBInstance",
      "rdsDbInstanceDetails": {"dbInstanceIdentifier": "orders-1", "dbInstanceArn": arn("rds", "db:orders-1"), "engine": "Aurora MySQL"}}, severity=8), "rds-public/control")
    n("eks", "an anonymous call; the endpoint is public", guardduty("Discovery:Kubernetes/SuccessfulAnonymousAccess", {"resourceType": "EKSCluster",
      "eksClusterDetails": {"name": "shop", "arn": arn("eks", "cluster/shop")}, "kubernetesDetails": {"kubernetesUserDetails": {"username": "system:anonymous"}}}), "eks-public/control")
    n("lambda", "a function mines coins; all may call it", guardduty("CryptoCurrency:Lambda/BitcoinTool.B", {"resourceType": "Lambda", "lambdaDetails": {
      "functionName": "public-hook", "functionArn": arn("lambda", "function:public-hook"), "functionVersion": "$LATEST"}}), "lambda-public/control")
    n("cve", "malware, and a CVE on the instance", guardduty("Execution:EC2/MaliciousFile", of_instance("i-0bb11cc22dd33ee44"), severity=8), "insp-instance/native")
    n("role", "credentials left the instance; the role is unused", guardduty("UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
      of_key("ASIAMADEUPKEYAAAAA13", "forgotten-role", "AssumedRole"), severity=8), "aau-role/native")
    n("health-key", "AWS warns that a key is public; Trusted Advisor lists the key", "hlt-exposed/event", "key-exposed/row")
    n("health-bucket", "AWS warns of open buckets; a bucket is open", health("S3", "AWS_S3_OPEN_ACCESS_BUCKET_NOTIFICATION", "0d", about=bucket(b)), "s3-public-read/control")
    n("health-lambda", "AWS announces the end of a runtime; a function runs on it", health_event("LAMBDA", "AWS_LAMBDA_PLANNED_LIFECYCLE_EVENT", "0e",
      about=arn("lambda", "function:ancient"), category="scheduledChange"), "lambda-runtime/row")


def other_threats(near):
    n = lambda slug, why, left, right: near(f"threats-{slug}", "other threat", why, left, right)
    i = of_instance("i-0a11b22c33d44e55f")
    ssh = "UnauthorizedAccess:EC2/SSHBruteForce"
    again = guardduty(ssh, i, severity=2, seed="a second one")
    where = [resource("AwsEc2Instance", instance("i-0a11b22c33d44e55f"))]
    n("one-type", "two findings of one type on one instance", "gd-ssh/native", again)
    n("one-type-copies", "the copies of two findings of one type", "gd-ssh/copy", guardduty_copy(again, ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"], where))
    n("one-type-event", "a finding and the event of another", "gd-ssh/native", event(guardduty(ssh, i, severity=2, seed="a third one")))
    n("one-type-v2", "a finding and another in V2", "gd-ssh/event", ocsf(guardduty_copy(again, ["TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce"], where)))
    n("roles", "the instance attacks, the instance is attacked", "gd-ssh/native", guardduty(ssh, i, seed="as actor", role_of_resource="ACTOR"))
    n("two-types", "two types on one instance", "gd-ssh/native", guardduty("UnauthorizedAccess:EC2/TorClient", i, severity=8))
    n("dns", "two variants of a type", "gd-aggregated/native", guardduty("Trojan:EC2/DropPoint!DNS", i))
    n("sequence", "a sequence and one of its signals", "gd-sequence/native", "gd-key/native")
    n("sequences", "two sequences about one user", "gd-sequence/native", guardduty("AttackSequence:IAM/CompromisedCredentials", {"resourceType": "AttackSequence"}, seed="later", severity=9.1,
      detection={"sequence": {"uid": digest("sequence", 2), "description": "Made up.", "signals": [], "actors": [],
                              "resources": [{"uid": user("deploy-bot"), "name": "deploy-bot", "accountId": A, "resourceType": "IAM_USER", "region": IRELAND}]}}))
    n("two-keys", "two keys of one user", "gd-key/native", guardduty("Persistence:IAMUser/AnomalousBehavior", of_key("ASIAMADEUPKEYAAAAA14", "deploy-bot")))
    n("second-resource", "a threat is not split by its resources: its key has threats of its own", "gd-bucket/copy", "gd-key/copy")
    n("workloads", "two pods of one cluster", "gd-eks/native", guardduty("PrivilegeEscalation:Kubernetes/PrivilegedContainer", {
      "resourceType": "EKSCluster", "eksClusterDetails": {"name": "shop", "arn": arn("eks", "cluster/shop")},
      "kubernetesDetails": {"kubernetesUserDetails": {"username": "builder"}, "kubernetesWorkloadDetails": {"name": "till", "type": "pods", "namespace": "web"}}}))
    n("health", "two events of one type", "hlt-exposed/event", health_event("RISK", "AWS_RISK_CREDENTIALS_EXPOSED", "0f0f0f"))
    n("guardduty-macie", "ids of two products that happen to be equal", guardduty("Discovery:S3/AnomalousBehavior", of_bucket("twin-id"), id=digest("macie", "SensitiveData:S3Object/Financial", "twin-id", "cards.csv", "")),
      macie("SensitiveData:S3Object/Financial", "twin-id", key="cards.csv"))


def rows(near):
    n = lambda slug, why, left, right: near(f"row-{slug}", "other row", why, left, right)
    sg = "sg-0aa00bb00cc00dd05"
    n("ports", "two ports of one group", port(sg, "1433"), port(sg, "5432"))
    n("ports-open", "two ports of one group", open_to_all(sg, "8080"), open_to_all(sg, "9200"))
    n("ports-checks", "two ports of one group, by two checks", "row-ports/left", "row-ports-open/left")
    n("protocol", "TCP and UDP", port(sg, "3389"), port(sg, "3389", "udp"))
    n("range", "a range, and one port of it", port(sg, "20-21"), port(sg, "21"))
    n("range-ssh", "a range that holds port 22, and port 22", port("sg-0aa00bb00cc00dd01", "0-65535"), "sg-ssh/row")
    key = lambda key, who="bob": {"IAM User": who, "Access Key": key, "Key Last Rotated": "2024-01-01T00:00:00Z", "Reason": "Older than two years"}
    n("keys", "two keys of one user", "key-rotation-key/row", row("DqdJqYeRm5", key("AKIAMADEUPKEYAAAAA03")))
    n("keys-exposed", "a key is old; it is public", "key-rotation-key/row", "key-exposed/row")
    n("keys-exposed-two", "two public keys of one user", "key-exposed/row", row("12Fnkpl8Y5", {"Access Key ID": "AKIAMADEUPKEYAAAAA03", "User Name (IAM or Root)": "bob", "Fraud Type": "Exposed"}))
    lb = lambda **cells: row("a2sEc6ILx", {"Load Balancer Name": "old-front", **{k.replace("_", " "): v for k, v in cells.items()}}, "warning")
    weak = "Outdated predefined policy"
    n("listeners", "two listeners of one balancer", lb(Load_Balancer_Port="443", Reason=weak), lb(Load_Balancer_Port="8443", Reason=weak))
    n("listener-tls", "a weak policy of a listener; the control wants any TLS", "row-listeners/left", "elb-listener/control")
    n("listener-group", "its listeners and its groups", "elb-listener/row", row("xSqX82fQu", {"Load Balancer Name": "old-front", "Security Group IDs": "sg-1", "Reason": "Group is missing"}))
    n("support", "the ends of two products on one instance", row("Qsdfp3A4L3", {"Instance ID": "i-0cc11dd22ee33ff44", "SQL Server Version": "2012"}),
      row("Qsdfp3A4L4", {"Instance ID": "i-0cc11dd22ee33ff44", "Windows Server Version": "2012"}))
    n("certificates", "two checks about one distribution", row("N425c450f2", {"Distribution ID": "E1MADEUPAAAAAA", "Certificate Name": "old"}), row("N430c450f2", {"Distribution ID": "E1MADEUPAAAAAA", "Origin": "o"}))
    n("certificates-two", "two certificates of one distribution", "row-certificates/left", row("N425c450f2", {"Distribution ID": "E1MADEUPAAAAAA", "Certificate Name": "new"}))
    n("runtime-soon", "the runtime ends soon: nothing is wrong yet", row("L4dfs2Q4C5", {"Function ARN": arn("lambda", "function:ageing"), "Runtime": "python3.10", "Days to Deprecation": "80"}, "warning"),
      control("Lambda.2", "AwsLambdaFunction", arn("lambda", "function:ageing")))
    n("trail-delivery", "the trail logs, but its files do not arrive", row("c25hn9x03v", {"Logging Enabled": "Yes", "Delivery Error Reported": "Yes"}, "warning"), "trail-kms/control")
    n("trail-delivery-off", "the trail logs, but its files do not arrive; there is no trail", "row-trail-delivery/left", "trail-off/control")
    n("rds-classic", "a group of EC2-Classic and a database", row("nNauJisYIT", {"RDS Security Group Name": "orders-1", "Ingress Rule": "0.0.0.0/0", "Reason": "Open"}), "rds-public/control")


def parts_and_wholes(near):
    n = lambda slug, why, left, right: near(f"part-{slug}", "part and whole", why, left, right)
    n("group-port", "the whole group, and its port 3306", "sg-high-risk/control", "sg-rule/specific")
    n("group-port-any", "the whole group, and its port 3306", "sg-any/control", "sg-rule/unrestricted")
    n("group-port-config", "the whole group by a rule, and its port 3306", "sg-high-risk/config", "sg-rule/specific")
    n("group-ssh-any", "the whole group, and its port 22", control("EC2.18", GROUP, group("sg-0aa00bb00cc00dd01")), "sg-ssh/row")
    n("group-range", "port 22, and a range that holds it", "sg-ssh/control", "row-range-ssh/left")
    n("group-range-ftp", "port 22, and ports 20 to 21", control("EC2.13", GROUP, group("sg-0aa00bb00cc00dd05")), "row-range/left")
    n("group-high-ssh", "the whole group, and its port 22", "beside-ssh-high/right", "sg-ssh/row")
    n("group-common", "any of five ports of the rule, and port 3389", "sg-rdp/control",
      config("restricted-common-ports", "AWS::EC2::SecurityGroup", "sg-0aa00bb00cc00dd01", name="common-ports",
             parameters='{"blockedPort1":"20","blockedPort2":"21","blockedPort3":"3389","blockedPort4":"3306","blockedPort5":"4333"}'))
    n("admin-ports", "both ports of administration, and port 22", control("EC2.53", GROUP, group("sg-0aa00bb00cc00dd01")), "sg-ssh/control")
    n("user-key", "the user's keys, and one of them", "key-rotation-user/control", "key-rotation-key/row")
    n("user-key-config", "the user's keys by a rule, and one of them", "key-rotation-user/config-copy", "key-rotation-key/row")
    n("user-key-mirror", "the user's keys by a mirror, and one of them", "key-rotation-user/mirror", "key-rotation-key/before")
    n("user-unused-key", "the user's credentials, and one key", "unused-credentials/control",
      make_unused("UnusedIAMUserAccessKey", user("bob"), {"accessKeyId": KEY_2, "lastAccessed": "2025-01-02T03:04:05Z"}))
    n("user-unused-key-short", "the user's credentials in 45 days, and one key", "unused-credentials/shorter", "part-user-unused-key/right")
    n("user-password", "the user's credentials, and the password", "unused-credentials/control",
      make_unused("UnusedIAMUserPassword", user("bob"), {"lastAccessed": "2025-01-02T03:04:05Z"}))
    n("user-password-short", "the user's credentials in 45 days, and the copy about the password", "unused-credentials/shorter",
      unused_copy(make_unused("UnusedIAMUserPassword", user("bob"), {"lastAccessed": "2025-01-02T03:04:05Z"})))
    n("snapshots", "the account's snapshots, and one of them", "ebs-account/control", "ebs-snapshot/row")
    n("snapshots-access", "the account's snapshots, and one of them", "ebs-account/control", "ebs-snapshot/access")
    n("snapshots-mirror", "the account's snapshots by a mirror, and one of them", "ebs-account/mirror", "ebs-snapshot/row")
    n("snapshots-config", "the account's snapshots by a rule, and one of them", "ebs-account/config", "ebs-snapshot/access-copy")
    n("cross", "all accounts of the policy, and one principal", "s3-cross-account/control", access(bucket("lent-out"), "AWS::S3::Bucket", {"AWS": B}, READS))
    n("cross-copy", "all accounts of the policy, and one principal", "s3-cross-account/mirror", access_copy(access(bucket("lent-out"), "AWS::S3::Bucket", {"AWS": C}, READS)))
    n("packages", "a patch state, and one package", control("SSM.2", "AwsEc2Instance", instance("i-0bb11cc22dd33ee44")), "insp-instance/native")
    n("support", "an end of support, and a CVE", row("Qsdfp3A4L4", {"Instance ID": "i-0bb11cc22dd33ee44", "Windows Server Version": "2012"}), "insp-instance/native")
    n("scan", "images are not scanned, and a CVE in one", "kind-image/right", "insp-image/copy")
    n("reach", "a public address, and a port that can be reached", control("EC2.9", "AwsEc2Instance", instance("i-0bb11cc22dd33ee44")), "insp-port/native")
    n("reach-group", "an open group, and a port of an instance that can be reached", "sg-ssh/control", "insp-port/copy")
    n("cluster", "a cluster, and one of its instances", "rds-cluster-clear/control", control("RDS.3", "AwsRdsDbInstance", arn("rds", "db:ledger-1")))
    n("role-account", "a role for one account, and for a role in it", "aax-role/native", access(role("build-worker"), "AWS::IAM::Role", {"AWS": B}, ["sts:AssumeRole"]))


def accesses(near):
    n = lambda slug, why, left, right: near(f"access-{slug}", "other access", why, left, right)
    b, r = bucket("partner-drop"), role("build-worker")
    n("principal", "two accounts", "aax-bucket/native", access(b, "AWS::S3::Bucket", {"AWS": C}, READS))
    n("principal-copy", "one account's access, and the copy of another's", "aax-bucket/native", access_copy(access(b, "AWS::S3::Bucket", {"AWS": C}, READS)))
    n("principal-event", "one account's access, and the event of another's", "aax-bucket/reissued", event(access(b, "AWS::S3::Bucket", {"AWS": C}, READS)))
    n("principal-role", "two roles of one account", "aax-role/native", access(r, "AWS::IAM::Role", {"AWS": role("cd", B)}, ["sts:AssumeRole"]))
    n("principal-user", "a role and a user of one name", "aax-role/native", access(r, "AWS::IAM::Role", {"AWS": user("ci", B)}, ["sts:AssumeRole"]))
    n("principal-federated", "two providers", "aax-saml/native", access(role("sign-on"), "AWS::IAM::Role", {"Federated": f"arn:aws:iam::{A}:saml-provider/Partner"}, ["sts:AssumeRoleWithSAML"]))
    n("principal-kind", "an account and an identity provider", "aax-role/native", access(r, "AWS::IAM::Role", {"Federated": "token.actions.example.com"}, ["sts:AssumeRoleWithWebIdentity"]))
    n("principal-canonical", "an account, and a canonical user", "aax-bucket/native", access(b, "AWS::S3::Bucket", {"CanonicalUser": digest("owner", C, length=64)}, READS))
    n("public", "one account's, and public", "aax-bucket/native", access(b, "AWS::S3::Bucket", PUBLIC, READS, public=True))
    n("resource", "one principal, two buckets", "aax-bucket/native", access(bucket("partner-drop-2"), "AWS::S3::Bucket", {"AWS": B}, READS))
    n("resource-copy", "the copies of one principal's accesses", "aax-bucket/copy", access_copy(access(bucket("partner-drop-2"), "AWS::S3::Bucket", {"AWS": B}, READS)))
    n("error", "an access, and a resource that cannot be looked at", "aax-bucket/native", access(b, "AWS::S3::Bucket", {"AWS": B}, READS, error="ACCESS_DENIED"))
    n("errors", "resources that cannot be looked at", access(b, "AWS::S3::Bucket", {"AWS": B}, READS, error="ACCESS_DENIED", seed="e1"),
      access(bucket("partner-drop-2"), "AWS::S3::Bucket", {"AWS": B}, READS, error="ACCESS_DENIED", seed="e2"))
    n("kms", "one principal, a key and a secret", "aax-kms/native", "aax-secret/native")
    n("kms-public", "a key for one account; a public key", "aax-kms/native", control("KMS.5", "AwsKmsKey", arn("kms", "key/0f0f0f0f-1111-4222-8333-444444444444")))
    n("lambda-cross", "a function for one account; a public function", access(arn("lambda", "function:public-hook"), "AWS::Lambda::Function", {"AWS": B}, ["lambda:InvokeFunction"]), "lambda-public/control")
    n("queue-cross", "a queue for one account; a public queue", access(arn("sqs", "open-queue"), "AWS::SQS::Queue", {"AWS": B}, ["sqs:SendMessage"]), "sqs-public/control")
    n("topic-cross", "a topic for one account; a public topic", access(arn("sns", "open-topic"), "AWS::SNS::Topic", {"AWS": B}, ["sns:Publish"]), "sns-public/control")
    n("snapshot-cross", "a snapshot for one account; a public snapshot", access(f"arn:aws:ec2:{IRELAND}::snapshot/snap-0a0a0a0a0a0a0a0a1", "AWS::EC2::Snapshot", {"AWS": B}, []), "ebs-snapshot/row")
    n("db-snapshot-cross", "a snapshot for one account; a public snapshot", access(arn("rds", "snapshot:orders-before-migration"), "AWS::RDS::DBSnapshot", {"AWS": B}, []), "rds-snapshot/control")
    n("role-policy", "who may take a role; what a policy allows", "aax-role/native", "admin-star/control")


def unused(near):
    n = lambda slug, why, left, right: near(f"unused-{slug}", "other unused access", why, left, right)
    last = {"lastAccessed": "2025-01-02T03:04:05Z"}
    idle = role("forgotten-role")
    part = make_unused("UnusedPermission", idle, {"serviceNamespace": "s3", **last})
    n("role-permission", "an unused role, and permissions of it", "aau-role/native", part)
    n("copies", "the copies of both", "aau-role/copy", unused_copy(part))
    n("external", "an unused role, and who may take it", "aau-role/native", access(idle, "AWS::IAM::Role", {"AWS": B}, ["sts:AssumeRole"]))
    n("external-copy", "the copies of both", "aau-role/copy", access_copy(access(idle, "AWS::IAM::Role", {"AWS": B}, ["sts:AssumeRole"])))
    n("services", "permissions of two services", part_id := "unused-role-permission/right", make_unused("UnusedPermission", idle, {"serviceNamespace": "ec2", **last}))
    n("key-password", "a key and a password of one user", "aau-key/native", "aau-password/native")
    n("key-password-copy", "the copies of both", "aau-key/copy", "aau-password/copy")
    n("keys", "two keys of one user", "aau-key/native", make_unused("UnusedIAMUserAccessKey", user("ann"), {"accessKeyId": "AKIAMADEUPKEYAAAAA04", **last}))
    n("keys-copy", "a key, and the copy of another", "aau-key/native", unused_copy(make_unused("UnusedIAMUserAccessKey", user("ann"), {"accessKeyId": "AKIAMADEUPKEYAAAAA05", **last})))
    n("key-old", "an unused key, and an old key", "part-user-unused-key/right", "key-rotation-key/row")
    n("password-mfa", "an unused password, and no MFA", "aau-password/native", control("IAM.5", USER, user("ann")))
    n("roles", "two unused roles", "aau-role/copy", unused_copy(unused_role("forgotten-role-3", analyzer("unused-access"))))
    n("permission-roles", "permissions of two roles", "aau-permission/native", part_id)
    n("permission-star", "unused permissions, and a policy that allows everything", "aau-permission/native", "admin-star/control")


def packages(near):
    n = lambda slug, why, left, right: near(f"package-{slug}", "other vulnerability", why, left, right)
    box = instance("i-0bb11cc22dd33ee44")
    n("cves", "two CVEs of one package", "insp-instance/native", inspector("CVE-2026-10009", "openssl", "AWS_EC2_INSTANCE", box))
    n("packages", "one CVE in two packages", "insp-instance/native", inspector("CVE-2026-10001", "openssl-libs", "AWS_EC2_INSTANCE", box))
    n("instances", "one CVE on two instances", "insp-instance/native", inspector("CVE-2026-10001", "openssl", "AWS_EC2_INSTANCE", instance("i-0bb11cc22dd33ee99")))
    n("copies", "the copies on two instances", "insp-instance/copy", inspector_copy(inspector("CVE-2026-10001", "openssl", "AWS_EC2_INSTANCE", instance("i-0bb11cc22dd33ee99"))))
    n("v2", "a finding, and another CVE in V2", "insp-instance/native", ocsf(inspector_copy(inspector("CVE-2026-10008", "openssl", "AWS_EC2_INSTANCE", box))))
    n("images", "one CVE in two images of a repository", "insp-image/native", inspector("CVE-2026-10002", "zlib", "AWS_ECR_CONTAINER_IMAGE", arn("ecr", f"repository/web/sha256:{digest('image 2', length=64)}")))
    n("image-instance", "one CVE in an image and on an instance", "insp-image/native", inspector("CVE-2026-10002", "zlib", "AWS_EC2_INSTANCE", box))
    n("functions", "one CVE in two functions", "insp-function/native", inspector("CVE-2026-10003", "requests", "AWS_LAMBDA_FUNCTION", arn("lambda", "function:resize-2:$LATEST")))
    n("ports", "two ports that can be reached", "insp-port/native", reachability(box, 80, 80))
    n("port-cve", "a port that can be reached, and a CVE", "insp-port/native", "insp-instance/native")
    n("port-instances", "one port of two instances", "insp-port/native", reachability(instance("i-0bb11cc22dd33ee99"), 22, 22))
    n("prefix", "CVE ids of which one begins with the other", "insp-instance/native", inspector("CVE-2026-100011", "openssl", "AWS_EC2_INSTANCE", box))


def data(near):
    n = lambda slug, why, left, right: near(f"data-{slug}", "other data", why, left, right)
    first = "mac-sensitive/native"
    n("objects", "two objects of one bucket", first, macie("SensitiveData:S3Object/Personal", "crm-export", key="2026/people-2.csv"))
    n("objects-copy", "the copies of two objects", "mac-sensitive/copy", macie_copy(macie("SensitiveData:S3Object/Personal", "crm-export", key="2025/people.csv")))
    n("buckets", "objects of one name in two buckets", first, macie("SensitiveData:S3Object/Personal", "crm-import", key="2026/people.csv"))
    n("policy", "personal data, and no encryption", first, macie("Policy:IAMUser/S3BucketEncryptionDisabled", "crm-export", score=1))
    n("control", "personal data, and a bucket without a block", first, control("S3.8", BUCKET, bucket("crm-export")))
    n("public", "personal data, and a public bucket", first, macie("Policy:IAMUser/S3BucketPublic", "crm-export", permission="PUBLIC", read=True))
    n("threat", "personal data, and somebody who takes it", first, guardduty("Exfiltration:S3/AnomalousBehavior", of_bucket("crm-export"), severity=8))
    n("case", "keys of objects in two cases", first, macie("SensitiveData:S3Object/Personal", "crm-export", key="2026/People.csv"))
    n("policies", "no encryption in two buckets", "mac-encryption/native", "s3-sse/macie")


def rules_and_partners(near):
    n = lambda slug, why, left, right: near(f"rule-{slug}", "other rule", why, left, right)
    n("resources", "one rule, two buckets", "cfg-versioning/native", config("s3-bucket-versioning-enabled", "AWS::S3::Bucket", "older-logs"))
    n("resources-copy", "one rule, two buckets", "cfg-versioning/copy", config_copy("s3-bucket-versioning-enabled", BUCKET, bucket("older-logs")))
    n("rules", "two rules, one bucket", "cfg-versioning/native", config("s3-bucket-default-lock-enabled", "AWS::S3::Bucket", "old-logs"))
    n("rules-copy", "two rules, one bucket", "cfg-versioning/copy", config_copy("s3-bucket-replication-enabled", BUCKET, bucket("old-logs")))
    n("events", "two rules, one bucket, pushed", "cfg-versioning/event", event(config("s3-lifecycle-policy-check", "AWS::S3::Bucket", "old-logs")))
    n("unused-group", "a group that is open, and one that nobody uses", "sg-ssh/config", config("ec2-security-group-attached-to-eni", "AWS::EC2::SecurityGroup", "sg-0aa00bb00cc00dd01"))
    n("partner-ids", "two ids of one partner", "asff-partner/polled", custom("prowler", "prowler-made-up-check-111122223333-eu-west-1-web-2", BUCKET, bucket("web"), product="prowler"))
    n("partner-companies", "one id of two partners", custom("alpha", "check-1", BUCKET, bucket("web"), product="scan"), custom("beta", "check-1", BUCKET, bucket("web"), product="scan"))
    n("partner-accounts", "one id of a partner in two accounts", custom("alpha", "check-2", BUCKET, bucket("web-a"), product="scan"), custom("alpha", "check-2", BUCKET, bucket("web-b"), account=B, product="scan"))
    n("firewall", "two findings of Firewall Manager on one group", "asff-firewall/polled",
      custom("aws-firewall", f"arn:aws:fms:{IRELAND}:{A}:policy/p-2/finding/{digest('fms', 2)}", GROUP, group("sg-0f0f0f0f1"), product="firewall-manager"))
