//! AWS, as one account sees it.
//!
//! [`connect`] turns [`AwsSettings`] into an [`AwsAccount`]; the account gives out a [`Source`] for
//! each product and Region. Everything that all calls share is here and below: credentials,
//! endpoints, timeouts, retries, pacing, the bytes of the answer, and what a failure means. The
//! products' shells know only their operations.
//!
//! Only this crate names the SDK's types; none of them is in its public interface.

mod caller;
mod capture;
mod credentials;
mod fault;
mod pacing;
mod pages;
mod settings;
mod verdict;

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::config::SharedIdentityCache;
use aws_smithy_http_client::tls;
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use muster_core::ids::{AccountId, Region};
use muster_core::time::Millis;
use muster_core::unit::SourceKind;

pub use capture::BODY_BYTES_MAX;
pub use credentials::StaticKeys;
pub use pacing::{Pacer, Scope, TokenBuckets};
pub use pages::PAGES_MAX;
pub use settings::{
    AwsSettings, CredentialsSettings, RoleSettings, Timeouts, TrustedAdvisorSettings,
};

pub(crate) use caller::{Answer, Caller};
pub(crate) use pages::Pages;

use crate::access_analyzer::shell::AccessAnalyzer;
use crate::guardduty::shell::GuardDuty;
use crate::inspector::shell::Inspector;
use crate::operations::Operation;
use crate::security_hub::shell::SecurityHub;
use crate::source::{Fault, Source, SourceError};
use crate::trusted_advisor::shell::TrustedAdvisor;
use credentials::Origin;

/// How long getting credentials may take: a role in another account after an SSO session needs
/// several calls.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(20);

/// The longest backoff between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(20);

/// An account that can be read.
#[derive(Clone, Debug)]
pub struct AwsAccount {
    account: AccountId,
    home: Region,
    config: SdkConfig,
    pacer: Arc<dyn Pacer>,
    origin: Origin,
    trusted_advisor: TrustedAdvisorSettings,
}

/// Whom AWS takes us for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account that the credentials belong to.
    pub account: AccountId,
    /// The user or the session of a role.
    pub arn: String,
    /// What AWS's clock said when it answered; `None` when it did not say.
    pub date: Option<Millis>,
}

/// Prepares to read an account.
///
/// Asks AWS (`sts:GetCallerIdentity`) only where neither the settings nor the role say which account
/// it is. So with an account in the settings it does not fail for want of a network or credentials:
/// then each unit says so by itself.
///
/// # Errors
///
/// When STS does not say which account it is, or the role is in another account than the settings
/// name.
pub async fn connect(
    settings: &AwsSettings,
    pacer: Arc<dyn Pacer>,
) -> Result<AwsAccount, SourceError> {
    let role = settings.role.as_ref();
    let profile = match &settings.credentials {
        CredentialsSettings::Chain { profile } => profile.as_deref(),
        CredentialsSettings::Static(_) => None,
    };
    let origin = Origin::new(
        profile,
        role.map(|role| role.arn.as_str()),
        role.is_some_and(|role| role.external_id.is_some()),
    );
    let mut config = load(settings, &origin).await;
    if let Some(role) = role {
        config = take_role(config, role).await;
    }
    let scope = Scope { account: None, region: settings.home.clone() };
    let caller = Caller::new(config.clone(), scope, Arc::clone(&pacer), origin.clone());
    let account = account_of(settings, &caller).await?;
    Ok(AwsAccount {
        account,
        home: settings.home.clone(),
        config,
        pacer,
        origin,
        trusted_advisor: settings.trusted_advisor.clone(),
    })
}

impl AwsAccount {
    /// Which account it is.
    pub fn id(&self) -> AccountId {
        self.account
    }

    /// Asks STS who the credentials belong to, in the Region of the settings.
    ///
    /// # Errors
    ///
    /// When there are no credentials, the role cannot be taken, or STS does not answer.
    pub async fn identity(&self) -> Result<Identity, SourceError> {
        who(&self.caller(&self.home)).await
    }

    /// A product's API in a Region; `None` for a product that is not collected
    /// ([`SourceKind::COLLECTED`]).
    ///
    /// Trusted Advisor has one endpoint in each partition (us-east-1, cn-north-1, us-gov-west-1):
    /// whatever the Region, its source and units are there. See [`Self::sources`].
    pub fn source(&self, kind: SourceKind, region: &Region) -> Option<Box<dyn Source>> {
        let region = endpoint_region(kind, region);
        let caller = self.caller(&region);
        Some(match kind {
            SourceKind::SecurityHub => Box::new(SecurityHub::new(self.account, caller)),
            SourceKind::GuardDuty => Box::new(GuardDuty::new(self.account, caller)),
            SourceKind::AccessAnalyzer => Box::new(AccessAnalyzer::new(self.account, caller)),
            SourceKind::TrustedAdvisor => {
                let settings = self.trusted_advisor.clone();
                Box::new(TrustedAdvisor::new(self.account, caller, settings))
            }
            SourceKind::Inspector => Box::new(Inspector::new(self.account, caller)),
            SourceKind::Macie | SourceKind::Config => return None,
        })
    }

    /// A source for each kind and Region, and one for a kind that has one Region only.
    pub fn sources(&self, kinds: &[SourceKind], regions: &[Region]) -> Vec<Box<dyn Source>> {
        let mut pairs = Vec::new();
        for kind in kinds {
            for region in regions {
                let pair = (*kind, endpoint_region(*kind, region));
                if !pairs.contains(&pair) {
                    pairs.push(pair);
                }
            }
        }
        pairs.into_iter().filter_map(|(kind, region)| self.source(kind, &region)).collect()
    }

