//! Instances, networks, functions, clusters.

use serde_json::json;

use super::{Resource, arn, ec2_arn, ec2_id, private_address, public_address};
use crate::scope::Scope;

impl Resource {
    /// An EC2 instance; `name` is its `Name` tag, the id follows from it.
    pub fn instance(scope: &Scope, name: &str) -> Self {
        let id = format!("i-0{}", ec2_id(scope, "instance", name));
        let arn = ec2_arn(scope, "instance", &id);
        let address = private_address(scope, &id);
        Self::new("AwsEc2Instance", "AWS::EC2::Instance", scope, arn).tagged("Name", name).detailed(
            json!({
                "Type": "t3.large",
                "ImageId": format!("ami-0{}", ec2_id(scope, "image", &id)),
                "IpV4Addresses": [public_address(scope, &id), address],
                "IamInstanceProfileArn":
                    format!("arn:aws:iam::{}:instance-profile/{name}", scope.account),
                "VpcId": format!("vpc-0{}", ec2_id(scope, "vpc", "main")),
                "SubnetId": format!("subnet-0{}", ec2_id(scope, "subnet", "public-a")),
                "LaunchedAt": "2025-06-02T07:41:19.000Z",
                "NetworkInterfaces": [{
                    "NetworkInterfaceId": format!("eni-0{}", ec2_id(scope, "interface", &id))
                }],
                "VirtualizationType": "hvm",
                "MetadataOptions": {
                    "HttpEndpoint": "enabled",
                    "HttpProtocolIpv6": "disabled",
                    "HttpPutResponseHopLimit": 2,
                    "HttpTokens": "optional",
                    "InstanceMetadataTags": "disabled"
                },
                "Monitoring": { "State": "disabled" }
            }),
        )
    }

    /// A security group that lets the world in on `port`.
    pub fn security_group(scope: &Scope, name: &str, port: u16) -> Self {
        let id = format!("sg-0{}", ec2_id(scope, "group", name));
        let arn = ec2_arn(scope, "security-group", &id);
        Self::new("AwsEc2SecurityGroup", "AWS::EC2::SecurityGroup", scope, arn).detailed(json!({
            "GroupName": name,
            "GroupId": id,
            "OwnerId": scope.account,
            "VpcId": format!("vpc-0{}", ec2_id(scope, "vpc", "main")),
            "IpPermissions": [{
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{ "CidrIp": "0.0.0.0/0" }]
            }],
            "IpPermissionsEgress": [{
                "IpProtocol": "-1",
                "IpRanges": [{ "CidrIp": "0.0.0.0/0" }]
            }]
        }))
    }

    /// An EBS volume that is not encrypted.
    pub fn volume(scope: &Scope, name: &str) -> Self {
        let id = format!("vol-0{}", ec2_id(scope, "volume", name));
        let arn = ec2_arn(scope, "volume", &id);
        Self::new("AwsEc2Volume", "AWS::EC2::Volume", scope, arn).tagged("Name", name).detailed(
            json!({
                "CreateTime": "2024-11-20T16:02:44.000Z",
                "DeviceName": "/dev/xvda",
                "Encrypted": false,
                "Size": 200,
                "SnapshotId": "",
                "Status": "in-use",
                "VolumeId": id,
                "VolumeType": "gp3",
                "VolumeScanStatus": "NOT_SCANNED"
            }),
        )
    }

    /// A VPC.
    pub fn vpc(scope: &Scope, name: &str) -> Self {
        let id = format!("vpc-0{}", ec2_id(scope, "vpc", name));
        let arn = ec2_arn(scope, "vpc", &id);
        Self::new("AwsEc2Vpc", "AWS::EC2::VPC", scope, arn).tagged("Name", name).detailed(json!({
            "CidrBlockAssociationSet": [{
                "AssociationId": format!("vpc-cidr-assoc-0{}", ec2_id(scope, "cidr", name)),
                "CidrBlock": "10.20.0.0/16",
                "CidrBlockState": "associated"
            }],
            "DhcpOptionsId": format!("dopt-0{}", ec2_id(scope, "dhcp", name)),
            "State": "available"
        }))
    }

    /// A Lambda function.
    pub fn function(scope: &Scope, name: &str) -> Self {
        let arn = arn("lambda", scope, &format!("function:{name}"));
        Self::new("AwsLambdaFunction", "AWS::Lambda::Function", scope, arn).detailed(json!({
            "FunctionName": name,
            "Handler": "handler.main",
            "Runtime": "python3.8",
            "MemorySize": 256,
            "Timeout": 30,
            "CodeSize": 184_320,
            "Role": format!("arn:aws:iam::{}:role/{name}-role", scope.account),
            "LastModified": "2023-07-07T07:07:07.000Z",
            "TracingConfig": { "Mode": "PassThrough" },
            "Version": "$LATEST"
        }))
    }

    /// An EKS cluster.
    pub fn cluster(scope: &Scope, name: &str) -> Self {
        let arn = arn("eks", scope, &format!("cluster/{name}"));
        Self::new("AwsEksCluster", "AWS::EKS::Cluster", scope, arn).detailed(json!({
            "Name": name,
            "Version": "1.31",
            "ClusterStatus": "ACTIVE",
            "RoleArn": format!("arn:aws:iam::{}:role/{name}-cluster", scope.account),
            "ResourcesVpcConfig": { "EndpointPublicAccess": true }
        }))
    }

    /// A classic load balancer.
    pub fn load_balancer(scope: &Scope, name: &str) -> Self {
        let arn = arn("elasticloadbalancing", scope, &format!("loadbalancer/{name}"));
        Self::new("AwsElbLoadBalancer", "AWS::ElasticLoadBalancing::LoadBalancer", scope, arn)
            .detailed(json!({
                "LoadBalancerName": name,
                "Scheme": "internet-facing",
                "DnsName": format!("{name}-1208764532.{}.elb.amazonaws.com", scope.region),
                "ListenerDescriptions": [{
                    "Listener": {
                        "InstancePort": 80,
                        "InstanceProtocol": "HTTP",
                        "LoadBalancerPort": 80,
                        "Protocol": "HTTP"
                    }
                }]
            }))
    }
}
