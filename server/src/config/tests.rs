use super::*;

fn read(file: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::read(Some(file), lookup)
}

#[test]
fn a_region_is_all_that_must_be_set() {
    let config = read("", &[("AWS_REGION", "eu-central-1")]).unwrap();

    assert_eq!(config.listen, "127.0.0.1:7443".parse().unwrap());
    assert_eq!(config.collect.regions, ["eu-central-1".parse().unwrap()]);
    assert_eq!(config.collect.sources, SourceKind::DEFAULT);
    assert_eq!(config.collect.accounts, []);
    assert_eq!(config.collect.schedule.sweep, Duration::from_hours(6));
}

#[test]
fn a_variable_wins_over_the_file() {
    let file = "
        listen = '127.0.0.1:1'
        retention = '30d'
        [limits]
        watchers = 7
        [collect]
        regions = ['eu-west-1', 'us-east-1']
        sources = ['guardduty']
        interval.guardduty = '10s'
        interval.access-analyzer = '20s'
        [[accounts]]
        role_arn = 'arn:aws:iam::123456789012:role/MusterReader'
        external_id = 'x'
        [[accounts]]
        id = '210987654321'
        profile = 'audit'
    ";
    let variables = [
        ("MUSTER_LISTEN", "[::1]:2"),
        ("MUSTER_COLLECT_INTERVAL_ACCESS_ANALYZER", "30s"),
        ("AWS_REGION", "ignored"),
    ];

    let config = read(file, &variables).unwrap();

    assert_eq!(config.listen, "[::1]:2".parse().unwrap());
    assert_eq!(config.retention, Duration::from_hours(30 * 24));
    assert_eq!(config.watchers_max, 7);
    assert_eq!(config.collect.sources, [SourceKind::GuardDuty]);
    let interval = &config.collect.schedule.interval;
    assert_eq!(interval[&SourceKind::GuardDuty], Duration::from_secs(10));
    assert_eq!(interval[&SourceKind::AccessAnalyzer], Duration::from_secs(30));
    let accounts: Vec<_> = config.collect.accounts.iter().map(|account| account.id).collect();
    assert_eq!(accounts, ["123456789012", "210987654321"].map(|id| id.parse().ok()));
    assert_eq!(config.collect.accounts[0].external_id.as_deref(), Some("x"));
}

#[test]
fn accounts_and_a_common_external_id_fit_in_variables() {
    let variables = [
        ("AWS_REGION", "eu-west-1"),
        ("MUSTER_ACCOUNTS", "123456789012, arn:aws:iam::210987654321:role/MusterReader"),
        ("MUSTER_EXTERNAL_ID", "secret"),
    ];

    let accounts = read("", &variables).unwrap().collect.accounts;

    assert_eq!(accounts[0].role_arn, None);
    assert_eq!(accounts[1].id, "210987654321".parse().ok());
    assert_eq!(accounts[1].external_id.as_deref(), Some("secret"));
}

#[test]
fn a_wrong_setting_is_named_with_its_value_and_what_was_expected() {
    for (file, variable, expected) in [
        ("", ("MUSTER_LISTEN", "nowhere"), "listen (from MUSTER_LISTEN): `nowhere` is not a loop"),
        ("", ("MUSTER_LISTEN", "0.0.0.0:7443"), "`0.0.0.0:7443` is not a loopback address"),
        ("metrics_listen = '0.0.0.0:1'", ("", ""), "metrics_listen: `0.0.0.0:1` is not a loopback"),
        ("drain_timeout = 25", ("", ""), "drain_timeout: `25` is not a length of time"),
        ("retention = '0d'", ("", ""), "retention: `0d` is not a length of time"),
        ("", ("MUSTER_LIMITS_WATCHERS", "0"), "`0` is not a number from 1 to 100000"),
        ("collect.sources = ['detective']", ("", ""), "one or more of securityhub, guardduty"),
        ("collect.regions = ['Frankfurt']", ("", ""), "one or more Regions such as"),
        ("collect.regions = []", ("", ""), "one or more Regions such as"),
        ("log = '=x='", ("", ""), "log: `=x=` is not a level"),
        ("log_format = 'xml'", ("", ""), "`xml` is not text or json"),
        ("accounts = ['1']", ("", ""), "is not a table: [[accounts]]"),
        ("[[accounts]]\nid = 12", ("", ""), "accounts.id: `12` is not an account id"),
        ("[[accounts]]\nrole_arn = 'x'", ("", ""), "is not a role ARN such as"),
        ("[[accounts]]\nrole = 'x'", ("", ""), "`accounts.role` is not a setting"),
        ("", ("MUSTER_ACCOUNTS", "12"), "accounts (from MUSTER_ACCOUNTS): `12` is not a list"),
        ("listn = 'x'", ("", ""), "`listn` is not a setting; the settings are "),
        ("collect.endpoint = 'x'", ("", ""), "`x` is not an http(s) address"),
        ("listen = ", ("", ""), "not TOML"),
    ] {
        let error = read(file, &[("AWS_REGION", "eu-west-1"), variable]).unwrap_err();

        assert!(error.to_string().contains(expected), "{file} {variable:?}: {error}");
    }
    let error = read("", &[]).unwrap_err().to_string();
    assert!(error.contains("collect.regions (MUSTER_COLLECT_REGIONS) is not set"), "{error}");
}
