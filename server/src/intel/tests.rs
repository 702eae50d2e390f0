use std::sync::Arc;
use std::time::Duration;

use muster_core::intel::{Cve, Issue};
use muster_core::time::Millis;

use super::*;
use crate::ranking::{InForce, Ranking};

const KEV: &str = r#"{
  "title": "CISA Catalog of Known Exploited Vulnerabilities",
  "catalogVersion": "2025.11.20",
  "dateReleased": "2025-11-20T18:00:05.9731Z",
  "count": 2,
  "vulnerabilities": [
    {"cveID": "CVE-2021-44228", "vendorProject": "Apache", "product": "Log4j2",
     "dateAdded": "2021-12-10", "dueDate": "2021-12-24", "knownRansomwareCampaignUse": "Known",
     "notes": "", "cwes": ["CWE-20"]},
    {"cveID": "CVE-2023-4863", "dueDate": "2023-10-04", "knownRansomwareCampaignUse": "Unknown"}
  ]
}"#;

const EPSS: &str = "#model_version:v2025.03.14,score_date:2025-11-20T12:55:00Z\n\
                    cve,epss,percentile\n\
                    CVE-1999-0001,0.01141,0.77751\n\
                    CVE-2021-44228,0.94358,0.99961\n";

const SSVC: &str = "#date:2025-11-20\ncve,automatable,technical_impact\nCVE-2021-44228,yes,total\n";

fn read_text(feed: Feed, text: &str) -> Result<Intel, ReadError> {
    read_from(feed, text.as_bytes(), Intel::none())
}

fn log4shell(intel: &Intel) -> muster_core::intel::Exploitation {
    intel.of_cve(Cve::parse("CVE-2021-44228").unwrap()).unwrap()
}

