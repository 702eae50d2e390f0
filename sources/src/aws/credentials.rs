//! Where credentials come from, so that an error can say which of them to look at.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_credential_types::Credentials;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};

/// Where the credentials of an account come from: what the settings say, and what the chain found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    profile: Option<String>,
    role: Option<String>,
    external_id: bool,
    found: Arc<Mutex<Option<Place>>>,
}

/// Where the standard chain found credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Environment,
    Profile,
    Sso,
    Process,
    WebIdentity,
    Container,
    Instance,
    Settings,
}

impl Origin {
    pub(crate) fn new(profile: Option<&str>, role: Option<&str>, external_id: bool) -> Self {
        Self {
            profile: profile.map(str::to_owned),
            role: role.map(str::to_owned),
            external_id,
            found: Arc::default(),
        }
    }

    /// The role that is taken, if any.
    pub(crate) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// Whether an external id is sent when the role is taken.
    pub(crate) fn has_external_id(&self) -> bool {
        self.external_id
    }

    /// The provider, watched: remembers where it found credentials.
    pub(crate) fn watch(&self, provider: SharedCredentialsProvider) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Watched { provider, origin: self.clone() })
    }

    /// Where a person finds the credentials in use.
    pub(crate) fn place(&self) -> String {
        let found = *self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match (found, self.profile.as_ref()) {
            (Some(Place::Environment), _) => "the environment variables AWS_ACCESS_KEY_ID, \
                                              AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
                .to_owned(),
            (Some(Place::WebIdentity), _) => {
                "the web identity token (AWS_WEB_IDENTITY_TOKEN_FILE, \
                                              AWS_ROLE_ARN)"
                    .to_owned()
            }
            (Some(Place::Container), _) => "the container's credentials \
                                            (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)"
                .to_owned(),
            (Some(Place::Instance), _) => "the instance's role".to_owned(),
            (Some(Place::Settings), _) => "the keys in the settings".to_owned(),
            (Some(Place::Sso), profile) => format!("the SSO session of {}", named(profile)),
            (Some(Place::Process), profile) => format!("credential_process of {}", named(profile)),
            (Some(Place::Profile) | None, Some(profile)) => format!("the profile `{profile}`"),
            (Some(Place::Profile), None) => named(None),
            (None, None) => "the credentials of the standard chain (environment variables, \
                             AWS_PROFILE, web identity, container, instance)"
                .to_owned(),
        }
    }

    /// What to do when there are no credentials.
    pub(crate) fn missing_hint(&self) -> String {
        match &self.profile {
            Some(profile) => format!(
                "the profile `{profile}` gives no credentials: check it in ~/.aws/config and \
                 ~/.aws/credentials (for SSO: aws sso login --profile {profile})"
            ),
            None => {
                "give Muster credentials: name a profile in the settings or in AWS_PROFILE, or \
                     set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run it with an instance, \
                     container or web identity role"
                    .to_owned()
            }
        }
    }

    /// What to do when the credentials are too old.
    pub(crate) fn expired_hint(&self) -> String {
        let found = *self.found.lock().unwrap_or_else(PoisonError::into_inner);
        match (found, &self.profile) {
            (Some(Place::Sso), Some(profile)) => {
                format!("the SSO session has expired: aws sso login --profile {profile}")
            }
            (Some(Place::Sso), None) => "the SSO session has expired: aws sso login".to_owned(),
            (None, Some(profile)) => format!(
                "the session of the profile `{profile}` has expired: renew it (for SSO: aws sso \
                 login --profile {profile})"
            ),
            _ => format!("the credentials have expired: renew {}", self.place()),
        }
    }
}

fn named(profile: Option<&String>) -> String {
    match profile {
        Some(profile) => format!("the profile `{profile}`"),
        None => "the profile in AWS_PROFILE, or `default`".to_owned(),
    }
}

/// A provider that says where its credentials were found.
#[derive(Debug)]
struct Watched {
    provider: SharedCredentialsProvider,
    origin: Origin,
}

impl ProvideCredentials for Watched {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let credentials = self.provider.provide_credentials().await?;
            if let Some(place) = place_of(&credentials) {
                *self.origin.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
            }
            provider::Result::Ok(credentials)
        })
    }

    fn fallback_on_interrupt(&self) -> Option<Credentials> {
        self.provider.fallback_on_interrupt()
    }
}

