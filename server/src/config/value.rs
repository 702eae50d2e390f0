//! Where a setting comes from, and what is said when it is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::AccountConfig;

/// The table of accounts in the file, and `MUSTER_ACCOUNTS`.
const ACCOUNTS: &str = "accounts";

/// A setting that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that is not what it should be.
    #[error("{name}: `{value}` is not {expected}")]
    Value {
        /// The setting, with the place where it was set.
        name: String,
        /// What it was set to.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// A setting that must be given.
    #[error("{name} is not set; expected {expected}")]
    Missing {
        /// The setting.
        name: String,
        /// What would be right.
        expected: String,
    },
    /// A name that is no setting.
    #[error("{name} is not a setting; the settings are {known}")]
    Unknown {
        /// As written.
        name: String,
        /// All there are.
        known: String,
    },
    /// The file is not TOML.
    #[error("the settings file is not TOML: {0}")]
    Syntax(String),
}

/// Gives the environment variable of a name.
type Lookup<'a> = Box<dyn Fn(&str) -> Option<String> + 'a>;

/// The settings as they were given.
pub(super) struct Settings<'a> {
    file: BTreeMap<String, String>,
    accounts: Vec<toml::Table>,
    lookup: Lookup<'a>,
    known: BTreeSet<String>,
}

impl<'a> Settings<'a> {
    pub(super) fn new(
        file: Option<&str>,
        lookup: impl Fn(&str) -> Option<String> + 'a,
    ) -> Result<Self, ConfigError> {
        let table: toml::Table = file
            .unwrap_or_default()
            .parse()
            .map_err(|error: toml::de::Error| ConfigError::Syntax(error.to_string()))?;
        let mut settings = Self {
            file: BTreeMap::new(),
            accounts: Vec::new(),
            lookup: Box::new(lookup),
            known: BTreeSet::new(),
        };
        settings.flatten("", table)?;
        Ok(settings)
    }

    /// Dotted names for nested tables; lists become texts with commas, as in a variable.
    fn flatten(&mut self, prefix: &str, table: toml::Table) -> Result<(), ConfigError> {
        for (key, value) in table {
            let name = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            let text = match value {
                toml::Value::Table(inner) => {
                    self.flatten(&name, inner)?;
                    continue;
                }
                toml::Value::Array(items) if name == ACCOUNTS => {
                    for item in items {
                        match item {
                            toml::Value::Table(account) => self.accounts.push(account),
                            other => {
                                return Err(wrong(&name, &plain(other), "a table: [[accounts]]"));
                            }
                        }
                    }
                    continue;
                }
                toml::Value::Array(items) => {
                    let texts: Vec<String> = items.into_iter().map(plain).collect();
                    texts.join(",")
                }
                other => plain(other),
            };
            self.file.insert(name, text);
        }
        Ok(())
    }

    /// The text of a setting, and where it was set.
    fn given(&mut self, name: &str) -> Option<(String, String)> {
        self.known.insert(name.to_owned());
        let variable = variable(name);
        if let Some(text) = (self.lookup)(&variable) {
            return Some((text, format!("{name} (from {variable})")));
        }
        Some((self.file.get(name)?.clone(), name.to_owned()))
    }

    /// A setting with a default; the empty default must be right or the setting must be given.
    pub(super) fn parse<T>(
        &mut self,
        name: &str,
        default: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, ConfigError> {
        let Some((text, place)) = self.given(name) else {
            return parse(default).ok_or_else(|| ConfigError::Missing {
                name: format!("{name} ({})", variable(name)),
                expected: expected.to_owned(),
            });
        };
        parse(text.trim()).ok_or_else(|| wrong(&place, &text, expected))
    }

    /// A setting that may be absent.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        expected: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, ConfigError> {
        self.parse(name, "", expected, |text| {
            if text.is_empty() { Some(None) } else { parse(text).map(Some) }
        })
    }

    /// A length of time.
    pub(super) fn duration(&mut self, name: &str, default: &str) -> Result<Duration, ConfigError> {
        self.parse(name, default, "a length of time such as 30s, 5m, 6h or 90d, not 0", duration)
    }

    /// A number within limits.
    pub(super) fn number<T>(
        &mut self,
        name: &str,
        default: &str,
        range: std::ops::RangeInclusive<T>,
    ) -> Result<T, ConfigError>
    where
        T: std::str::FromStr + PartialOrd + std::fmt::Display,
    {
        let expected = format!("a number from {} to {}", range.start(), range.end());
        self.parse(name, default, &expected, |text| {
            text.parse().ok().filter(|number| range.contains(number))
        })
    }

