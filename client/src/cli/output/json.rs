//! JSON that is safe on a terminal and loses nothing.
//!
//! `serde_json` escapes the C0 controls only. The other characters that [`SafeText`] takes out are
//! written as `\u` escapes here, which every JSON reader turns back into the same text.
//!
//! [`SafeText`]: crate::cli::safe_text::SafeText

use std::fmt::Write;

use serde::Serialize;

use crate::cli::safe_text::is_hostile;

/// One line, with its line feed.
pub(crate) fn to_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = compact(value)?;
    line.push('\n');
    Ok(line)
}

/// One line, without a line feed.
pub(crate) fn compact(value: &impl Serialize) -> serde_json::Result<String> {
    let json = serde_json::to_string(value)?;
    // Embedded documents are written as they were read. Outside strings a line break is only
    // layout, and inside strings JSON has none.
    Ok(escaped(json.replace(['\n', '\r'], " ")))
}

/// Indented, with a line feed at the end.
pub(crate) fn to_pretty(value: &impl Serialize) -> serde_json::Result<String> {
    let mut json = escaped(serde_json::to_string_pretty(value)?);
    json.push('\n');
    Ok(json)
}

/// Replaces hostile characters by escapes. In valid JSON they are inside strings, except for line
/// breaks, carriage returns and tabs, which are layout and stay.
pub(crate) fn escaped(json: String) -> String {
    let must = |character: char| is_hostile(character) && !matches!(character, '\n' | '\r' | '\t');
    if !json.contains(must) {
        return json;
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if must(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("writing to a string does not fail");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

    #[test]
    fn hostile_characters_become_escapes_and_come_back_the_same() {
        let text = "a\u{1b}[31m\u{9b}31m\u{202e}\u{200b}\u{e0041}\u{7f}\n\u{2028}é🔥";

        let json = to_line(&text).unwrap();

        assert!(!json.trim_end().contains(is_hostile), "{json}");
        assert!(json.contains("\\u009b31m\\u202e\\u200b\\udb40\\udc41\\u007f"), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn an_embedded_document_stays_on_its_line() {
        let raw: Box<RawValue> =
            serde_json::from_str("{\n  \"a\": 1.50,\r\n  \"b\": \"x\u{202e}\"\n}").unwrap();

        let json = to_line(&raw).unwrap();

        assert_eq!(json.matches('\n').count(), 1);
        assert!(json.contains("1.50"), "numbers keep their digits: {json}");
        assert!(json.contains("\\u202e"), "{json}");
    }
}
