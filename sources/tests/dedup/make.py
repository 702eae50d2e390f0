"""Documents as AWS sends them, small: the members that are always there, with made-up values.

Each function returns (path, context, document). The context is what the API gives outside of the
document: who reads, from which Region, the analyzer, the check with its columns, the Config rule.
"""

import hashlib

A, B, C = "111122223333", "444455556666", "777788889999"
TOOLING = "999900001111"  # the delegated administrator, whose credentials read
IRELAND, VIRGINIA, FRANKFURT = "eu-west-1", "us-east-1", "eu-central-1"
BORN, SEEN = "2026-02-03T04:05:06.000Z", "2026-03-04T05:06:07.000Z"


def digest(*parts, length=32):
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:length]


def uuid(*parts):
    h = digest(*parts)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:32]}"


def partition_of(region):
    return "aws-us-gov" if region.startswith("us-gov") else "aws-cn" if region.startswith("cn-") else "aws"


def context(account, region, **more):
    return {"account": account, "region": region, **more}


# --- names of resources -------------------------------------------------------------------------

def arn(service, path, region=IRELAND, account=A):
    return f"arn:{partition_of(region)}:{service}:{region}:{account}:{path}"


def bucket(name):
    return f"arn:aws:s3:::{name}"


def user(name, account=A):
    return f"arn:aws:iam::{account}:user/{name}"


def role(name, account=A):
    return f"arn:aws:iam::{account}:role/{name}"


def policy(name, account=A):
    return f"arn:aws:iam::{account}:policy/{name}"


def account_id(account=A):
    return f"AWS::::Account:{account}"


def group(sg, region=IRELAND, account=A):
    return arn("ec2", f"security-group/{sg}", region, account)


def instance(i, region=IRELAND, account=A):
    return arn("ec2", f"instance/{i}", region, account)


def analyzer(name="outside-access", account=A, region=IRELAND):
    return arn("access-analyzer", f"analyzer/{name}", region, account)


# --- Security Hub controls ----------------------------------------------------------------------

SEVERITIES = {"CRITICAL": 90, "HIGH": 70, "MEDIUM": 40, "LOW": 1, "INFORMATIONAL": 0}
STANDARDS = {
    "fsbp": "aws-foundational-security-best-practices/v/1.0.0",
    "nist": "nist-800-53/v/5.0.0",
    "tower": "service-managed-aws-control-tower/v/1.0.0",
    "cis12": "cis-aws-foundations-benchmark/v/1.2.0",
    "cis14": "cis-aws-foundations-benchmark/v/1.4.0",
    "cis3": "cis-aws-foundations-benchmark/v/3.0.0",
    "pci": "pci-dss/v/3.2.1",
}
TYPES = ["Software and Configuration Checks/Industry and Regulatory Standards"]


def resource(kind, name, region=IRELAND, details=None):
    found = {"Type": kind, "Id": name, "Partition": partition_of(region), "Region": region}
    if details:
        found["Details"] = {kind: details}
    return found


def asff(product, id, generator, account, region, resources, title, severity="MEDIUM", types=TYPES,
         fields=None, reader=None, home=None, **more):
    arn_of_product = f"arn:{partition_of(region)}:securityhub:{region}::product/aws/{product}"
    document = {
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": arn_of_product,
        "ProductName": {"securityhub": "Security Hub", "guardduty": "GuardDuty", "access-analyzer": "IAM Access Analyzer"}
        .get(product, product.capitalize()),
        "CompanyName": "Amazon" if product in ("guardduty", "macie", "inspector") else "AWS",
        "Region": region,
        "GeneratorId": generator,
        "AwsAccountId": account,
        "Types": types,
        "CreatedAt": BORN,
        "UpdatedAt": SEEN,
        "Severity": {"Label": severity, "Normalized": SEVERITIES[severity], "Original": severity},
        "Title": title,
        "Description": f"{title} (made up for tests).",
        "ProductFields": {
            "aws/securityhub/ProductName": product, "aws/securityhub/CompanyName": "AWS",
            "aws/securityhub/FindingId": f"{arn_of_product}/{id}", **(fields or {}),
        },
        "Resources": resources,
        "WorkflowState": "NEW",
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        "FindingProviderFields": {"Severity": {"Label": severity, "Original": severity}, "Types": types},
        "ProcessedAt": SEEN,
    }
    for name, value in more.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    return "asff", context(reader or TOOLING, home or region), document


def control(id, kind, name, region=IRELAND, account=A, severity="HIGH", status="FAILED", standards=("fsbp",),
            others=(), details=None, spelling=None, seed="", **more):
    """A control finding as it is with consolidated findings on."""
    spelled = spelling or id
    at = uuid("control", id, name, region, account, seed)
    resources = [resource(kind, name, region, details)] + [resource(k, n, region) for k, n in others]
    compliance = {"Status": status, "SecurityControlId": spelled,
                  "AssociatedStandards": [{"StandardsId": f"standards/{STANDARDS[s]}"} for s in standards]}
    return asff(
        "securityhub", f"arn:{partition_of(region)}:securityhub:{region}:{account}:security-control/{spelled}/finding/{at}",
        f"security-control/{spelled}", account, region, resources, f"The check {id} looked at {name.split(':')[-1]}",
        severity if status == "FAILED" else "INFORMATIONAL",
        fields={"RelatedAWSResources:0/name": f"securityhub-rule-of-{id.lower().replace('.', '-')}-{digest(region, length=8)}",
                "RelatedAWSResources:0/type": "AWS::Config::ConfigRule", "Resources:0/Id": name},
        Compliance=compliance, **more)


