//! `musterd doctor` over the real SDK and the emulator.

use muster_testkit::{ErrorKind, Fault, FaultRule, Operation};

use crate::process::{ACCOUNT, emulator, musterd, stderr};

/// What the command found, and how it ended.
fn doctor(emulator: &str, arguments: &[&str]) -> (std::process::Output, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let output = musterd(&[&["doctor"], arguments].concat())
        .env("MUSTER_DATA_DIR", directory.path().join("data"))
        .env("MUSTER_ACCOUNTS", ACCOUNT)
        .env("MUSTER_COLLECT_REGIONS", "eu-central-1")
        .env("MUSTER_COLLECT_SOURCES", "securityhub,guardduty")
        .env("MUSTER_COLLECT_ENDPOINT", emulator)
        .env("AWS_ACCESS_KEY_ID", "AKIAMUSTERTEST000000")
        .env("AWS_SECRET_ACCESS_KEY", "nothing")
        .output()
        .unwrap();
    (output, directory)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_works_passes_what_is_not_enabled_is_said_and_nothing_is_made() {
    let emulator = emulator().await;

    let (output, directory) = doctor(emulator.url(), &["-o", "json"]);

    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcome = |name: &str| {
        let checks = found["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name);
        check.unwrap_or_else(|| panic!("no {name}: {found}"))["outcome"].clone()
    };
    for name in ["data directory", "clock", "identity", "securityhub"] {
        assert_eq!(outcome(name), "pass", "{found}");
    }
    assert_eq!(outcome("guardduty"), "warn", "no detector");
    assert_eq!(outcome("IAM actions"), "warn", "no finding was fetched");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_denied_fails_and_names_the_statement() {
    let emulator = emulator().await;
    let denied = Fault::Error(ErrorKind::AccessDenied);
    emulator.inject(FaultRule::on(Operation::GetFindings, denied));

    let (output, _directory) = doctor(emulator.url(), &[]);

    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("FAIL  securityhub"), "{text}");
    assert!(text.contains("securityhub:GetFindings") && text.contains("fix:"), "{text}");
    assert!(text.contains("1 fail"), "{text}");
}
