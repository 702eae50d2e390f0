//! Security Token Service: who am I, and roles in other accounts. The query protocol, XML answers.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use super::State;
use super::error::{ApiError, ErrorKind, invalid, xml_text};
use super::request::{Call, pairs};
use crate::clock::{earlier, later, seconds_text};
use crate::operation::Service;
use crate::scope::Scope;
use crate::seeded;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// The sessions of assumed roles, by access key.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    by_key: HashMap<String, Session>,
    opened: u64,
}

#[derive(Debug)]
struct Session {
    account: String,
    role: String,
    name: String,
    token: String,
    expires_at: Timestamp,
}

impl Sessions {
    /// Forgets sessions that ran out a day ago, so that a long run does not gather them.
    fn forget_old(&mut self, now: Timestamp) {
        let edge = earlier(now, Duration::from_hours(24));
        self.by_key.retain(|_, session| session.expires_at > edge);
    }

    /// Whose session this is; `None` when no session has the key.
    pub(crate) fn account_of(
        &self,
        key: &str,
        token: Option<&str>,
        now: Timestamp,
    ) -> Option<Result<String, ErrorKind>> {
        let session = self.by_key.get(key)?;
        Some(if token != Some(session.token.as_str()) {
            Err(ErrorKind::UnrecognizedClient)
        } else if now >= session.expires_at {
            Err(ErrorKind::ExpiredToken)
        } else {
            Ok(session.account.clone())
        })
    }
}

/// `GetCallerIdentity`.
pub(crate) fn get_caller_identity(state: &State, key: &str, scope: &Scope, id: &str) -> Vec<u8> {
    let account = &scope.account;
    let (user_id, arn) = match state.sessions.by_key.get(key) {
        Some(session) => (
            format!("{}:{}", role_id(account, &session.role), session.name),
            format!("arn:aws:sts::{account}:assumed-role/{}/{}", session.role, session.name),
        ),
        None => (
            format!("AIDA{}", seeded::capitals(0, &["caller", account], 17)),
            format!("arn:aws:iam::{account}:user/muster"),
        ),
    };
    format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult>\
         <Arn>{}</Arn><UserId>{}</UserId><Account>{account}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>",
        xml_text(&arn),
        xml_text(&user_id),
    )
    .into_bytes()
}

/// `AssumeRole`: any role of an account of this world, with the external id that it asks for.
pub(crate) fn assume_role(
    state: &mut State,
    call: &Call,
    scope: &Scope,
    now: Timestamp,
    id: &str,
) -> Result<Vec<u8>, ApiError> {
    let form = pairs(std::str::from_utf8(&call.body).unwrap_or_default());
    let field =
        |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let refused = |message: &str| invalid(Service::Sts, message);
    let role_arn = field("RoleArn").ok_or_else(|| refused("RoleArn is required"))?;
    let name = field("RoleSessionName").ok_or_else(|| refused("RoleSessionName is required"))?;
    let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, role] = parts[..] else {
        return Err(refused(&format!("{role_arn} is invalid")));
    };
    let role =
        role.strip_prefix("role/").ok_or_else(|| refused(&format!("{role_arn} is invalid")))?;
    let role = role.rsplit('/').next().unwrap_or(role);
    let lifetime = match field("DurationSeconds").map(str::parse::<u64>) {
        None => state.config.session_lifetime,
        Some(Ok(seconds @ 900..=43_200)) => Duration::from_secs(seconds),
        Some(_) => return Err(refused("DurationSeconds must be between 900 and 43200")),
    };
    let wanted = state.config.external_ids.get(account);
    let is_trusted = state.config.world.has_account(account)
        && wanted.is_none_or(|wanted| field("ExternalId") == Some(wanted.as_str()));
    if !is_trusted {
        let message = format!(
            "User: arn:aws:iam::{}:user/muster is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            scope.account
        );
        return Err(ApiError::new(403, "AccessDenied", message));
    }
    state.sessions.forget_old(now);
    state.sessions.opened += 1;
    let number = state.sessions.opened.to_string();
    let key = format!("ASIA{}", seeded::capitals(0, &["session key", &number], 16));
    let secret = seeded::hex(0, &["session secret", &number], 40);
    let token = seeded::opaque(0, &["session token", &number]).repeat(4);
    let expires_at = later(now, lifetime);
    let answer = format!(
        "<AssumeRoleResponse xmlns=\"{NAMESPACE}\"><AssumeRoleResult><AssumedRoleUser>\
         <AssumedRoleId>{}:{}</AssumedRoleId>\
         <Arn>arn:aws:sts::{account}:assumed-role/{role}/{}</Arn></AssumedRoleUser><Credentials>\
         <AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{token}</SessionToken><Expiration>{}</Expiration></Credentials>\
         </AssumeRoleResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
         </AssumeRoleResponse>",
        role_id(account, role),
        xml_text(name),
        xml_text(name),
        seconds_text(expires_at),
    );
    let (account, role, name) = (account.to_owned(), role.to_owned(), name.to_owned());
    let session = Session { account, role, name, token, expires_at };
    state.sessions.by_key.insert(key, session);
    Ok(answer.into_bytes())
}

fn role_id(account: &str, role: &str) -> String {
    format!("AROA{}", seeded::capitals(0, &["role", account, role], 17))
}