    fn caller(&self, region: &Region) -> Caller {
        let config = self
            .config
            .to_builder()
            .region(aws_config::Region::new(region.as_str().to_owned()))
            .build();
        let scope = Scope { account: Some(self.account), region: region.clone() };
        Caller::new(config, scope, Arc::clone(&self.pacer), self.origin.clone())
    }
}

/// The Region whose endpoint serves a product for `region`.
///
/// The Support API is served, and its requests are signed, in one Region of each partition; an
/// endpoint setting does not change the signing Region, so the client's Region must.
fn endpoint_region(kind: SourceKind, region: &Region) -> Region {
    match kind {
        SourceKind::SecurityHub
        | SourceKind::GuardDuty
        | SourceKind::AccessAnalyzer
        | SourceKind::Inspector
        | SourceKind::Macie
        | SourceKind::Config => region.clone(),
        SourceKind::TrustedAdvisor => {
            let code = match region.partition() {
                "aws" => "us-east-1",
                "aws-cn" => "cn-north-1",
                "aws-us-gov" => "us-gov-west-1",
                "aws-iso" => "us-iso-east-1",
                "aws-iso-b" => "us-isob-east-1",
                _ => return region.clone(),
            };
            code.parse().expect("the codes above are Regions")
        }
    }
}

/// The configuration that all clients of the account share.
async fn load(settings: &AwsSettings, origin: &Origin) -> SdkConfig {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(settings.timeouts.connect)
        .operation_attempt_timeout(settings.timeouts.attempt)
        .operation_timeout(settings.timeouts.operation)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(settings.attempts_max.max(1))
        .with_initial_backoff(settings.backoff)
        .with_max_backoff(BACKOFF_MAX);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(aws_config::Region::new(settings.home.as_str().to_owned()))
        .app_name(AppName::new("muster").expect("`muster` is a valid app name"))
        .timeout_config(timeouts)
        .retry_config(retries)
        .identity_cache(identity_cache());
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let config = match &settings.credentials {
        CredentialsSettings::Chain { profile: Some(profile) } => {
            let provider = of_profile(profile, &settings.home);
            loader.profile_name(profile).credentials_provider(provider).load().await
        }
        CredentialsSettings::Chain { profile: None } => loader.load().await,
        CredentialsSettings::Static(keys) => hermetic(loader, keys.provider()).load().await,
    };
    match config.credentials_provider() {
        Some(provider) => config.to_builder().credentials_provider(origin.watch(provider)).build(),
        None => config,
    }
}

/// The credentials of a profile that the settings name. In the chain, variables of the environment
/// would come before it, and another account would be read than the operator meant.
fn of_profile(profile: &str, home: &Region) -> ProfileFileCredentialsProvider {
    let region = aws_config::Region::new(home.as_str().to_owned());
    let config = ProviderConfig::without_region().with_region(Some(region));
    ProfileFileCredentialsProvider::builder().profile_name(profile).configure(&config).build()
}

/// Takes nothing from where the process runs: no variables, no profile, no proxy, and no trust
/// store, which a bare container does not have.
fn hermetic(loader: ConfigLoader, provider: SharedCredentialsProvider) -> ConfigLoader {
    let loader = loader.empty_test_environment().credentials_provider(provider);
    let context = tls::TlsContext::builder().with_trust_store(tls::TrustStore::empty()).build();
    match context {
        Ok(context) => loader.http_client(
            aws_smithy_http_client::Builder::new()
                .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc))
                .tls_context(context)
                .build_https(),
        ),
        // Then the default client, which only asks more of the machine.
        Err(_) => loader,
    }
}

fn identity_cache() -> SharedIdentityCache {
    IdentityCache::lazy().load_timeout(CREDENTIALS_TIMEOUT).build()
}

/// The same configuration with the credentials of a role. The SDK caches and renews them.
async fn take_role(config: SdkConfig, role: &RoleSettings) -> SdkConfig {
    let mut builder =
        AssumeRoleProvider::builder(&role.arn).session_name(&role.session_name).configure(&config);
    if let Some(external_id) = &role.external_id {
        builder = builder.external_id(external_id);
    }
    let provider = SharedCredentialsProvider::new(builder.build().await);
    config.into_builder().credentials_provider(provider).identity_cache(identity_cache()).build()
}

/// Which account the settings, the role or STS say.
async fn account_of(settings: &AwsSettings, caller: &Caller) -> Result<AccountId, SourceError> {
    let of_role = settings.role.as_ref().and_then(RoleSettings::account);
    match (settings.account, of_role) {
        (Some(named), Some(of_role)) if named != of_role => Err(caller.fault(
            Operation::AssumeRole,
            Fault::Settings,
            format!("the settings name account {named}, but the role is in {of_role}"),
        )),
        (Some(account), _) | (None, Some(account)) => Ok(account),
        (None, None) => who(caller).await.map(|identity| identity.account),
    }
}

async fn who(caller: &Caller) -> Result<Identity, SourceError> {
    let operation = Operation::GetCallerIdentity;
    let client = aws_sdk_sts::Client::new(caller.config());
    let request = client.get_caller_identity();
    let (identity, date) = caller
        .call_typed(operation, |capture| request.customize().interceptor(capture).send())
        .await?;
    let account = identity.account().unwrap_or_default().parse().map_err(|error| {
        caller.fault(operation, Fault::BodyUnreadable, format!("the answer's account: {error}"))
    })?;
    let date = DateTime::from_str(&date, Format::HttpDate).ok();
    let date = date.and_then(|date| date.to_millis().ok()).map(Millis);
    Ok(Identity { account, arn: identity.arn().unwrap_or_default().to_owned(), date })
}

#[cfg(test)]
mod tests;