def of_standard(standard, rule, kind, name, control_id=None, region=IRELAND, account=A, severity="HIGH", status="FAILED",
                others=(), **more):
    """A control finding as it is with consolidated findings off: one for each standard."""
    versioned = STANDARDS[standard]
    hub = f"arn:{partition_of(region)}:securityhub"
    generator = f"{hub}:::ruleset/{versioned}/rule/{rule}" if standard == "cis12" else f"{versioned}/{rule}"
    fields = {"RelatedAWSResources:0/name": f"securityhub-rule-{digest(standard, rule, length=8)}",
              "RelatedAWSResources:0/type": "AWS::Config::ConfigRule",
              "StandardsControlArn": f"{hub}:{region}:{account}:control/{versioned}/{rule}", "Resources:0/Id": name}
    if standard == "cis12":
        fields |= {"StandardsGuideArn": f"{hub}:::ruleset/{versioned}", "RuleId": rule,
                   "StandardsGuideSubscriptionArn": f"{hub}:{region}:{account}:subscription/{versioned}"}
    else:
        fields |= {"StandardsArn": f"{hub}:::standards/{versioned}", "ControlId": rule,
                   "StandardsSubscriptionArn": f"{hub}:{region}:{account}:subscription/{versioned}"}
    compliance = {"Status": status}
    if control_id:
        compliance |= {"SecurityControlId": control_id, "AssociatedStandards": [{"StandardsId": f"standards/{versioned}"}]}
    resources = [resource(kind, name, region)] + [resource(k, n, region) for k, n in others]
    return asff(
        "securityhub",
        f"{hub}:{region}:{account}:subscription/{versioned}/{rule}/finding/{uuid(standard, rule, name, region, account)}",
        generator, account, region, resources, f"{rule} was looked at for {name.split(':')[-1]}", severity, fields=fields,
        Compliance=compliance, **more)


KINDS = {  # ASFF types whose CloudFormation type is not a plain split
    "AwsAccount": "AWS::::Account", "AwsS3Bucket": "AWS::S3::Bucket", "AwsEc2SecurityGroup": "AWS::EC2::SecurityGroup",
    "AwsEc2Instance": "AWS::EC2::Instance", "AwsIamUser": "AWS::IAM::User", "AwsRdsDbInstance": "AWS::RDS::DBInstance",
    "AwsKmsKey": "AWS::KMS::Key", "AwsLambdaFunction": "AWS::Lambda::Function", "AwsEcrContainerImage": "AWS::ECR::Image",
    "AwsSnsTopic": "AWS::SNS::Topic", "AwsCloudTrailTrail": "AWS::CloudTrail::Trail", "AwsIamPolicy": "AWS::IAM::Policy",
    "AwsEc2Vpc": "AWS::EC2::VPC", "AwsCloudFrontDistribution": "AWS::CloudFront::Distribution",
    "AwsS3Object": "AWS::S3::Object", "AwsIamAccessKey": "AWS::IAM::AccessKey", "AwsIamRole": "AWS::IAM::Role",
}


def ocsf(built, product=None):
    """The finding of Security Hub V2 for that of CSPM: the same id in another schema."""
    _, where, a = built
    name = product or a["ProductArn"].rsplit("/", 1)[1]
    partition = partition_of(a["Region"])
    resources = []
    for r in a["Resources"]:
        kind = KINDS.get(r["Type"], r["Type"])
        is_account = r["Type"] == "AwsAccount"
        one = {"cloud_partition": partition, "owner": {"account": {"uid": a["AwsAccountId"]}}, "region": a["Region"],
               "type": kind, "uid": r["Id"].split(":")[-1].split("/")[-1]}
        if not is_account:
            one["uid_alt"] = r["Id"]
        resources.append(one)
    severity = a["Severity"]["Label"]
    ids = {"INFORMATIONAL": 1, "LOW": 2, "MEDIUM": 3, "HIGH": 4, "CRITICAL": 5}
    class_uid, class_name = {"securityhub": (2003, "Compliance Finding"), "inspector": (2002, "Vulnerability Finding"),
                             "macie": (2006, "Data Security Finding")}.get(name, (2004, "Detection Finding"))
    document = {
        "activity_id": 1, "activity_name": "Create", "category_name": "Findings", "category_uid": 2,
        "class_name": class_name, "class_uid": class_uid,
        "cloud": {"account": {"type": "AWS Account", "type_id": 10, "uid": a["AwsAccountId"]}, "cloud_partition": partition,
                  "provider": "AWS", "region": a["Region"]},
        "finding_info": {"created_time": 1770091506000, "created_time_dt": BORN, "modified_time": 1772600767000,
                         "modified_time_dt": SEEN, "desc": a["Description"], "title": a["Title"], "types": a["Types"], "uid": a["Id"]},
        "metadata": {"product": {"name": a["ProductName"], "vendor_name": "AWS",
                                 "uid": f"arn:{partition}:securityhub:{a['Region']}::productv2/aws/{name}"},
                     "profiles": ["cloud", "datetime"], "uid": digest("v2", a["Id"], length=64), "version": "1.6.0"},
        "resources": resources, "severity": severity.capitalize(), "severity_id": ids[severity], "status": "New", "status_id": 1,
        "time": 1772600767000, "time_dt": SEEN, "type_name": f"{class_name}: Create", "type_uid": class_uid * 100 + 1,
    }
    compliance = a.get("Compliance")
    if compliance:
        failed = compliance["Status"] == "FAILED"
        document["compliance"] = {"control": compliance["SecurityControlId"], "status": "Fail" if failed else "Pass",
                                  "status_id": 3 if failed else 1,
                                  "standards": [s["StandardsId"] for s in compliance["AssociatedStandards"]]}
    for v in a.get("Vulnerabilities", []):
        document.setdefault("vulnerabilities", []).append({
            "cve": {"uid": v["Id"]}, "is_fix_available": True, "vendor_name": "NVD",
            "affected_packages": [{"name": p["Name"], "version": p["Version"], "architecture": p["Architecture"]} for p in v["VulnerablePackages"]]})
    return "ocsf", where, document