fn place_of(credentials: &Credentials) -> Option<Place> {
    let features = credentials.get_property::<Vec<AwsCredentialFeature>>()?;
    features.iter().find_map(|feature| {
        Some(match feature {
            AwsCredentialFeature::CredentialsCode => Place::Settings,
            AwsCredentialFeature::CredentialsEnvVars => Place::Environment,
            AwsCredentialFeature::CredentialsSso | AwsCredentialFeature::CredentialsProfileSso => {
                Place::Sso
            }
            AwsCredentialFeature::CredentialsProcess
            | AwsCredentialFeature::CredentialsProfileProcess => Place::Process,
            AwsCredentialFeature::CredentialsEnvVarsStsWebIdToken => Place::WebIdentity,
            AwsCredentialFeature::CredentialsHttp => Place::Container,
            AwsCredentialFeature::CredentialsImds => Place::Instance,
            AwsCredentialFeature::CredentialsProfile
            | AwsCredentialFeature::CredentialsProfileSourceProfile
            | AwsCredentialFeature::CredentialsProfileNamedProvider
            | AwsCredentialFeature::CredentialsProfileStsWebIdToken => Place::Profile,
            _ => return None,
        })
    })
}

/// Fixed keys, for an emulator.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticKeys {
    /// The access key id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// The session token of temporary keys.
    pub session_token: Option<String>,
}

/// Shows the key id and nothing secret.
impl fmt::Debug for StaticKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticKeys")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

impl StaticKeys {
    pub(crate) fn provider(&self) -> SharedCredentialsProvider {
        let mut credentials = Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "muster settings",
        );
        credentials
            .get_property_mut_or_default::<Vec<AwsCredentialFeature>>()
            .push(AwsCredentialFeature::CredentialsCode);
        SharedCredentialsProvider::new(credentials)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An origin after its provider gave credentials that were found so.
    async fn found(profile: Option<&str>, feature: AwsCredentialFeature) -> Origin {
        let mut credentials = Credentials::new("AKIA", "secret", None, None, "test");
        credentials
            .get_property_mut_or_default::<Vec<AwsCredentialFeature>>()
            .extend([AwsCredentialFeature::ResolvedAccountId, feature]);
        let origin = Origin::new(profile, None, false);
        let provider = origin.watch(SharedCredentialsProvider::new(credentials));
        provider.provide_credentials().await.unwrap();
        origin
    }

    #[tokio::test]
    async fn advice_names_where_the_credentials_were_found() {
        for (feature, place) in [
            (AwsCredentialFeature::CredentialsEnvVars, "AWS_SESSION_TOKEN"),
            (AwsCredentialFeature::CredentialsEnvVarsStsWebIdToken, "AWS_WEB_IDENTITY_TOKEN_FILE"),
            (AwsCredentialFeature::CredentialsHttp, "the container's credentials"),
            (AwsCredentialFeature::CredentialsImds, "the instance's role"),
            (AwsCredentialFeature::CredentialsProfile, "AWS_PROFILE"),
            (AwsCredentialFeature::CredentialsCode, "the keys in the settings"),
        ] {
            let origin = found(None, feature).await;

            assert!(origin.place().contains(place), "{}", origin.place());
            assert!(origin.expired_hint().contains(place), "{}", origin.expired_hint());
        }
    }

    #[tokio::test]
    async fn an_expired_session_of_sso_is_renewed_by_its_command() {
        let sso = || AwsCredentialFeature::CredentialsProfileSso;

        let named = found(Some("audit"), sso()).await.expired_hint();
        let unnamed = found(None, sso()).await.expired_hint();

        assert!(named.ends_with("aws sso login --profile audit"), "{named}");
        assert!(unnamed.ends_with("aws sso login"), "{unnamed}");
    }

    #[test]
    fn advice_before_anything_was_found_names_the_profile_or_the_chain() {
        let profile = Origin::new(Some("audit"), None, false);
        let chain = Origin::new(None, None, false);

        assert!(profile.missing_hint().contains("the profile `audit` gives no credentials"));
        assert!(chain.missing_hint().contains("AWS_PROFILE"));
        assert!(chain.place().contains("standard chain"));
    }

    #[test]
    fn keys_are_not_shown() {
        let keys = StaticKeys {
            access_key_id: "AKIA".to_owned(),
            secret_access_key: "hidden".to_owned(),
            session_token: Some("hidden".to_owned()),
        };

        assert_eq!(format!("{keys:?}"), r#"StaticKeys { access_key_id: "AKIA", .. }"#);
    }
}
