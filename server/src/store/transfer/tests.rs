use std::collections::BTreeSet;
use std::fs;

use muster_core::change::Change;
use muster_core::report::IdentityRule;
use sha2::{Digest, Sha256};

use super::*;
use crate::store::histories::{fill, texts};
use crate::store::journal::JOURNAL_FILE;
use crate::store::verify::verify;
use crate::store::{Commit, Head, MemoryStore, MetaRow, SledOptions, SledStore, samples};

/// Everything that a store holds.
#[derive(Debug, PartialEq)]
struct Contents {
    revisions: (Revision, Revision),
    findings: Vec<Finding>,
    heads: Vec<Head>,
    changes: Vec<Change>,
    rows: Vec<(MetaTable, Vec<MetaRow>)>,
}

fn contents(store: &dyn Store) -> Contents {
    let (mut findings, mut heads) = (Vec::new(), Vec::new());
    store.scan_findings(&mut |finding| findings.push(finding)).unwrap();
    store.scan_heads(&mut |head| heads.push(head)).unwrap();
    findings.sort_by_key(|finding| finding.id);
    heads.sort_by_key(|head| head.id);
    let before = Revision(store.oldest().0 - 1);
    let rows = |table| (table, store.scan_meta(table, &[], usize::MAX).unwrap());
    Contents {
        revisions: (store.oldest(), store.head()),
        findings,
        heads,
        changes: store.changes(before, usize::MAX).unwrap().changes,
        rows: MetaTable::ALL.map(rows).to_vec(),
    }
}

fn exported(store: &dyn Store) -> (Vec<u8>, Counts) {
    let mut stream = Vec::new();
    let counts = export(store, &mut stream).unwrap();
    (stream, counts)
}

fn import_from(stream: &[u8], directory: &Path) -> Result<Imported, TransferError> {
    import(&mut &stream[..], directory, &SledOptions::default())
}

fn open(directory: &Path) -> SledStore {
    SledStore::open(directory, &SledOptions::default()).unwrap()
}

