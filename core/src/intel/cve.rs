//! A CVE as a number.

use std::fmt;

/// The year from which CVE ids count.
const FIRST_YEAR: u32 = 1999;

/// How many bits the number within the year has: ids have four digits or more, and seven so far.
const NUMBER_BITS: u32 = 26;

/// A CVE id, ordered by year and number.
///
/// Ids from 1999 to 2062 with numbers below 67,108,864 fit; others do not occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cve(u32);

impl Cve {
    /// Reads `CVE-2021-44228`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let (prefix, rest) = text.split_at_checked(4)?;
        let (year, number) = rest.split_once('-')?;
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if !prefix.eq_ignore_ascii_case("CVE-")
            || year.len() != 4
            || number.len() < 4
            || !digits(year)
            || !digits(number)
        {
            return None;
        }
        let year = year.parse::<u32>().ok()?.checked_sub(FIRST_YEAR)?;
        let number = number.parse::<u32>().ok()?;
        let fits = year >> (u32::BITS - NUMBER_BITS) == 0 && number >> NUMBER_BITS == 0;
        fits.then_some(Self((year << NUMBER_BITS) | number))
    }
}

impl fmt::Display for Cve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = (self.0 >> NUMBER_BITS) + FIRST_YEAR;
        let number = self.0 & ((1 << NUMBER_BITS) - 1);
        write!(f, "CVE-{year}-{number:04}")
    }
}
