//! Which weakness classes are in force in a store.
//!
//! A store keeps the text of the classes that its findings were grouped by. Other classes take effect
//! only by `musterd refold`, which moves the reports first: a server never mixes two sets of rules in
//! one store (promises D2 and D3).

use std::path::{Path, PathBuf};

use muster_core::ids::{Revision, digest128};
use muster_core::weakness::{Classes, ClassesError};

use crate::store::{Commit, MetaTable, MetaWrite, Store, StoreError};

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

/// What a store has before it has any.
const NONE: &str = "version = 1";

/// Why a server cannot say which classes are in force.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// The store cannot be read or written.
    #[error("failed to read which weakness classes are in force")]
    Store(#[from] StoreError),
    /// A re-fold ended early: some reports are where the new classes say, some where the old ones do.
    #[error(
        "a re-fold did not finish, so the findings are grouped by two sets of weakness classes: run \
         `musterd refold --apply` again with the same settings, which goes on with it"
    )]
    Unfinished,
    /// The operator's file cannot be read.
    #[error("weakness_classes: `{path}` cannot be read")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The operator's file is wrong.
    #[error("weakness_classes")]
    Operator(#[source] ClassesError),
    /// The classes in the store do not read: a newer program wrote them.
    #[error("the weakness classes in the store do not read: use a newer musterd")]
    Active(#[source] ClassesError),
}

/// The classes that a server works with.
#[derive(Clone, Debug)]
pub struct InForce {
    /// Those.
    pub classes: Classes,
    /// The configured ones are others: `musterd refold` brings them into force.
    pub differs: bool,
}

/// The classes of this program, and over them those in the operator's file.
///
/// # Errors
///
/// When the file cannot be read, or is wrong.
pub fn configured(file: Option<&Path>) -> Result<Classes, RulesError> {
    let builtin = Classes::builtin();
    let Some(path) = file else { return Ok(builtin) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| RulesError::File { path: path.to_owned(), source })?;
    Classes::read(builtin.text(), Some(&text)).map_err(RulesError::Operator)
}

/// The classes in force in `store`, to which nobody writes meanwhile. A new store gets the
/// configured ones; one that a former version wrote has none.
///
/// # Errors
///
/// [`RulesError::Unfinished`] after a re-fold that ended early, and when the store cannot be read.
pub fn in_force(store: &dyn Store, configured: &Classes) -> Result<InForce, RulesError> {
    if refolding(store)?.is_some() {
        return Err(RulesError::Unfinished);
    }
    let active = match active(store)? {
        Some(text) => text,
        None if store.head() == Revision::ZERO => {
            let text = configured.text();
            let id = digest128(text.as_bytes());
            store.commit(&Commit { id, mutations: Vec::new(), meta: activate(text) })?;
            text.to_owned()
        }
        None => NONE.to_owned(),
    };
    let classes = Classes::read(&active, None).map_err(RulesError::Active)?;
    let differs = classes.text() != configured.text();
    Ok(InForce { classes, differs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MemoryStore, samples};

    fn none() -> Classes {
        Classes::read(NONE, None).unwrap()
    }

    #[test]
    fn a_new_store_gets_the_configured_classes_and_keeps_them() {
        let store = MemoryStore::new();

        let first = in_force(&store, &Classes::builtin()).unwrap();
        let later = in_force(&store, &none()).unwrap();

        assert!(!first.differs && later.differs);
        assert_eq!(first.classes.text(), Classes::builtin().text());
        assert_eq!(later.classes.text(), Classes::builtin().text());
    }

    #[test]
    fn a_store_of_a_former_version_has_no_classes() {
        let store = MemoryStore::new();
        let mutations = vec![samples::created(1)];
        store.commit(&Commit { id: [1; 16], mutations, meta: Vec::new() }).unwrap();

        let found = in_force(&store, &Classes::builtin()).unwrap();

        assert!(found.differs);
        assert_eq!(found.classes.text(), none().text());
        assert_eq!(active(&store).unwrap(), None, "it is told by a re-fold alone");
    }

    #[test]
    fn after_a_re_fold_that_ended_early_nothing_is_in_force() {
        let store = MemoryStore::new();
        let meta = vec![begin(Classes::builtin().text())];
        store.commit(&Commit { id: [1; 16], mutations: Vec::new(), meta }).unwrap();

        let error = in_force(&store, &Classes::builtin()).unwrap_err();

        assert!(error.to_string().contains("musterd refold"), "{error}");
    }

    #[test]
    fn a_file_that_is_missing_or_wrong_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("classes.toml");
        let missing = configured(Some(&path)).unwrap_err();
        std::fs::write(&path, "version = ").unwrap();
        let wrong = configured(Some(&path)).unwrap_err();

        assert!(missing.to_string().contains("classes.toml"), "{missing}");
        assert!(matches!(wrong, RulesError::Operator(_)), "{wrong}");
        assert_eq!(configured(None).unwrap().text(), Classes::builtin().text());
    }
}