# --- events -------------------------------------------------------------------------------------

def envelope(source, kind, account, region, detail, resources=(), reader=None, **more):
    return "event", context(reader or account, region, **more), {
        "version": "0", "id": uuid("event", source, kind, str(detail)), "detail-type": kind, "source": source, "account": account,
        "time": SEEN, "region": region, "resources": list(resources), "detail": detail,
    }


def event(built):
    """The event by which the same document is pushed."""
    path, where, d = built
    if path == "asff":
        names = [f"{d['ProductArn']}/{d['Id']}"]
        return envelope("aws.securityhub", "Security Hub Findings - Imported", d["AwsAccountId"], d["Region"], {"findings": [d]}, names)
    if path == "ocsf":
        cloud = d["cloud"]
        return envelope("aws.securityhub", "Findings Imported V2", cloud["account"]["uid"], cloud["region"], {"findings": [d]})
    if path == "guardduty":
        return envelope("aws.guardduty", "GuardDuty Finding", d["accountId"], d["region"], d)
    if path == "inspector2":
        return envelope("aws.inspector2", "Inspector2 Finding", d["awsAccountId"], where["region"], d, [r["id"] for r in d["resources"]])
    if path == "macie2":
        return envelope("aws.macie", "Macie Finding", d["accountId"], d["region"], d)
    if path == "access-analyzer":
        analyzed_by = where["analyzer"]
        account, region = analyzed_by.split(":")[4], analyzed_by.split(":")[3]
        detail = {k: v for k, v in d.items() if v is not None and k not in ("findingDetails", "sources", "id")}
        if "findingType" not in d:
            detail.pop("resourceOwnerAccount")
        detail |= {"version": "1.0", "accountId": d["resourceOwnerAccount"], "region": region, "isDeleted": False}
        if "findingType" not in d:
            detail["id"] = d["id"]
            return envelope("aws.access-analyzer", "Access Analyzer Finding", account, region, detail, [analyzed_by])
        detail |= {"findingId": d["id"], "previousStatus": ""}
        if d["findingType"] == "UnusedPermission":
            detail |= {"numberOfUnusedServices": len(d["findingDetails"]), "numberOfUnusedActions": 1}
        return envelope("aws.access-analyzer", "Unused Access Finding for IAM entities", account, region, detail, [analyzed_by])
    if path == "config":
        q = d["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
        lower = lambda v: {k[0].lower() + k[1:]: lower(x) for k, x in v.items()} if isinstance(v, dict) else v
        detail = {"resourceId": q["ResourceId"], "awsRegion": where["region"], "awsAccountId": where["account"],
                  "configRuleName": q["ConfigRuleName"], "recordVersion": "1.0", "configRuleARN": where["rule"]["ConfigRuleArn"],
                  "messageType": "ComplianceChangeNotification", "newEvaluationResult": lower(d),
                  "notificationCreationTime": SEEN, "resourceType": q["ResourceType"]}
        return envelope("aws.config", "Config Rules Compliance Change", where["account"], where["region"], detail, rule=where["rule"])
    if path == "trusted-advisor":
        check = where["check"]
        cells = dict(zip(check["metadata"], d["metadata"]))
        detail = {"check-name": check["name"], "check-item-detail": cells, "resource_id": "",
                  "status": {"error": "ERROR", "warning": "WARN", "ok": "OK"}[d["status"]], "uuid": uuid("ta", str(d))}
        return envelope("aws.trustedadvisor", "Trusted Advisor Check Item Refresh Notification", where["account"], VIRGINIA, detail, check=check)
    raise ValueError(path)


# --- GuardDuty ----------------------------------------------------------------------------------

def guardduty(type, about, seed="", region=IRELAND, account=A, detector=None, severity=5, count=3, archived=False, home=None,
              role_of_resource="TARGET", id=None, **service):
    id = id or digest("gd", type, str(about), seed)
    detector = detector or digest("detector", account, region)
    p = partition_of(region)
    return "guardduty", context(TOOLING, home or region, detector=detector), {
        "schemaVersion": "2.0", "accountId": account, "region": region, "partition": p, "id": id,
        "arn": f"arn:{p}:guardduty:{region}:{account}:detector/{detector}/finding/{id}",
        "type": type, "severity": severity, "title": f"Something like {type} was seen.", "description": f"{type} (made up for tests).",
        "createdAt": BORN, "updatedAt": SEEN, "resource": about,
        "service": {"serviceName": "guardduty", "detectorId": detector, "archived": archived, "count": count,
                    "resourceRole": role_of_resource, "eventFirstSeen": BORN, "eventLastSeen": SEEN, **service},
    }


def of_instance(id):
    return {"resourceType": "Instance", "instanceDetails": {"instanceId": id, "instanceType": "t3.small", "networkInterfaces": []}}


def of_key(key, name, kind="IAMUser"):
    return {"resourceType": "AccessKey", "accessKeyDetails": {"accessKeyId": key, "principalId": "AIDA" + digest(name, length=17).upper(),
                                                             "userName": name, "userType": kind}}


def of_bucket(name, account=A):
    return {"resourceType": "S3Bucket", "s3BucketDetails": [{"arn": bucket(name), "name": name, "type": "Destination",
                                                            "owner": {"id": digest("owner", account, length=64)}}]}


def guardduty_copy(built, types, resources, detector=None, **more):
    """The copy in Security Hub of a native finding."""
    _, _, d = built
    detector = detector or d["service"]["detectorId"]
    at = f"arn:{d['partition']}:guardduty:{d['region']}:{d['accountId']}:detector/{detector}"
    label = "LOW" if d["severity"] < 4 else "MEDIUM" if d["severity"] < 7 else "HIGH" if d["severity"] < 9 else "CRITICAL"
    fields = {"aws/guardduty/service/count": str(d["service"]["count"]), "aws/guardduty/service/archived": "false",
              "aws/guardduty/service/detectorId": detector, "aws/guardduty/service/resourceRole": d["service"]["resourceRole"]}
    built = asff("guardduty", f"{at}/finding/{d['id']}", at, d["accountId"], d["region"], resources, d["title"], label, types, fields, **more)
    built[2]["Severity"] = {"Label": label, "Normalized": round(10 * d["severity"]), "Product": d["severity"]}
    return built


# --- IAM Access Analyzer ------------------------------------------------------------------------

def access(name, kind, principal, actions, seed="", public=False, condition=None, owner=A, by=None, status="ACTIVE", error=None):
    """An item of ListFindings: one principal's access to a resource."""
    by = by or analyzer()
    found = {"id": uuid("aa", name, str(principal), by, seed), "principal": principal, "action": actions, "resource": name,
             "isPublic": public, "resourceType": kind, "condition": condition or {}, "createdAt": BORN, "analyzedAt": SEEN,
             "updatedAt": SEEN, "status": status, "resourceOwnerAccount": owner}
    if error:
        for gone in ("principal", "action", "isPublic", "condition"):
            found.pop(gone)
        found["error"] = error
    return "access-analyzer", context(by.split(":")[4], by.split(":")[3], analyzer=by), found


def access_v2(built):
    """The same finding from GetFindingV2."""
    _, where, d = built
    moved = ("principal", "action", "isPublic", "condition")
    detail = {"externalAccessDetails": {k: d[k] for k in moved}}
    rest = {k: v for k, v in d.items() if k not in moved}
    return "access-analyzer", where, rest | {"findingType": "ExternalAccess", "findingDetails": [detail]}


ASFF_KINDS = {v: k for k, v in KINDS.items()} | {
    "AWS::SQS::Queue": "AwsSqsQueue", "AWS::SecretsManager::Secret": "AwsSecretsManagerSecret", "AWS::EC2::Snapshot": "Other",
    "AWS::RDS::DBSnapshot": "AwsRdsDbSnapshot", "AWS::RDS::DBClusterSnapshot": "AwsRdsDbClusterSnapshot", "AWS::EFS::FileSystem": "Other",
    "AWS::ECR::Repository": "AwsEcrRepository", "AWS::DynamoDB::Table": "AwsDynamoDbTable",
}
PRACTICES = "Software and Configuration Checks/AWS Security Best Practices"


def access_copy(built, **more):
    """What Security Hub has of it: one for a resource, with one principal among the details."""
    _, where, d = built
    by = where["analyzer"]
    (kind, who), = d["principal"].items()
    how = "public" if d["isPublic"] else "cross-account"
    asff_kind = ASFF_KINDS[d["resourceType"]]
    one = resource(asff_kind, d["resource"], by.split(":")[3])
    one["Details"] = {"Other": {"External Principal Type": kind, "External Principal": who, "Condition": "none",
                                "Action Granted": ",".join(d["action"])}}
    return asff("access-analyzer", f"{by}/{d['resource']}", "aws/access-analyzer", by.split(":")[4], by.split(":")[3], [one],
                f"{asff_kind}/{d['resource']}/ allows {how} access", "HIGH" if d["isPublic"] else "LOW",
                [f"{PRACTICES}/External Access Granted"], {"ResourceOwnerAccount": d["resourceOwnerAccount"]},
                SourceUrl=f"https://console.aws.amazon.com/access-analyzer/home?region={by.split(':')[3]}#/findings/details/{d['id']}", **more)


def unused(type, name, detail, seed="", owner=A, by=None, status="ACTIVE"):
    """An answer of GetFindingV2 about access that nobody uses."""
    by = by or analyzer("unused-access")
    member = {"UnusedIAMRole": "unusedIamRoleDetails", "UnusedIAMUserAccessKey": "unusedIamUserAccessKeyDetails",
              "UnusedIAMUserPassword": "unusedIamUserPasswordDetails", "UnusedPermission": "unusedPermissionDetails"}[type]
    details = [{member: one} for one in (detail if isinstance(detail, list) else [detail])]
    kind = "AWS::IAM::User" if ":user/" in name else "AWS::IAM::Role"
    return "access-analyzer", context(by.split(":")[4], by.split(":")[3], analyzer=by), {
        "id": uuid("aau", type, name, str(detail), by, seed), "findingType": type, "resource": name, "resourceType": kind,
        "resourceOwnerAccount": owner, "status": status, "createdAt": BORN, "analyzedAt": SEEN, "updatedAt": SEEN, "findingDetails": details}


def unused_copy(built, field="resourceOwnerAccount", **more):
    _, where, d = built
    by = where["analyzer"]
    suffix = {"UnusedPermission": "UnusedPermissions"}.get(d["findingType"], d["findingType"])
    words = {"UnusedIAMRole": "Unused IAM Role", "UnusedPermission": "Unused Permission", "UnusedIAMUserAccessKey": "Unused IAM User Access Key",
             "UnusedIAMUserPassword": "Unused IAM User Password"}[d["findingType"]]
    return asff("access-analyzer", f"{by}/{d['resource']}/{suffix}", "aws/access-analyzer", by.split(":")[4], by.split(":")[3],
                [resource(ASFF_KINDS[d["resourceType"]], d["resource"], by.split(":")[3])], f"{words} at {d['resource']}", "LOW",
                [f"{PRACTICES}/{words}"], {"findingId": d["id"], "findingType": d["findingType"], field: d["resourceOwnerAccount"]}, **more)


# --- Trusted Advisor ----------------------------------------------------------------------------

CHECKS = {
    "Pfx0RwqBli": ("Amazon S3 Bucket Permissions", ["Region Name", "Region API Parameter", "Bucket Name", "ACL Allows List",
                   "ACL Allows Upload/Delete", "Status", "Policy Allows Access", "Ignored Bucket Name"]),
    "HCP4007jGY": ("Security Groups - Specific Ports Unrestricted",
                   ["Region", "Security Group Name", "Security Group ID", "Protocol", "Status", "Ports"]),
    "1iG5NDGVre": ("Security Groups - Unrestricted Access",
                   ["Region", "Security Group Name", "Security Group ID", "Protocol", "Port", "Status", "IP Range"]),
    "ePs02jT06w": ("Amazon EBS Public Snapshots", ["Status", "Region", "Volume ID", "Snapshot ID", "Description"]),
    "rSs93HQwa1": ("Amazon RDS Public Snapshots", ["Status", "Region", "DB Instance or Cluster ID", "Snapshot ID"]),
    "nNauJisYIT": ("Amazon RDS Security Group Access Risk", ["Region", "RDS Security Group Name", "Ingress Rule", "Status", "Reason"]),
    "DqdJqYeRm5": ("IAM Access Key Rotation", ["Status", "IAM User", "Access Key", "Key Last Rotated", "Reason"]),
    "12Fnkpl8Y5": ("Exposed Access Keys", ["Access Key ID", "User Name (IAM or Root)", "Fraud Type", "Case ID", "Time Updated",
                   "Location", "Deadline", "Usage (USD per Day)"]),
    "7DAFEmoDos": ("MFA on Root Account", []),
    "c2vlfg0f4h": ("Root User Access Key", ["Status", "Account ID", "Last Updated Time"]),
    "Yw2K9puPzl": ("IAM Password Policy", ["Password Policy", "Uppercase", "Lowercase", "Number", "Non-alphanumeric", "Status", "Reason"]),
    "07602fcad6": ("IAM Access Analyzer external access", ["Status", "Region", "IAM Access Analyzer external access Arn", "Last Updated Time"]),
    "c25hn9x03v": ("AWS CloudTrail Management Event Logging", ["Status", "Region", "Logging Enabled", "Delivery Error Reported", "Last Updated Time"]),
    "L4dfs2Q4C5": ("AWS Lambda Functions Using Deprecated Runtimes", ["Status", "Region", "Function ARN", "Runtime", "Days to Deprecation",
                   "Deprecation Date", "Average Daily Invokes", "Last Refresh Time"]),
    "a2sEc6ILx": ("ELB Listener Security", ["Region", "Load Balancer Name", "Load Balancer Port", "Status", "Reason"]),
    "xSqX82fQu": ("ELB Security Groups", ["Region", "Load Balancer Name", "Status", "Security Group IDs", "Reason"]),
    "c1qf5bt003": ("Amazon RDS engine minor version upgrade is required", ["Status", "Region", "Resource", "Engine Name",
                   "Engine Version Current", "Recommended Value", "Last Updated Time"]),
    "c1qf5bt005": ("Amazon RDS Aurora storage encryption is turned off", ["Status", "Region", "Resource", "Engine Name", "Last Updated Time"]),
    "c1qf5bt006": ("Amazon RDS storage encryption is turned off", ["Status", "Region", "Resource", "Engine Name", "Last Updated Time"]),
    "Qsdfp3A4L3": ("Amazon EC2 instances with Microsoft SQL Server end of support", ["Status", "Region", "Instance ID", "SQL Server Version",
                   "Support Cycle", "End of Support", "Last Updated Time"]),
    "Qsdfp3A4L4": ("Amazon EC2 instances with Microsoft Windows Server end of support", ["Status", "Region", "Instance ID",
                   "Windows Server Version", "Support Cycle", "End of Support", "Last Updated Time"]),
    "N425c450f2": ("CloudFront Custom SSL Certificates in the IAM Certificate Store", ["Status", "Distribution ID",
                   "Distribution Domain Name", "Certificate Name", "Reason"]),
    "N430c450f2": ("CloudFront SSL Certificate on the Origin Server", ["Status", "Distribution ID", "Distribution Domain Name", "Origin", "Reason"]),
    "c18d2gz186": ("Amazon CloudWatch Log Group retention period", ["Status", "Region", "Resource", "AWS Config Rule", "Input Parameters",
                   "Last Updated Time"]),
}
COLOURS = {"error": "Red", "warning": "Yellow", "ok": "Green", "not_available": "Grey"}


def row(check, cells, status="error", region=IRELAND, account=A, suppressed=False, description=None, names=None):
    """A row of DescribeTrustedAdvisorCheckResult; the cells by column, the status one filled in."""
    name, columns = CHECKS.get(check, ("", None))
    if columns is None:
        name, columns = f"Mirror {check}", ["Status", "Region", "Resource", "Last Updated Time"]
    columns = names or columns
    filled = {"Status": COLOURS[status], "Region": region, "Last Updated Time": SEEN} | cells
    where = context(account, VIRGINIA, check={"id": check, "name": name, "category": "security", "metadata": columns,
                                             "description": description or f"{name} (made up for tests)."})
    return "trusted-advisor", where, {
        "status": status, "region": region, "resourceId": digest("row", check, account, *sorted(map(str, cells.items())), length=43),
        "isSuppressed": suppressed, "metadata": [filled.get(c) for c in columns]}


def mirror(number, control_id, name, status="error", region=IRELAND, account=A, spelling="Security Hub Control Id:"):
    """A check of Trusted Advisor that repeats a Security Hub control."""
    return row(f"Hs4Ma3G{number}", {"Resource": name}, status, region, account,
               description=f"Made up for tests.<br>\n<h4>Source</h4><br>\n<a href=\"https://console.aws.amazon.com/securityhub/home\">"
                           f"AWS Security Hub</a><br>\n{spelling} {control_id}<br>\nRed: the control failed.")


def permissions(name, listing="No", upload="No", policy_open="No", status="error", region=IRELAND, account=A):
    return row("Pfx0RwqBli", {"Region Name": "EU (Ireland)", "Region API Parameter": region, "Bucket Name": name, "ACL Allows List": listing,
                              "ACL Allows Upload/Delete": upload, "Policy Allows Access": policy_open}, status, region, account)


def port(sg, ports, protocol="tcp", region=IRELAND, account=A, status="error"):
    return row("HCP4007jGY", {"Security Group Name": "front", "Security Group ID": f"{sg} (vpc-0a1b2c3d)", "Protocol": protocol,
                              "Ports": ports}, status, region, account)


def open_to_all(sg, ports, protocol="tcp", cidr="0.0.0.0/0", region=IRELAND, account=A):
    return row("1iG5NDGVre", {"Security Group Name": "front", "Security Group ID": f"{sg} (vpc-0a1b2c3d)", "Protocol": protocol,
                              "Port": ports, "IP Range": cidr}, "error", region, account)


# --- Macie --------------------------------------------------------------------------------------

def macie(type, name, seed="", permission="NOT_PUBLIC", read=False, write=False, key=None, region=IRELAND, account=A, score=3, id=None):
    blocks = {"blockPublicAcls": False, "blockPublicPolicy": False, "ignorePublicAcls": False, "restrictPublicBuckets": False}
    open_to = {"allowsPublicReadAccess": read, "allowsPublicWriteAccess": write}
    shut = {"allowsPublicReadAccess": False, "allowsPublicWriteAccess": False}
    affected = {"s3Bucket": {
        "arn": bucket(name), "name": name, "createdAt": BORN, "owner": {"id": digest("owner", account, length=64), "displayName": "team"},
        "tags": [], "defaultServerSideEncryption": {"encryptionType": "AES256", "kmsMasterKeyId": None},
        "publicAccess": {"effectivePermission": permission, "permissionConfiguration": {
            "bucketLevelPermissions": {"accessControlList": shut, "bucketPolicy": open_to, "blockPublicAccess": blocks},
            "accountLevelPermissions": {"blockPublicAccess": blocks}}}}}
    found = {"schemaVersion": "1.0", "id": id or digest("macie", type, name, str(key), seed), "accountId": account,
             "partition": partition_of(region), "region": region, "type": type, "title": f"Macie saw {type}.",
             "description": f"{type} (made up for tests).", "severity": {"score": score, "description": ["Low", "Medium", "High"][score - 1]},
             "createdAt": BORN, "updatedAt": SEEN, "count": 1, "sample": False, "archived": False, "resourcesAffected": affected}
    if key:
        affected["s3Object"] = {"bucketArn": bucket(name), "key": key, "path": f"{name}/{key}", "extension": key.rsplit(".", 1)[-1],
                                "lastModified": BORN, "eTag": digest(key), "storageClass": "STANDARD", "size": 4096, "publicAccess": False}
        found |= {"category": "CLASSIFICATION", "classificationDetails": {
            "jobArn": arn("macie2", f"classification-job/{digest('job', seed)}", region, account), "jobId": digest("job", seed),
            "originType": "SENSITIVE_DATA_DISCOVERY_JOB", "result": {"status": {"code": "COMPLETE"}, "sizeClassified": 4096,
            "mimeType": "text/csv", "sensitiveData": [], "customDataIdentifiers": {"detections": [], "totalCount": 0}}}}
    else:
        found |= {"category": "POLICY", "policyDetails": {"action": {"actionType": "AWS_API_CALL", "apiCallDetails": {
            "api": "PutBucketPolicy", "apiServiceName": "s3.amazonaws.com", "firstSeen": BORN, "lastSeen": SEEN}}}}
    return "macie2", context(TOOLING, region), found


MACIE_TYPES = {"Policy:IAMUser/S3BucketPublic": "Effects/Data Exposure/Policy:IAMUser-S3BucketPublic"}


def macie_copy(built, **more):
    _, _, d = built
    type = d["type"].replace("/", "-")
    prefix = "Sensitive Data Identifications/PII" if "Sensitive" in type else PRACTICES
    label = {1: "LOW", 2: "MEDIUM", 3: "HIGH"}[d["severity"]["score"]]
    s3 = d["resourcesAffected"]["s3Bucket"]
    resources = [resource("AwsS3Bucket", s3["arn"], d["region"], {"OwnerId": s3["owner"]["id"], "CreatedAt": BORN})]
    if "s3Object" in d["resourcesAffected"]:
        resources.append(resource("AwsS3Object", f"arn:aws:s3:::{d['resourcesAffected']['s3Object']['path']}", d["region"]))
    return asff("macie", d["id"], "aws/macie", d["accountId"], d["region"], resources, d["title"], label,
                [MACIE_TYPES.get(d["type"], f"{prefix}/{type}")],
                {"S3Bucket.effectivePermission": s3["publicAccess"]["effectivePermission"], "S3Bucket.allowsUnencryptedObjectUploads": "FALSE"}, **more)


# --- Inspector ----------------------------------------------------------------------------------

def inspector(cve, package, kind, name, seed="", region=IRELAND, account=A, status="ACTIVE", version="1.2.3", severity="HIGH"):
    return "inspector2", context(TOOLING, region), {
        "awsAccountId": account, "description": f"A weakness in {package} (made up for tests).", "exploitAvailable": "NO",
        "findingArn": arn("inspector2", f"finding/{digest('insp', cve, package, name, seed)}", region, account),
        "firstObservedAt": BORN, "fixAvailable": "YES", "inspectorScore": 7.5, "lastObservedAt": SEEN,
        "packageVulnerabilityDetails": {"cvss": [], "referenceUrls": [], "relatedVulnerabilities": [], "source": "NVD",
            "sourceUrl": f"https://nvd.nist.gov/vuln/detail/{cve}", "vendorSeverity": "HIGH", "vulnerabilityId": cve,
            "vulnerablePackages": [{"arch": "X86_64", "epoch": 0, "fixedInVersion": "0:9.9.9-1", "name": package, "packageManager": "OS",
                                    "release": "1", "version": version}]},
        "remediation": {"recommendation": {"text": "None Provided"}},
        "resources": [{"id": name, "partition": partition_of(region), "region": region, "type": kind, "tags": {}, "details": {}}],
        "severity": severity, "status": status, "title": f"{cve} - {package}", "type": "PACKAGE_VULNERABILITY", "updatedAt": SEEN}


def reachability(name, begin, end, seed="", region=IRELAND, account=A):
    path, where, found = inspector("", "", "AWS_EC2_INSTANCE", name, f"net{begin}{end}{seed}", region, account)
    found.pop("packageVulnerabilityDetails")
    found |= {"type": "NETWORK_REACHABILITY", "title": f"Ports {begin} to {end} can be reached from an internet gateway",
              "networkReachabilityDetails": {"protocol": "TCP", "openPortRange": {"begin": begin, "end": end},
                                             "networkPath": {"steps": [{"componentId": "igw-0a1b2c3d", "componentType": "AWS::EC2::InternetGateway"}]}}}
    return path, where, found


def inspector_copy(built, **more):
    _, _, d = built
    kinds = {"AWS_EC2_INSTANCE": "AwsEc2Instance", "AWS_ECR_CONTAINER_IMAGE": "AwsEcrContainerImage", "AWS_LAMBDA_FUNCTION": "AwsLambdaFunction"}
    region = d["resources"][0]["region"]
    resources = [resource(kinds[r["type"]], r["id"], region) for r in d["resources"]]
    package = d.get("packageVulnerabilityDetails")
    if package:
        more["Vulnerabilities"] = [{"Id": package["vulnerabilityId"], "VulnerablePackages": [
            {"Name": p["name"], "Version": p["version"], "Epoch": "0", "Release": "1", "Architecture": p["arch"], "PackageManager": "OS"}
            for p in package["vulnerablePackages"]], "Vendor": {"Name": "NVD", "VendorSeverity": "HIGH"}, "FixAvailable": "YES"}]
    types = ["Software and Configuration Checks/Vulnerabilities/CVE" if package else
             "Software and Configuration Checks/AWS Security Best Practices/Network Reachability"]
    return asff("inspector", d["findingArn"], "AWSInspector", d["awsAccountId"], region, resources, d["title"], d["severity"], types,
                {"aws/inspector/ProductVersion": "2", "aws/inspector/FindingStatus": d["status"], "aws/inspector/inspectorScore": "7.5"}, **more)


# --- Config and others --------------------------------------------------------------------------

def rule_of(managed, name=None, region=IRELAND, account=A, parameters="{}"):
    name = name or managed
    return {"ConfigRuleName": name, "ConfigRuleArn": arn("config", f"config-rule/config-rule-{digest('rule', name, account, region, length=6)}", region, account),
            "ConfigRuleId": f"config-rule-{digest('rule', name, account, region, length=6)}", "InputParameters": parameters, "ConfigRuleState": "ACTIVE",
            "Source": {"Owner": "AWS", "SourceIdentifier": managed.upper().replace("-", "_")}}


def config(managed, kind, id, name=None, region=IRELAND, account=A, parameters="{}", compliance="NON_COMPLIANT"):
    """An item of GetComplianceDetailsByConfigRule."""
    rule = rule_of(managed, name, region, account, parameters)
    return "config", context(account, region, rule=rule), {
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": {"ConfigRuleName": rule["ConfigRuleName"], "ResourceType": kind, "ResourceId": id,
                                                                    "EvaluationMode": "DETECTIVE"}, "OrderingTimestamp": SEEN},
        "ComplianceType": compliance, "ResultRecordedTime": SEEN, "ConfigRuleInvokedTime": SEEN}


