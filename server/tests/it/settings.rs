use crate::process::{musterd, stderr};

#[test]
fn a_wrong_setting_exits_78_with_its_name_value_and_what_was_expected() {
    for (name, value, expected) in [
        ("MUSTER_LISTEN", "0.0.0.0:7443", "`0.0.0.0:7443` is not a loopback address"),
        ("MUSTER_COLLECT_INTERVAL_GUARDDUTY", "often", "`often` is not a length of time"),
        ("MUSTER_COLLECT_SOURCES", "detective", "one or more of securityhub"),
    ] {
        let output = musterd(&["serve"])
            .env("MUSTER_COLLECT_REGIONS", "eu-central-1")
            .env(name, value)
            .output()
            .unwrap();

        assert_eq!(output.status.code(), Some(78));
        let text = stderr(&output);
        assert!(text.contains(expected) && text.contains(name), "{text}");
    }
}

#[test]
fn a_settings_file_that_cannot_be_read_or_has_an_unknown_setting_exits_78() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("muster.toml");
    std::fs::write(&file, "listne = '127.0.0.1:1'\ncollect.regions = ['eu-central-1']").unwrap();
    let missing = directory.path().join("missing.toml");

    for (file, expected) in [(&file, "`listne` is not a setting"), (&missing, "that can be read")] {
        let output = musterd(&["serve", "--config"]).arg(file).output().unwrap();

        assert_eq!(output.status.code(), Some(78));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    }
}

#[test]
fn a_data_directory_that_cannot_be_made_exits_1_with_every_cause() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();

    let output = musterd(&["serve"])
        .env("MUSTER_COLLECT_REGIONS", "eu-central-1")
        .env("MUSTER_LISTEN", "127.0.0.1:0")
        .env("MUSTER_DATA_DIR", file.join("data"))
        .output()
        .unwrap();

    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("failed to open the store") && text.contains("caused by"), "{text}");
}

#[test]
fn the_iam_policy_is_json_and_names_no_write() {
    let output = musterd(&["iam", "policy"]).output().unwrap();

    let policy: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = policy.to_string();
    assert!(text.contains("securityhub:GetFindings") && text.contains("guardduty:ListFindings"));
    for verb in ["Update", "Create", "Delete", "Put", "Archive", "Batch"] {
        assert!(!text.contains(&format!(":{verb}")), "{verb} in {text}");
    }
}

#[test]
fn a_refold_needs_a_store_and_classes_that_read() {
    let directory = tempfile::tempdir().unwrap();
    let classes = directory.path().join("classes.toml");
    std::fs::write(&classes, "version = 1\n[[clas]]\n").unwrap();

    let none = musterd(&["refold", "--data-dir"]).arg(directory.path()).output().unwrap();
    let wrong = musterd(&["refold", "--weakness-classes"]).arg(&classes).output().unwrap();

    assert_eq!(none.status.code(), Some(1));
    assert!(stderr(&none).contains("there is no store in"), "{}", stderr(&none));
    assert_eq!(wrong.status.code(), Some(78));
    assert!(stderr(&wrong).contains("your classes, line 2"), "{}", stderr(&wrong));
}