fn written(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn the_catalog_is_read() {
    let intel = read_text(Feed::Kev, KEV).unwrap();
    let found = log4shell(&intel);

    assert!(found.known_exploited && found.ransomware);
    assert_eq!(found.kev_due, Some(Millis::parse("2021-12-24T00:00:00Z").unwrap().day()));
    let issue = Issue {
        version: "2025.11.20".to_owned(),
        date: Some(Millis::parse("2025-11-20T18:00:05.973Z").unwrap()),
    };
    assert_eq!(intel.parts(), [Part { feed: Feed::Kev, issue, cves: 2 }]);
}

#[test]
fn scores_are_read_with_and_without_the_line_about_their_issue() {
    let intel = read_text(Feed::Epss, EPSS).unwrap();
    let [part] = &intel.parts()[..] else { panic!("one feed") };

    assert_eq!(log4shell(&intel).epss_permille, Some(500));
    assert_eq!((part.cves, part.issue.version.as_str()), (2, "v2025.03.14"));
    assert_eq!(part.issue.date, Some(Millis::parse("2025-11-20T12:55:00Z").unwrap()));

    let old = "\u{feff}cve,epss\r\nCVE-2021-44228,1\r\n\r\n";
    let intel = read_text(Feed::Epss, old).unwrap();
    assert_eq!(intel.parts()[0].issue, Issue::default());
    assert!(intel.parts()[0].is_stale(Millis(0)), "without a date nobody knows");
    let offset = EPSS.replace("12:55:00Z", "00:00:00+0000");
    assert!(read_text(Feed::Epss, &offset).unwrap().parts()[0].issue.date.is_some());
}

#[test]
fn decision_points_are_read_by_the_names_of_their_columns() {
    let intel = read_text(Feed::Ssvc, SSVC).unwrap();
    assert_eq!(log4shell(&intel).automatable, Some(true));
    assert_eq!(log4shell(&intel).total_impact, Some(true));

    let other = "Technical Impact v1.0.0,Exploitation,CVE,Automatable v2.0.0\n\
                 partial,active,CVE-2021-44228,\n";
    let intel = read_text(Feed::Ssvc, other).unwrap();
    assert_eq!(log4shell(&intel).automatable, None);
    assert_eq!(log4shell(&intel).total_impact, Some(false));
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    for (feed, text, message) in [
        (Feed::Kev, "", "line 1: EOF while parsing a value"),
        (Feed::Kev, "cveID,vendorProject\n", "line 1: expected value"),
        (Feed::Kev, "{\n\"vulnerabilities\": 7}", "line 2: invalid type: integer `7`"),
        (Feed::Kev, "{}", "no `vulnerabilities`"),
        (Feed::Kev, r#"{"vulnerabilities": []}"#, "no vulnerabilities"),
        (Feed::Kev, "{\"vulnerabilities\": [\n{\"cveID\": \"CVE-1\"}]}", "line 2: cveID: `CVE-1`"),
        (
            Feed::Kev,
            "{\"vulnerabilities\": [\n{\"cveID\": \"CVE-2021-44228\",\n\"dueDate\": \"soon\"}]}",
            "line 3: dueDate: `soon`",
        ),
        (Feed::Kev, "{\"vulnerabilities\": [{}]}", "line 1: missing field `cveID`"),
        (Feed::Kev, "{\"dateReleased\": \"today\"}", "line 1: dateReleased: `today`"),
        (Feed::Epss, "", "it is empty"),
        (Feed::Epss, "#model_version:v1\n", "it is empty"),
        (Feed::Epss, "#score_date:today\ncve,epss\n", "line 1: score_date: `today`"),
        (Feed::Epss, "cve,score\n", "line 1: `cve,score` instead of"),
        (Feed::Epss, "cve,epss\n", "it has no scores"),
        (Feed::Epss, "cve,epss\n\nCVE-2021-44228,2\n", "line 3: `2` is no probability"),
        (Feed::Epss, "cve,epss\nCVE-2021-44228,NaN\n", "line 2: `NaN` is no probability"),
        (Feed::Epss, "cve,epss\nCVE-2021-44228\n", "line 2: `` is no probability"),
        (Feed::Epss, "cve,epss\nGHSA-1,0.1\n", "line 2: `GHSA-1` is no CVE id"),
        (
            Feed::Epss,
            "cve,epss\nCVE-2021-44228,0\nCVE-2021-44228,1\n",
            "CVE-2021-44228 is listed twice",
        ),
        (Feed::Ssvc, "cve,automatable\n", "line 1: no column `technical_impact`"),
        (
            Feed::Ssvc,
            "cve,automatable,technical_impact\nCVE-2021-44228,maybe,total\n",
            "line 2: `maybe` is neither",
        ),
    ] {
        let error = read_text(feed, text).unwrap_err().to_string();
        assert!(error.contains(message), "{text:?}: {error}");
    }
    let cut = KEV.replace("\"count\": 2", "\"count\": 1460");
    let error = read_text(Feed::Kev, &cut).unwrap_err().to_string();
    assert!(error.contains("1460 vulnerabilities, and has 2"), "{error}");
    let twice = format!("{KEV}{{}}");
    assert!(read_text(Feed::Kev, &twice).unwrap_err().to_string().contains("trailing"));
    let long = format!("cve,epss\n{}", "x".repeat(10_000));
    assert!(read_text(Feed::Epss, &long).unwrap_err().to_string().contains("longer than"));
    let packed = read_from(Feed::Epss, &b"\x1f\x8b\x08rest"[..], Intel::none()).unwrap_err();
    assert!(packed.to_string().contains("gunzip"), "{packed}");
    let binary = read_from(Feed::Epss, &b"cve,epss\n\xff\xfe,0\n"[..], Intel::none()).unwrap_err();
    assert_eq!(binary.to_string(), "line 2: not UTF-8");
}

#[test]
fn files_are_put_into_the_data_directory_and_read_from_there() {
    let home = tempfile::tempdir().unwrap();
    let (kev, epss) = (written(home.path(), "a", KEV), written(home.path(), "b", EPSS));
    let data = home.path().join("data");

    let parts = install(&data, &[(Feed::Kev, &kev), (Feed::Epss, &epss)]).unwrap();
    let (intel, problems) = load(&data);

    assert_eq!(parts.iter().map(|part| part.cves).collect::<Vec<_>>(), [2, 2]);
    assert_eq!((intel.parts(), problems), (parts, Vec::new()));
    let found = log4shell(&intel);
    assert!(found.known_exploited && found.epss_permille == Some(500));
    let files = fs::read_dir(data.join(DIRECTORY)).unwrap().count();
    assert_eq!(files, 2, "nothing else is left there");
    assert_eq!(fs::read_to_string(path(&data, Feed::Epss)).unwrap(), EPSS);
}

#[test]
fn a_wrong_file_puts_nothing_into_the_data_directory() {
    let home = tempfile::tempdir().unwrap();
    let kev = written(home.path(), "a", KEV);
    let wrong = written(home.path(), "b", "cve,epss\nCVE-2021-44228,2\n");
    let data = home.path().join("data");

    let error = install(&data, &[(Feed::Kev, &kev), (Feed::Epss, &wrong)]).unwrap_err();
    let missing = install(&data, &[(Feed::Kev, &home.path().join("none"))]).unwrap_err();

    assert!(
        matches!(&error, IntelError::File { feed: Feed::Epss, source, .. }
        if source.to_string().starts_with("line 2: ")),
        "{error}"
    );
    assert!(matches!(missing, IntelError::File { source: ReadError::Io(_), .. }));
    assert!(load(&data).0.is_none());
    assert_eq!(fs::read_dir(data.join(DIRECTORY)).unwrap().count(), 0);
}

#[test]
fn a_server_reads_what_changed_and_keeps_what_it_had_of_a_wrong_file() {
    let home = tempfile::tempdir().unwrap();
    let (kev, epss) = (written(home.path(), "a", KEV), written(home.path(), "b", EPSS));
    let data = home.path().join("data");
    let shelf = Shelf::open(&data);
    assert!(shelf.intel().is_none() && !shelf.refresh());

    install(&data, &[(Feed::Kev, &kev), (Feed::Epss, &epss)]).unwrap();
    assert!(shelf.refresh());
    assert!(!shelf.refresh(), "nothing changed");
    let before = shelf.intel();
    assert!(before.has_kev());

    // Written over by hand, and wrong.
    let broken = path(&data, Feed::Epss);
    fs::write(&broken, "cve,epss\nCVE-2021-44228,2\n").unwrap();
    assert!(!shelf.refresh());
    assert_eq!(*shelf.intel(), *before);
    let [problem] = &shelf.status().problems[..] else { panic!("one problem") };
    assert!(problem.feed == Feed::Epss && problem.message.contains("line 2: "), "{problem:?}");
    assert!(!shelf.refresh());
    assert_eq!(shelf.status().problems.len(), 1, "it is still wrong");

    // The same issue once more, at another time, is read and is no other intelligence.
    fs::write(&broken, EPSS).unwrap();
    let time = SystemTimeAfter::of(&broken);
    File::options().write(true).open(&broken).unwrap().set_modified(time.0).unwrap();
    assert!(!shelf.refresh());
    assert_eq!(shelf.status().problems, []);

    fs::remove_file(path(&data, Feed::Kev)).unwrap();
    assert!(shelf.refresh());
    assert!(!shelf.intel().has_kev());
    assert_eq!(shelf.status().parts.len(), 1);
    shelf.measure(Millis(0));
}

/// A later time of the file, without waiting for it.
struct SystemTimeAfter(std::time::SystemTime);

impl SystemTimeAfter {
    fn of(path: &Path) -> Self {
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        Self(modified + Duration::from_secs(2))
    }
}

#[test]
fn what_is_written_after_other_intelligence_came_is_planned_by_it() {
    let in_force = InForce::new(Ranking::builtin());
    assert!(in_force.now().intel.is_none());

    in_force.set_intel(Arc::new(read_text(Feed::Kev, KEV).unwrap()));

    let vulnerability = Some(muster_core::report::Vulnerability {
        ids: vec!["CVE-2021-44228".to_owned()],
        ..muster_core::report::Vulnerability::default()
    });
    let signals = muster_core::report::Signals { vulnerability, ..Default::default() };
    let ranking = in_force.now();
    let found = ranking.rules(Millis(0)).intel.of(&signals).unwrap();
    assert!(found.known_exploited);
}

#[test]
fn a_score_takes_at_most_eight_bytes() {
    let row = |number: u32| format!("CVE-2024-{},0.0{},0.5\n", number + 1000, number % 10);
    let rows: String = (0..50_000).map(row).collect();
    let text = format!("cve,epss,percentile\n{rows}");
    let intel = read_text(Feed::Epss, &text).unwrap();

    assert_eq!(intel.parts()[0].cves, 50_000);
    assert!(intel.bytes() <= 50_000 * 8, "{}", intel.bytes());
}