/// The stream of a store with one finding, one row and one change.
fn small() -> Vec<u8> {
    let store = MemoryStore::new();
    let meta = vec![crate::store::MetaWrite {
        table: MetaTable::Unit,
        key: b"unit".to_vec(),
        value: Some(b"row".to_vec()),
    }];
    store.commit(&Commit { id: [1; 16], mutations: vec![samples::created(1)], meta }).unwrap();
    exported(&store).0
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_store_reads_back_from_its_export_field_by_field() {
    let memory = MemoryStore::new();
    fill(&memory);
    let expected = contents(&memory);
    let rules: BTreeSet<IdentityRule> = expected
        .findings
        .iter()
        .flat_map(|finding| &finding.reports)
        .map(|held| held.report.origin.rule)
        .collect();
    assert!(rules.len() >= 5, "{rules:?}");
    let home = tempfile::tempdir().unwrap();
    let (first, second) = (home.path().join("first"), home.path().join("second"));

    let (stream, counts) = exported(&memory);
    let imported = import_from(&stream, &first).unwrap();
    let sled = open(&first);
    let (again, _) = exported(&sled);
    import_from(&again, &second).unwrap();
    let last = open(&second);

    assert_eq!(imported.counts, counts);
    assert_eq!((counts.bytes, counts.log_id), (stream.len() as u64, memory.log_id()));
    assert_eq!((counts.findings, counts.rows), (expected.findings.len() as u64, 4));
    assert_eq!(counts.changes, memory.head().0);
    for store in [&sled, &last] {
        assert_eq!(contents(store), expected);
        assert_eq!(texts(verify(store).unwrap().violations.kept()), [""; 0]);
    }
    let ids = BTreeSet::from([memory.log_id(), sled.log_id(), last.log_id()]);
    assert_eq!(ids.len(), 3, "each log has its own id");
    assert_eq!(imported.log_id, sled.log_id());
}

#[test]
fn an_imported_store_goes_on_where_the_exported_one_was() {
    let memory = MemoryStore::new();
    fill(&memory);
    memory.compact(Revision(20), &[]).unwrap();
    let home = tempfile::tempdir().unwrap();
    import_from(&exported(&memory).0, home.path()).unwrap();
    let store = open(home.path());
    let head = store.head();

    let next = Commit { id: [1; 16], mutations: vec![samples::created(1)], meta: Vec::new() };
    let committed = store.commit(&next).unwrap();
    drop(store);

    assert_eq!(committed.head, head.next());
    let store = open(home.path());
    assert_eq!(store.oldest(), Revision(21));
    assert_eq!(texts(verify(&store).unwrap().violations.kept()), [""; 0]);
}

#[test]
fn an_empty_store_moves_too() {
    let home = tempfile::tempdir().unwrap();

    let imported = import_from(&exported(&MemoryStore::new()).0, home.path()).unwrap();

    assert_eq!((imported.counts.findings, imported.counts.head), (0, Revision::ZERO));
    assert_eq!(contents(&open(home.path())), contents(&MemoryStore::new()));
}

#[test]
fn a_stream_that_ends_early_is_refused_wherever_it_ends() {
    let stream = small();
    let home = tempfile::tempdir().unwrap();

    // Without a disk at every position, and with one at some.
    for end in 0..stream.len() {
        let error = read_all(&stream[..end]).unwrap_err();

        let TransferError::Damaged { offset, .. } = error else { panic!("{end}: {error}") };
        assert!(offset <= end as u64);
    }
    for end in [5, 40, stream.len() / 2, stream.len() - 60, stream.len() - 1] {
        let directory = home.path().join("data");

        assert!(import_from(&stream[..end], &directory).is_err());

        assert_eq!(names(home.path()), [""; 0], "cut at {end}");
    }
    assert!(import_from(&stream, &home.path().join("data")).is_ok());
}

#[test]
fn a_stream_in_which_a_byte_was_altered_is_refused_with_its_place() {
    let stream = small();
    let home = tempfile::tempdir().unwrap();

    for at in 0..stream.len() {
        let mut altered = stream.clone();
        altered[at] ^= 1 << (at % 8);

        let error = read_all(&altered).unwrap_err();

        match error {
            TransferError::Damaged { offset, .. } => assert!(offset <= at as u64, "{at}: {error}"),
            TransferError::NotAnExport | TransferError::Format { .. } => assert!(at < 16),
            error => panic!("{at}: {error}"),
        }
        if at % 97 == 0 {
            assert!(import_from(&altered, home.path()).is_err());
            assert_eq!(names(home.path()), [""; 0], "altered at {at}");
        }
    }
    let mut longer = stream.clone();
    longer.push(0);
    let error = import_from(&longer, home.path()).unwrap_err();
    assert!(error.to_string().contains("follows its end"), "{error}");
    assert_eq!(names(home.path()), [""; 0]);
}

/// Reads all frames and what is in them, without a store.
fn read_all(stream: &[u8]) -> Result<(), TransferError> {
    let mut input = stream;
    let mut frames = frame::FrameReader::begin(&mut input)?;
    while frames.next()?.kind != Kind::Trailer {}
    frames.end().map(drop)
}

#[test]
fn a_well_formed_stream_that_is_no_store_is_refused() {
    let header = |oldest, head| Header { log_id: vec![1; 16], oldest, head };
    let trailer = |frames: &FrameWriter<'_>, changes| Trailer {
        findings: 0,
        changes,
        rows: 0,
        digest: frames.digest().to_vec(),
    };
    let change = |revision: Revision| {
        let change = Change { revision, ..samples::created(1).change };
        let mut payload = Vec::new();
        let mut packer = Packer::new(&Dictionaries::default());
        packer.pack(&portable::write_change(&change), &mut payload).unwrap();
        payload
    };
    let write = |write: &dyn Fn(&mut FrameWriter<'_>) -> Result<(), TransferError>| {
        let mut stream = Vec::new();
        write(&mut FrameWriter::begin(&mut stream).unwrap()).unwrap();
        stream
    };
    let streams = [
        ("no header", write(&|frames| frames.frame(Kind::Change, &change(Revision(1))))),
        ("no log goes", write(&|frames| frames.message(Kind::Header, &header(0, 5)))),
        ("no log goes", write(&|frames| frames.message(Kind::Header, &header(7, 5)))),
        (
            "second header",
            write(&|frames| {
                frames.message(Kind::Header, &header(1, 1))?;
                frames.message(Kind::Header, &header(1, 1))
            }),
        ),
        (
            "where 1 was due",
            write(&|frames| {
                frames.message(Kind::Header, &header(1, 2))?;
                frames.frame(Kind::Change, &change(Revision(2)))
            }),
        ),
        (
            "change 2 is missing",
            write(&|frames| {
                frames.message(Kind::Header, &header(1, 2))?;
                frames.frame(Kind::Change, &change(Revision(1)))?;
                let trailer = trailer(frames, 1);
                frames.message(Kind::Trailer, &trailer)
            }),
        ),
        (
            "others came",
            write(&|frames| {
                frames.message(Kind::Header, &header(1, 0))?;
                let trailer = trailer(frames, 1);
                frames.message(Kind::Trailer, &trailer)
            }),
        ),
        (
            "another stream",
            write(&|frames| {
                frames.message(Kind::Header, &header(1, 0))?;
                let digest = Sha256::digest(b"other").to_vec();
                frames.message(Kind::Trailer, &Trailer { digest, ..Trailer::default() })
            }),
        ),
        (
            "a finding",
            write(&|frames| {
                frames.message(Kind::Header, &header(1, 0))?;
                frames.frame(Kind::Finding, b"nothing of the kind")
            }),
        ),
    ];

    for (expected, stream) in streams {
        let home = tempfile::tempdir().unwrap();

        let error = import_from(&stream, home.path()).unwrap_err();

        assert!(error.to_string().contains(expected), "{expected}: {error}");
        assert_eq!(names(home.path()), [""; 0], "{expected}");
    }
}

