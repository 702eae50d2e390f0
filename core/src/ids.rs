//! Identifiers: a value that exists is right.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// Why a text is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseIdError {
    text: String,
    expected: &'static str,
}

impl ParseIdError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(64).collect(), expected }
    }
}

/// An AWS account: twelve digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an account id is twelve ASCII digits")
    }

    /// The account as a number, below 10^12.
    pub fn number(self) -> u64 {
        self.0.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
    }
}

impl FromStr for AccountId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let digits: [u8; 12] = text
            .as_bytes()
            .try_into()
            .ok()
            .filter(|digits: &[u8; 12]| digits.iter().all(u8::is_ascii_digit))
            .ok_or_else(|| ParseIdError::new(text, "an AWS account id (twelve digits)"))?;
        Ok(Self(digits))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An AWS Region code such as `eu-central-1`, or `global` for what belongs to none.
///
/// Lower-case letters, digits and hyphens, at most 32: new Regions need no new release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(String);

impl Region {
    /// The pseudo-Region of global services.
    pub fn global() -> Self {
        Self("global".to_owned())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition the Region lies in: `aws`, `aws-cn`, `aws-us-gov`, `aws-iso…`.
    pub fn partition(&self) -> &'static str {
        match self.0.as_str() {
            code if code.starts_with("cn-") => "aws-cn",
            code if code.starts_with("us-gov-") => "aws-us-gov",
            code if code.starts_with("us-iso-") => "aws-iso",
            code if code.starts_with("us-isob-") => "aws-iso-b",
            code if code.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        }
    }
}

impl FromStr for Region {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let fits = (2..=32).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParseIdError::new(text, "an AWS Region code such as eu-central-1"))
        }
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of a finding: 128 bits derived from its finding key.
///
/// Written as `fnd_` and 26 characters of lower-case base32 (RFC 4648, `a`-`z` and `2`-`7`). The
/// same key gives the same id on every machine, so a rebuilt store keeps links from tickets alive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(pub [u8; 16]);

/// What every finding id starts with.
pub const FINDING_ID_PREFIX: &str = "fnd_";

/// Lower-case base32 without padding (RFC 4648 alphabet).
fn base32() -> data_encoding::Encoding {
    let mut spec = data_encoding::Specification::new();
    spec.symbols.push_str("abcdefghijklmnopqrstuvwxyz234567");
    spec.encoding().expect("the base32 alphabet is valid")
}

impl FindingId {
    /// Derives the id from a finding key in canonical form.
    pub fn derive(finding_key: &str) -> Self {
        Self(digest128(finding_key.as_bytes()))
    }
}

impl FromStr for FindingId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = || ParseIdError::new(text, "a finding id (`fnd_` and 26 characters of a-z2-7)");
        let body = text.strip_prefix(FINDING_ID_PREFIX).ok_or_else(error)?;
        let bytes = base32().decode(body.as_bytes()).map_err(|_| error())?;
        Ok(Self(bytes.try_into().map_err(|_| error())?))
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FINDING_ID_PREFIX}{}", base32().encode(&self.0))
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A position in the change log: 1 for the first change, then one more for each. 0 is "before the
/// first" and "does not exist yet".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl Revision {
    /// Before the first change.
    pub const ZERO: Self = Self(0);

    /// The one after this.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The first 128 bits of the SHA-256 of `bytes`.
pub fn digest128(bytes: &[u8]) -> [u8; 16] {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let (first, _) = digest.split_first_chunk::<16>().expect("SHA-256 has 32 bytes");
    *first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_twelve_digits() {
        assert_eq!("000000000012".parse::<AccountId>().unwrap().number(), 12);

        for text in ["", "1234", "12345678901a", "1234567890123"] {
            let error = text.parse::<AccountId>().unwrap_err();

            assert!(error.to_string().contains("twelve digits"), "{error}");
        }
    }

    #[test]
    fn a_region_says_its_partition() {
        let partition = |code: &str| code.parse::<Region>().unwrap().partition();

        assert_eq!(partition("eu-central-1"), "aws");
        assert_eq!(partition("us-gov-west-1"), "aws-us-gov");
        assert_eq!(partition("cn-north-1"), "aws-cn");
        assert!("EU (Frankfurt)".parse::<Region>().is_err());
    }

    #[test]
    fn a_finding_id_reads_back_and_never_changes() {
        let id = FindingId::derive("gd|aws|eu-west-1|123456789012|d6badb90");

        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().len(), 30);
        assert_eq!(id, FindingId::derive("gd|aws|eu-west-1|123456789012|d6badb90"));
        assert!("fnd_x".parse::<FindingId>().is_err());
    }
}
