//! Cuts the body of an answer into its documents, without judging them.
//!
//! Only the brackets and quotes that separate documents are looked at. What is inside of one, down to
//! a broken escape or a byte that is not UTF-8, stays inside: it cannot cost the page. The pieces
//! share the memory of the body.

use bytes::Bytes;

use crate::document::BodyError;
use crate::lenient::{Scalar, excerpt};

/// An answer: an object, cut into its members.
pub(crate) struct Answer<'a> {
    operation: &'static str,
    members: Vec<Member<'a>>,
}

struct Member<'a> {
    name: &'a [u8],
    value: Bytes,
    /// The items, when it is a list: cut in the same pass.
    items: Option<Vec<Bytes>>,
}

impl<'a> Answer<'a> {
    /// Cuts `body`, which must be an object.
    pub(crate) fn read(body: &'a Bytes, operation: &'static str) -> Result<Self, BodyError> {
        let mut cursor = Cursor { body, bytes: body, at: 0 };
        let members = cursor.members().ok_or_else(|| BodyError {
            operation,
            message: format!("not a JSON object from byte {} on", cursor.at),
        })?;
        Ok(Self { operation, members })
    }

    /// The member of that name, which is compared without regard to the case of ASCII letters: SDKs
    /// print `Findings`, the wire has `findings`, and emulators mix them up.
    pub(crate) fn member(&self, name: &str) -> Option<&Bytes> {
        self.find(name).map(|member| &member.value)
    }

    fn find(&self, name: &str) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The items of the list of that name.
    ///
    /// Without it the answer may be empty (a serialiser that leaves out empty lists) or something
    /// else altogether, such as an error with status 200. Taking the latter for an empty page would
    /// end in findings being called gone, so a member of another name makes it an error.
    pub(crate) fn list(&self, name: &str) -> Result<&[Bytes], BodyError> {
        let Some(member) = self.find(name) else {
            return match self.members.iter().find(|member| !is_harmless(member.name)) {
                None => Ok(&[]),
                Some(other) => Err(self.error(format!(
                    "no `{name}`, but `{}`",
                    excerpt(&String::from_utf8_lossy(other.name))
                ))),
            };
        };
        match &member.items {
            Some(items) => Ok(items),
            None if member.value.as_ref() == b"null" => Ok(&[]),
            None => Err(self.error(format!("`{name}` is not a list"))),
        }
    }

    /// The text of that name; `None` when it is missing, null or empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, BodyError> {
        let Some(value) = self.member(name) else {
            return Ok(None);
        };
        let scalar: Scalar<'_> = serde_json::from_slice(value)
            .map_err(|error| self.error(format!("{name}: {error}")))?;
        if let Scalar::Wrong(what) = scalar {
            return Err(self.error(format!("{name}: {what} instead of a text")));
        }
        Ok(scalar.text().map(std::borrow::Cow::into_owned))
    }

    /// The object of that name.
    pub(crate) fn object(&self, name: &str) -> Result<&Bytes, BodyError> {
        self.member(name)
            .filter(|value| value.starts_with(b"{"))
            .ok_or_else(|| self.error(format!("no object `{name}`")))
    }

    /// Whether it has no members at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// An error of this answer.
    pub(crate) fn error(&self, message: String) -> BodyError {
        BodyError { operation: self.operation, message }
    }
}

/// Names beside the list that say nothing about what the answer is.
fn is_harmless(key: &[u8]) -> bool {
    ["nextToken", "ResponseMetadata", "$metadata"]
        .iter()
        .any(|name| key.eq_ignore_ascii_case(name.as_bytes()))
}

