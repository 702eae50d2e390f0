//! What can be done with the access that a document is about.

use muster_core::report::Privilege;

use crate::access::is_read;

/// Actions of IAM and STS that give more than they are: their holder can make itself anything that
/// the account allows. From the actions of the access level "Permissions management" (service
/// authorization reference) that change what a principal may do, and `PassRole`.
const ESCALATING: [&str; 19] = [
    "iam:addusertogroup",
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:createpolicyversion",
    "iam:deleterolepermissionsboundary",
    "iam:deleteuserpermissionsboundary",
    "iam:passrole",
    "iam:putgrouppolicy",
    "iam:putrolepermissionsboundary",
    "iam:putrolepolicy",
    "iam:putuserpermissionsboundary",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:updateloginprofile",
    "kms:creategrant",
];

/// What these actions give, which may have wildcards: `s3:GetObject`, `s3:Put*`, `s3:*`. Unknown
/// when there is none.
///
/// Assuming a role counts as using it: what the role may do is not said.
pub(crate) fn of_actions<'a>(actions: impl IntoIterator<Item = &'a str>) -> Privilege {
    let actions = actions.into_iter().map(str::trim).filter(|action| !action.is_empty());
    actions.map(of_action).max().unwrap_or_default()
}

fn of_action(action: &str) -> Privilege {
    let lower = action.to_ascii_lowercase();
    if matches!(lower.as_str(), "*" | "*:*" | "iam:*") {
        return Privilege::Admin;
    }
    if ESCALATING.iter().any(|known| is_matched(&lower, known)) || writes_policy(&lower) {
        return Privilege::Escalation;
    }
    if is_read(action) { Privilege::Read } else { Privilege::Write }
}

/// Whether the action, whose only wildcard may be at its end, means `known`.
fn is_matched(action: &str, known: &str) -> bool {
    match action.strip_suffix('*') {
        // `iam:Put*` means policies; `k*` is no action that anybody writes.
        Some(prefix) => prefix.contains(':') && known.starts_with(prefix),
        None => action == known,
    }
}

/// Whether it changes who may do what with a resource: writes its policy or its grants. All actions
/// of a service (`s3:*`) do.
fn writes_policy(action: &str) -> bool {
    let name = action.rsplit(':').next().unwrap_or(action);
    let writes = ["put", "set", "attach", "create", "update", "add"]
        .iter()
        .any(|verb| name.starts_with(verb));
    let of_access = ["policy", "acl", "permission"].iter().any(|what| name.ends_with(what));
    name == "*" || (writes && of_access)
}

/// What the failure of a Security Hub control says (Security Hub user guide, titles of the
/// controls): `IAM.4`, `IAM.6` and `IAM.9` are about the root user, `IAM.1` about policies that allow
/// everything, `IAM.21` about those that allow all of a service.
pub(crate) fn of_failed_control(control: &str) -> Privilege {
    match control.to_ascii_uppercase().as_str() {
        "IAM.4" | "IAM.6" | "IAM.9" => Privilege::Root,
        "IAM.1" => Privilege::Admin,
        "IAM.21" => Privilege::Escalation,
        _ => Privilege::Unknown,
    }
}

/// The same, of the managed Config rules behind these controls, by their names as the attribute
/// `config rule` has them.
pub(crate) fn of_config_rule(rule: &str) -> Privilege {
    match rule.replace('_', "-").as_str() {
        "root-account-mfa-enabled"
        | "root-account-hardware-mfa-enabled"
        | "iam-root-access-key-check" => Privilege::Root,
        "iam-policy-no-statements-with-admin-access" => Privilege::Admin,
        "iam-policy-no-statements-with-full-access" => Privilege::Escalation,
        _ => Privilege::Unknown,
    }
}

/// What a `GuardDuty` finding type says (`GuardDuty` user guide, finding types).
pub(crate) fn of_guardduty_type(kind: &str) -> Privilege {
    match kind {
        "Policy:IAMUser/RootCredentialUsage" => Privilege::Root,
        "Policy:Kubernetes/AdminAccessToDefaultServiceAccount"
        | "PrivilegeEscalation:IAMUser/AdministrativePermissions" => Privilege::Admin,
        _ if kind.starts_with("PrivilegeEscalation:") => Privilege::Escalation,
        _ => Privilege::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_give_the_most_that_one_of_them_gives() {
        for (actions, privilege) in [
            (&["*"][..], Privilege::Admin),
            (&["iam:*"], Privilege::Admin),
            (&["s3:*"], Privilege::Escalation),
            (&["s3:GetObject", "iam:PassRole"], Privilege::Escalation),
            (&["iam:Put*"], Privilege::Escalation),
            (&["s3:PutBucketPolicy"], Privilege::Escalation),
            (&["s3:PutObjectAcl"], Privilege::Escalation),
            (&["sqs:AddPermission"], Privilege::Escalation),
            (&["kms:CreateGrant"], Privilege::Escalation),
            (&["sts:AssumeRole"], Privilege::Write),
            (&["s3:PutObject", "s3:GetObject"], Privilege::Write),
            (&["s3:Delete*"], Privilege::Write),
            (&["s3:Get*", "s3:ListBucket"], Privilege::Read),
            (&["s3:GetBucketPolicy"], Privilege::Read),
            (&["iam:Get*"], Privilege::Read),
            (&["", " "], Privilege::Unknown),
            (&[], Privilege::Unknown),
        ] {
            assert_eq!(of_actions(actions.iter().copied()), privilege, "{actions:?}");
        }
    }

    #[test]
    fn rules_about_the_root_user_say_so_by_every_path() {
        assert_eq!(of_failed_control("iam.4"), Privilege::Root);
        assert_eq!(of_config_rule("iam-root-access-key-check"), Privilege::Root);
        assert_eq!(of_config_rule("iam_root_access_key_check"), Privilege::Root);
        assert_eq!(of_guardduty_type("Policy:IAMUser/RootCredentialUsage"), Privilege::Root);
        assert_eq!(of_failed_control("S3.8"), Privilege::Unknown);
    }
}