def config_copy(managed, kind, name, rule_name=None, region=IRELAND, account=A, seed="", **more):
    """What Config sends to Security Hub about a rule and a resource."""
    rule = rule_of(managed, rule_name, region, account)
    at = rule["ConfigRuleArn"]
    return asff("config", f"{at}/finding/{digest('cfg', at, name, seed, length=40)}", at, account, region, [resource(kind, name, region)],
                rule["ConfigRuleName"], "MEDIUM", ["Software and Configuration Checks"],
                {"aws/config/ConfigRuleArn": at, "aws/config/ConfigRuleName": rule["ConfigRuleName"],
                 "aws/config/ConfigComplianceType": "NON_COMPLIANT"}, Compliance={"Status": "FAILED"}, **more)


def health(service, code, number, account=A, region=VIRGINIA, about=None):
    event_arn = f"arn:aws:health:{region}:{account}:event/{service}/{code}/{code}_{number}"
    return asff("health", f"{event_arn}/{digest('health', event_arn, length=64)}", code, account, region,
                [{"Type": "Other", "Id": about or account_id(account), "Partition": "aws", "Region": region}],
                f"AWS Health - {code}", "HIGH", ["Software and Configuration Checks"],
                {"aws/securityhub/ProductName": "Health"})


def health_event(service, code, number, account=A, region=VIRGINIA, about=None, category="accountNotification"):
    detail = {"eventArn": f"arn:aws:health:{region}::event/{service}/{code}/{code}_{number}", "service": service, "eventTypeCode": code,
              "eventTypeCategory": category, "eventScopeCode": "ACCOUNT_SPECIFIC", "communicationId": digest("comm", code, number), "startTime": BORN,
              "endTime": SEEN, "lastUpdatedTime": SEEN, "statusCode": "open", "eventRegion": region, "affectedAccount": account,
              "eventDescription": [{"language": "en_US", "latestDescription": "Made up for tests."}],
              "affectedEntities": [{"entityValue": about or account}]}
    return envelope("aws.health", "AWS Health Event", account, region, detail, [about] if about else [])


def custom(company, id, kind, name, region=IRELAND, account=A, product="default"):
    """A finding of a product of the customer's own or of a partner."""
    built = asff("custom", id, f"{company}-check", account, region, [resource(kind, name, region)], f"{company} says something about {name}")
    owner = account if product == "default" else ""
    built[2]["ProductArn"] = f"arn:aws:securityhub:{region}:{owner}:product/{company if product != 'default' else account}/{product}"
    built[2]["ProductFields"]["aws/securityhub/FindingId"] = f"{built[2]['ProductArn']}/{id}"
    built[2]["CompanyName"] = company
    return built