    /// The accounts: `[[accounts]]` in the file, or `MUSTER_ACCOUNTS` as
    /// `123456789012,arn:aws:iam::210987654321:role/MusterReader`.
    pub(super) fn accounts(&mut self) -> Result<Vec<AccountConfig>, ConfigError> {
        const EXPECTED: &str = "a list of account ids and role ARNs";
        let external_id = self.optional("external_id", "a text", |text| Some(text.to_owned()))?;
        if let Some((text, place)) = self.given(ACCOUNTS) {
            let accounts = list(&text, |item| account(item, external_id.as_ref()));
            return accounts.ok_or_else(|| wrong(&place, &text, EXPECTED));
        }
        let tables = std::mem::take(&mut self.accounts);
        tables.into_iter().map(|table| account_table(table, external_id.as_ref())).collect()
    }

    /// Refuses what was given and is no setting.
    pub(super) fn finish(self) -> Result<(), ConfigError> {
        let unknown = self.file.keys().find(|name| !self.known.contains(*name));
        unknown.map_or(Ok(()), |name| {
            let known: Vec<_> = self.known.iter().map(String::as_str).collect();
            Err(ConfigError::Unknown { name: format!("`{name}`"), known: known.join(", ") })
        })
    }
}

/// An account as one word: an id or the ARN of a role in it.
fn account(text: &str, external_id: Option<&String>) -> Option<AccountConfig> {
    if let Ok(id) = text.parse() {
        return Some(AccountConfig { id: Some(id), ..AccountConfig::default() });
    }
    let id = role_account(text)?;
    Some(AccountConfig {
        id: Some(id),
        role_arn: Some(text.to_owned()),
        external_id: external_id.cloned(),
        profile: None,
    })
}

fn role_account(arn: &str) -> Option<muster_core::ids::AccountId> {
    let mut parts = arn.splitn(6, ':');
    let (arn, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let fits = arn == "arn" && service == "iam" && resource.starts_with("role/");
    fits.then(|| account.parse().ok()).flatten()
}

fn account_table(
    table: toml::Table,
    external_id: Option<&String>,
) -> Result<AccountConfig, ConfigError> {
    let mut account = AccountConfig { external_id: external_id.cloned(), ..Default::default() };
    for (key, value) in table {
        let (name, text) = (format!("{ACCOUNTS}.{key}"), plain(value));
        match key.as_str() {
            "id" => {
                let id = text
                    .parse()
                    .map_err(|_| wrong(&name, &text, "an account id: twelve digits, in quotes"))?;
                account.id = Some(id);
            }
            "role_arn" => {
                let expected = "a role ARN such as arn:aws:iam::123456789012:role/MusterReader";
                let id = role_account(&text).ok_or_else(|| wrong(&name, &text, expected))?;
                account.id = account.id.or(Some(id));
                account.role_arn = Some(text);
            }
            "external_id" => account.external_id = Some(text),
            "profile" => account.profile = Some(text),
            _ => {
                let known = "id, role_arn, external_id, profile".to_owned();
                return Err(ConfigError::Unknown { name: format!("`{name}`"), known });
            }
        }
    }
    Ok(account)
}

/// The environment variable of a setting.
fn variable(name: &str) -> String {
    format!("MUSTER_{}", name.to_ascii_uppercase().replace(['.', '-'], "_"))
}

fn wrong(name: &str, value: &str, expected: &str) -> ConfigError {
    let value = value.chars().take(128).collect();
    ConfigError::Value { name: name.to_owned(), value, expected: expected.to_owned() }
}

/// A value as it would stand in a variable.
fn plain(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Boolean(value) => value.to_string(),
        toml::Value::Datetime(time) => time.to_string(),
        toml::Value::Array(_) => "[…]".to_owned(),
        toml::Value::Table(_) => "{…}".to_owned(),
    }
}

/// The items of a text with commas; `None` when one of them is wrong.
pub(super) fn list<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(parse).collect()
}

/// What is expected of a list of names.
pub(super) fn one_of(names: &[&str]) -> String {
    format!("one or more of {}", names.join(", "))
}

/// `30s`, `5m`, `6h`, `90d`; not zero, at most ten years.
fn duration(text: &str) -> Option<Duration> {
    const SECONDS_MAX: u64 = 10 * 365 * 86_400;
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds)?;
    (1..=SECONDS_MAX).contains(&seconds).then(|| Duration::from_secs(seconds))
}
