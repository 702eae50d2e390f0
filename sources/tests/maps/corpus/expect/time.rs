//! Points in time.

use serde_json::Value;

/// Milliseconds since 1970 of the forms that the corpus has; `None` for what is no time.
pub(super) fn millis(value: &Value) -> Option<i64> {
    if value["__class__"] == "datetime" {
        let part = |name: &str| value[name].as_i64().unwrap();
        let days = days(part("year"), part("month"), part("day"));
        let seconds = part("hour") * 3600 + part("minute") * 60 + part("second");
        return Some((days * 86400 + seconds) * 1000 + part("microsecond") / 1000);
    }
    let text = value.as_str()?;
    let (date, time) = (text.get(..10)?, text.get(11..)?);
    let mut date = date.split('-').map(str::parse::<i64>);
    let days = days(date.next()?.ok()?, date.next()?.ok()?, date.next()?.ok()?);
    let clock = time.get(..8).filter(|clock| clock.as_bytes()[2] == b':')?;
    let mut parts = clock.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    let rest = &time[8..];
    let digits: String =
        rest.trim_start_matches('.').chars().take_while(char::is_ascii_digit).collect();
    let fraction = format!("{digits:0<3}").get(..3)?.parse::<i64>().unwrap_or_default();
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "" | "Z" | "+00:00" => 0,
        zone => {
            let minutes = zone[1..3].parse::<i64>().ok()? * 60 + zone[4..6].parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes } else { minutes }
        }
    };
    let seconds = hour * 3600 + (minute - offset) * 60 + second;
    Some((days * 86400 + seconds) * 1000 + fraction)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let years: i64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
    let before = usize::try_from(month - 1).unwrap();
    let months: i64 = lengths[..before].iter().sum();
    years + months + i64::from(month > 2 && is_leap(year)) + day - 1
}