struct Cursor<'a> {
    body: &'a Bytes,
    /// The same, without the cost of a shared buffer at each step.
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The members of the object at the cursor.
    fn members(&mut self) -> Option<Vec<Member<'a>>> {
        let mut members = Vec::new();
        if self.bytes.starts_with(b"\xEF\xBB\xBF") {
            self.at = 3;
        }
        self.expect(b'{')?;
        if self.expect(b'}').is_some() {
            return Some(members);
        }
        loop {
            self.space();
            let name = self.string()?;
            self.expect(b':')?;
            self.space();
            let start = self.at;
            let items = if self.peek()? == b'[' { Some(self.items()?) } else { None };
            let value = match &items {
                Some(_) => self.body.slice(start..self.at),
                None => self.value()?,
            };
            members.push(Member { name, value, items });
            if self.expect(b'}').is_some() {
                return Some(members);
            }
            self.expect(b',')?;
        }
    }

    /// The items of the list at the cursor.
    fn items(&mut self) -> Option<Vec<Bytes>> {
        let mut items = Vec::new();
        self.expect(b'[')?;
        if self.expect(b']').is_some() {
            return Some(items);
        }
        loop {
            items.push(self.value()?);
            if self.expect(b']').is_some() {
                return Some(items);
            }
            self.expect(b',')?;
        }
    }

    /// The value at the cursor, whatever it is.
    fn value(&mut self) -> Option<Bytes> {
        self.space();
        let start = self.at;
        match self.peek()? {
            b'"' => {
                self.string()?;
            }
            b'{' | b'[' => self.nested()?,
            _ => {
                let is_end =
                    |b: &u8| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n');
                let rest = self.bytes.get(start..)?;
                self.at += rest.iter().position(is_end).unwrap_or(rest.len());
            }
        }
        (self.at > start).then(|| self.body.slice(start..self.at))
    }

    /// Passes over an object or list, to the bracket that closes it.
    fn nested(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let rest = self.bytes.get(self.at..)?;
            let is_special = |b: &u8| matches!(b, b'"' | b'{' | b'[' | b'}' | b']');
            let special = rest.iter().position(is_special)?;
            self.at += special;
            match rest.get(special)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                _ => depth -= 1,
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }

    /// The inside of the text at the cursor, escapes and all.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.take(b'"')?;
        let start = self.at;
        loop {
            let rest = self.bytes.get(self.at..)?;
            let special = rest.iter().position(|b| matches!(b, b'"' | b'\\'))?;
            self.at += special;
            if rest.get(special) == Some(&b'"') {
                let inside = self.bytes.get(start..self.at);
                self.at += 1;
                return inside;
            }
            self.at += 2;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.space();
        self.take(byte)
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(body: &'static str, name: &str) -> Result<Vec<Bytes>, BodyError> {
        Answer::read(&Bytes::from_static(body.as_bytes()), "test:List")?
            .list(name)
            .map(<[_]>::to_vec)
    }

    #[test]
    fn documents_are_cut_byte_for_byte_and_share_the_body() {
        let body = Bytes::from_static(
            b"\xEF\xBB\xBF { \"Findings\" : [ {\"a\": \"]},\\\"\"} ,\n[1], 7 ,null,\"x\" ], \"NextToken\":\"t\"} ",
        );
        let answer = Answer::read(&body, "test:List").unwrap();

        let items = answer.list("findings").unwrap();

        assert_eq!(items, [&b"{\"a\": \"]},\\\"\"}"[..], b"[1]", b"7", b"null", b"\"x\""]);
        assert!(body.as_ptr_range().contains(&items[0].as_ptr()));
        assert_eq!(answer.text("NextToken").unwrap().as_deref(), Some("t"));
    }

    #[test]
    fn a_document_that_is_no_json_stays_inside_of_its_brackets() {
        let body =
            Bytes::from_static(b"{\"findings\": [{\"a\": \"\xFF \\uD800\n\"}, {nonsense}, {}]}");

        let answer = Answer::read(&body, "test:List").unwrap();
        let items = answer.list("findings").unwrap();

        assert_eq!(items.len(), 3);
        assert_eq!(items[1].as_ref(), b"{nonsense}");
    }

    #[test]
    fn an_empty_answer_is_empty_and_another_one_is_an_error() {
        assert_eq!(list("{}", "findings").unwrap().len(), 0);
        assert_eq!(list(r#"{"findings": null}"#, "findings").unwrap().len(), 0);
        assert_eq!(list(r#"{"nextToken": "t"}"#, "findings").unwrap().len(), 0);
        for (body, message) in [
            (r#"{"message": "slow down"}"#, "no `findings`, but `message`"),
            (r#"{"findings": {}}"#, "`findings` is not a list"),
            ("[]", "not a JSON object"),
            ("", "not a JSON object"),
            ("<html>", "not a JSON object"),
            (r#"{"findings": [{"a": 1}"#, "not a JSON object"),
            (r#"{"findings": ["#, "not a JSON object"),
        ] {
            let error = list(body, "findings").unwrap_err();

            assert!(error.message.contains(message), "{body}: {error}");
        }
    }
}
