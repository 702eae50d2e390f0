//! How one account is reached.

use std::time::Duration;

use muster_core::ids::{AccountId, Region};

use super::credentials::StaticKeys;

/// How one account is reached. One value for each account that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsSettings {
    /// The account, where the operator names it. Then STS is not asked. `None`: it is the account
    /// of the role, or what STS says of the credentials.
    pub account: Option<AccountId>,
    /// The Region in which STS is asked.
    pub home: Region,
    /// How Muster proves who it is.
    pub credentials: CredentialsSettings,
    /// The role to take in the account.
    pub role: Option<RoleSettings>,
    /// The endpoint of every service. `None`: AWS's own, or what the standard variables
    /// (`AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_SECURITYHUB`…) and the profile say.
    pub endpoint: Option<String>,
    /// How often a call is attempted in all, at least 1. Throttling and failures of AWS and of the
    /// network are retried, with backoff.
    pub attempts_max: u32,
    /// The first backoff; it doubles, up to 20 s, and is drawn at random below that.
    pub backoff: Duration,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// What is read of Trusted Advisor.
    pub trusted_advisor: TrustedAdvisorSettings,
}

/// How Muster proves who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialsSettings {
    /// The standard chain: environment, profile (also SSO and `credential_process`), web identity,
    /// container, instance.
    Chain {
        /// The profile: then only that, whatever the environment says. `None` is the whole chain,
        /// in which the profile is that of `AWS_PROFILE`, or `default`.
        profile: Option<String>,
    },
    /// Fixed keys, for an emulator. The environment, the profile and proxies are not looked at.
    Static(StaticKeys),
}

/// The role to take in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSettings {
    /// `arn:aws:iam::123456789012:role/MusterReader`.
    pub arn: String,
    /// What the role's trust policy asks for, if it does.
    pub external_id: Option<String>,
    /// The name of the session, seen in CloudTrail.
    pub session_name: String,
}

impl RoleSettings {
    /// The account of the role, by its ARN.
    pub fn account(&self) -> Option<AccountId> {
        self.arn.split(':').nth(4)?.parse().ok()
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect.
    pub connect: Duration,
    /// One attempt, body included.
    pub attempt: Duration,
    /// A call with all its attempts and backoffs.
    pub operation: Duration,
}

impl Default for Timeouts {
    /// 3 s, 30 s, 120 s.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            attempt: Duration::from_secs(30),
            operation: Duration::from_mins(2),
        }
    }
}

/// What is read of Trusted Advisor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedAdvisorSettings {
    /// The categories of the checks that are read; empty is all.
    pub categories: Vec<String>,
    /// The language of names and columns. Columns are recognised by their English names.
    pub language: String,
}

impl Default for TrustedAdvisorSettings {
    /// `security`, in English.
    fn default() -> Self {
        Self { categories: vec!["security".to_owned()], language: "en".to_owned() }
    }
}

impl AwsSettings {
    /// The standard chain in its default form, with the defaults of everything else.
    pub fn new(home: Region) -> Self {
        Self {
            account: None,
            home,
            credentials: CredentialsSettings::Chain { profile: None },
            role: None,
            endpoint: None,
            attempts_max: 5,
            backoff: Duration::from_secs(1),
            timeouts: Timeouts::default(),
            trusted_advisor: TrustedAdvisorSettings::default(),
        }
    }

    /// An emulator at `endpoint` that stands for `account`: fixed keys, nothing from the
    /// environment, short backoff.
    pub fn emulator(home: Region, account: AccountId, endpoint: &str) -> Self {
        Self {
            account: Some(account),
            credentials: CredentialsSettings::Static(StaticKeys {
                access_key_id: "AKIAMUSTEREMULATOR00".to_owned(),
                secret_access_key: "emulator".to_owned(),
                session_token: None,
            }),
            endpoint: Some(endpoint.to_owned()),
            backoff: Duration::from_millis(50),
            ..Self::new(home)
        }
    }
}