#[test]
fn a_directory_that_has_a_store_or_a_journal_is_refused_and_kept() {
    let stream = small();
    let home = tempfile::tempdir().unwrap();
    let store = open(home.path());
    let log_id = store.log_id();

    assert!(matches!(import_from(&stream, home.path()), Err(TransferError::Used { .. })));
    drop(store);
    assert!(matches!(import_from(&stream, home.path()), Err(TransferError::Used { .. })));
    assert_eq!(open(home.path()).log_id(), log_id);

    let other = tempfile::tempdir().unwrap();
    fs::write(other.path().join(JOURNAL_FILE), "kept").unwrap();
    assert!(matches!(import_from(&stream, other.path()), Err(TransferError::Used { .. })));
    assert_eq!(names(other.path()), [JOURNAL_FILE]);
}

#[test]
fn a_store_is_exported_to_a_file_that_is_new_whole_and_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store.muster");
    let store = MemoryStore::new();
    fill(&store);

    let counts = export_file(&store, &path).unwrap();

    assert_eq!(fs::read(&path).unwrap(), exported(&store).0);
    assert_eq!(counts.bytes, fs::metadata(&path).unwrap().len());
    assert_eq!(names(home.path()), ["store.muster"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = export_file(&store, &path).unwrap_err();
    assert!(matches!(again, TransferError::Exists { .. }), "{again}");
    assert!(export_file(&store, &home.path().join("none/store.muster")).is_err());
    assert_eq!(names(home.path()), ["store.muster"]);
}

/// Takes so many bytes, then refuses.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_output_that_refuses_ends_the_export_with_its_place() {
    let store = MemoryStore::new();
    fill(&store);
    let (stream, _) = exported(&store);

    for room in [0, 10, 300, stream.len() / 2, stream.len() - 1] {
        let error = export(&store, &mut Full(room)).unwrap_err();

        let TransferError::Write { offset, .. } = error else { panic!("{room}: {error}") };
        assert!(offset <= room as u64, "{offset} {room}");
    }
}
