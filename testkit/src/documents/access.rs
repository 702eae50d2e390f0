//! Access Analyzer's findings, in the shapes of `ListFindings`, `ListFindingsV2` and
//! `GetFindingV2`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock::seconds_text;

/// What an analyzer found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessKind {
    /// Somebody outside the zone of trust can use the resource.
    External {
        /// Who: for example `("AWS", "444455556666")` or `("Federated", "accounts.google.com")`;
        /// `("AWS", "*")` for everybody.
        principal: (String, String),
        /// What they can do.
        actions: Vec<String>,
        /// Under which conditions.
        condition: BTreeMap<String, String>,
        /// Whether everybody can.
        is_public: bool,
    },
    /// The analyzer could not look at the resource. It has no `RESOLVED` state: it vanishes.
    Error(&'static str),
    /// Nobody assumed the role.
    UnusedRole {
        /// When it was last assumed, if ever.
        last_accessed: Option<Timestamp>,
    },
    /// Nobody used the access key.
    UnusedAccessKey {
        /// The key.
        access_key: String,
        /// When it was last used, if ever.
        last_accessed: Option<Timestamp>,
    },
    /// Nobody used the console password.
    UnusedPassword {
        /// When it was last used, if ever.
        last_accessed: Option<Timestamp>,
    },
    /// These permissions are granted and not used: service and actions.
    UnusedPermission(Vec<(String, Vec<String>)>),
    /// Somebody inside the organization can use a resource that matters.
    Internal {
        /// The role or user.
        principal: String,
        /// What they can do.
        actions: Vec<String>,
    },
}

impl AccessKind {
    /// The `findingType` of V2.
    pub fn finding_type(&self) -> &'static str {
        match self {
            Self::External { .. } | Self::Error(_) => "ExternalAccess",
            Self::UnusedRole { .. } => "UnusedIAMRole",
            Self::UnusedAccessKey { .. } => "UnusedIAMUserAccessKey",
            Self::UnusedPassword { .. } => "UnusedIAMUserPassword",
            Self::UnusedPermission(_) => "UnusedPermission",
            Self::Internal { .. } => "InternalAccess",
        }
    }

    /// Whether it is about access from outside, which the first API lists with its principal.
    pub(crate) fn is_external(&self) -> bool {
        matches!(self, Self::External { .. } | Self::Error(_))
    }
}

/// A finding of an analyzer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AccessFinding {
    pub id: String,
    pub kind: AccessKind,
    pub resource: String,
    pub resource_type: &'static str,
    pub owner: String,
    /// `ACTIVE`, `ARCHIVED` or `RESOLVED`.
    pub status: &'static str,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub analyzed_at: Timestamp,
}

impl AccessFinding {
    /// As the first API lists it: with principal, actions and condition.
    pub(crate) fn summary_v1(&self) -> Value {
        let mut summary = self.common();
        if let AccessKind::External { .. } = self.kind {
            for (member, value) in self.external_access() {
                summary[member] = value;
            }
        } else {
            summary["condition"] = json!({});
        }
        summary
    }

    /// As the second API lists it: what it is about, without who and how.
    pub(crate) fn summary_v2(&self) -> Value {
        let mut summary = self.common();
        summary["findingType"] = json!(self.kind.finding_type());
        summary
    }

    /// The parts that the second API pages through.
    pub(crate) fn details(&self) -> Vec<Value> {
        let accessed = |at: &Option<Timestamp>| at.map(seconds_text);
        match &self.kind {
            AccessKind::External { .. } => {
                vec![
                    json!({ "externalAccessDetails": Value::Object(self.external_access().collect()) }),
                ]
            }
            AccessKind::Error(_) => vec![json!({ "externalAccessDetails": { "condition": {} } })],
            AccessKind::UnusedRole { last_accessed } => {
                vec![json!({ "unusedIamRoleDetails": without_nulls(&json!({
                    "lastAccessed": accessed(last_accessed)
                })) })]
            }
            AccessKind::UnusedAccessKey { access_key, last_accessed } => {
                vec![json!({ "unusedIamUserAccessKeyDetails": without_nulls(&json!({
                    "accessKeyId": access_key,
                    "lastAccessed": accessed(last_accessed)
                })) })]
            }
            AccessKind::UnusedPassword { last_accessed } => {
                vec![json!({ "unusedIamUserPasswordDetails": without_nulls(&json!({
                    "lastAccessed": accessed(last_accessed)
                })) })]
            }
            AccessKind::UnusedPermission(services) => services
                .iter()
                .map(|(namespace, actions)| {
                    let actions: Value =
                        actions.iter().map(|action| json!({ "action": action })).collect();
                    json!({ "unusedPermissionDetails": {
                        "serviceNamespace": namespace,
                        "actions": actions
                    } })
                })
                .collect(),
            AccessKind::Internal { principal, actions } => vec![json!({ "internalAccessDetails": {
                "action": actions,
                "condition": {},
                "principal": { "AWS": principal },
                "principalOwnerAccount": principal.split(':').nth(4),
                "accessType": if principal.contains(&self.owner) { "INTRA_ACCOUNT" } else { "INTRA_ORG" },
                "principalType": if principal.contains(":user/") { "IAM_USER" } else { "IAM_ROLE" },
                "sources": [{ "type": "POLICY" }],
                "resourceControlPolicyRestriction": "NOT_APPLICABLE",
                "serviceControlPolicyRestriction": "NOT_APPLICABLE"
            } })],
        }
    }

    fn common(&self) -> Value {
        let mut common = json!({
            "id": self.id,
            "resource": self.resource,
            "resourceType": self.resource_type,
            "resourceOwnerAccount": self.owner,
            "status": self.status,
            "createdAt": seconds_text(self.created_at),
            "updatedAt": seconds_text(self.updated_at),
            "analyzedAt": seconds_text(self.analyzed_at)
        });
        if let AccessKind::Error(error) = self.kind {
            common["error"] = json!(error);
        }
        common
    }

    fn external_access(&self) -> impl Iterator<Item = (String, Value)> {
        let AccessKind::External { principal, actions, condition, is_public } = &self.kind else {
            return Map::new().into_iter();
        };
        let members = json!({
            "principal": { principal.0.clone(): principal.1 },
            "action": actions,
            "condition": condition,
            "isPublic": is_public,
            "sources": [{ "type": "POLICY" }],
            "resourceControlPolicyRestriction": "NOT_APPLICABLE"
        });
        match members {
            Value::Object(members) => members.into_iter(),
            _ => Map::new().into_iter(),
        }
    }
}

/// The services leave out what they do not know.
fn without_nulls(value: &Value) -> Value {
    let members = value.as_object().into_iter().flatten();
    let known = members.filter(|(_, value)| !value.is_null());
    Value::Object(known.map(|(key, value)| (key.clone(), value.clone())).collect())
}
