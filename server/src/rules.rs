//! Which weakness classes are in force in a store.
//!
//! A store keeps the text of the classes that its findings were grouped by. Other classes take effect
//! only by `musterd refold`, which moves the reports first: a server never mixes two sets of rules in
//! one store (promises D2 and D3).

use crate::store::{MetaTable, MetaWrite, Store, StoreError};

/// The text of the classes in force.
const ACTIVE: &[u8] = b"weakness-classes";

/// The text of the classes that an unfinished re-fold was about to bring into force.
const REFOLDING: &[u8] = b"refold";

/// The classes in force, as text; `None` in a store that never had any.
///
/// # Errors
///
/// When the store cannot be read, or the text is no text.
pub fn active(store: &dyn Store) -> Result<Option<String>, StoreError> {
    read(store, ACTIVE)
}

/// The classes that a re-fold was about to bring into force when it ended early: a server must not
/// start until it is done.
///
/// # Errors
///
/// As for [`active`].
pub fn refolding(store: &dyn Store) -> Result<Option<String>, StoreError> {
    read(store, REFOLDING)
}

/// What brings classes into force.
pub fn activate(text: &str) -> Vec<MetaWrite> {
    vec![write(ACTIVE, Some(text)), write(REFOLDING, None)]
}

/// What says that a re-fold to these classes began.
pub(crate) fn begin(text: &str) -> MetaWrite {
    write(REFOLDING, Some(text))
}

fn read(store: &dyn Store, key: &[u8]) -> Result<Option<String>, StoreError> {
    let value = store.meta(MetaTable::Store, key)?;
    let text = |value| {
        String::from_utf8(value).map_err(|_| StoreError::Corrupt {
            what: format!("the row `{}` is no text", String::from_utf8_lossy(key)),
        })
    };
    value.map(text).transpose()
}

fn write(key: &[u8], text: Option<&str>) -> MetaWrite {
    let value = text.map(|text| text.as_bytes().to_vec());
    MetaWrite { table: MetaTable::Store, key: key.to_vec(), value }
}
