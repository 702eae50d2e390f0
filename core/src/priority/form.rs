//! The form of the rules: which sections there are, and what may stand in them.

use super::Factor;

/// The factors that have points, in the order in which they are listed.
pub(super) const SCORED: usize = 14;

macro_rules! numbers {
    ($($name:ident = $section:literal $key:literal),+ $(,)?) => {
        /// A number of the rules.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Number { $($name),+ }

        impl Number {
            pub(super) const ALL: [Self; [$($key),+].len()] = [$(Self::$name),+];

            /// Its section and its key there.
            pub(super) fn place(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($section, $key)),+ }
            }
        }
    };
}

numbers! {
    Private = "exposure" "private",
    Organization = "exposure" "organization",
    CrossAccount = "exposure" "cross_account",
    Internet = "exposure" "internet",
    Public = "exposure" "public",
    CrownJewel = "criticality" "crown_jewel",
    Sandbox = "environment" "sandbox",
    Development = "environment" "development",
    Staging = "environment" "staging",
    UnknownEnvironment = "environment" "unknown",
    Production = "environment" "production",
    Read = "privilege" "read",
    Write = "privilege" "write",
    Escalation = "privilege" "escalation",
    Admin = "privilege" "admin",
    Root = "privilege" "root",
    Recon = "threat" "recon",
    Suspicious = "threat" "suspicious",
    Compromise = "threat" "compromise",
    Sequence = "threat" "sequence",
    RelatedPercent = "threat" "related_percent",
    ProofOfConcept = "exploit" "proof_of_concept",
    Active = "exploit" "active",
    Known = "exploit" "known",
    Automatable = "exploit" "automatable",
    TotalImpact = "exploit" "total_impact",
    Again = "recurrence" "each",
    Overdue = "overdue" "first",
    OverdueQuarter = "overdue" "quarter",
    Phase1 = "quick_win" "phase_1",
    Phase2 = "quick_win" "phase_2",
    Phase3 = "quick_win" "phase_3",
    LowEffort = "quick_win" "low",
    MediumEffort = "quick_win" "medium",
    Standard = "compliance" "each",
    DueP0 = "deadlines" "p0",
    DueP1 = "deadlines" "p1",
    DueP2 = "deadlines" "p2",
    DueP3 = "deadlines" "p3",
    DueP4 = "deadlines" "p4",
    UseCisa = "deadlines" "use_cisa",
    UseKev = "deadlines" "use_kev",
}

/// Numbers of which none may be larger than the next: otherwise what is worse would score lower, or be
/// due later.
pub(super) const ORDERED: [&[Number]; 7] = {
    use Number as N;
    [
        &[N::Private, N::Organization, N::CrossAccount, N::Internet, N::Public],
        &[N::Sandbox, N::Development, N::Staging, N::UnknownEnvironment, N::Production],
        &[N::Read, N::Write, N::Escalation, N::Admin, N::Root],
        &[N::Recon, N::Suspicious, N::Compromise, N::Sequence],
        &[N::ProofOfConcept, N::Active, N::Known],
        &[N::Phase3, N::Phase2, N::Phase1],
        &[N::DueP0, N::DueP1, N::DueP2, N::DueP3, N::DueP4],
    ]
};

/// A table of pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pairs {
    /// Severity from 0 to 100: points; linear between two.
    Severity,
    /// Thousandths of a probability: points, from there on.
    Epss,
    /// Products: points, from there on.
    Products,
    /// Days since it was seen: points, up to then.
    Days,
    /// Sum of points: score; linear between two, beginning at 0.
    Compression,
}

impl Pairs {
    pub(super) const ALL: [Self; 5] =
        [Self::Severity, Self::Epss, Self::Products, Self::Days, Self::Compression];

    /// Its section and its key there.
    pub(super) fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Severity => ("severity", "anchors"),
            Self::Epss => ("exploit", "epss"),
            Self::Products => ("corroboration", "products"),
            Self::Days => ("recency", "days"),
            Self::Compression => ("compression", "anchors"),
        }
    }
}

/// A list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    Criticality,
    Sensitive,
    Environment,
    Privilege,
    Threat,
    QuickWin,
    Standard,
    Combination,
    Floor,
    Cisa,
    Deadline,
}

/// What a field of a rule holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A text or a list of texts, in which `*` may stand for any text.
    Texts,
    /// Accounts, one or a list.
    Accounts,
    /// The name of the rule: letters, digits, and some marks.
    Id,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number from and to.
    Number(i32, i32),
    /// `true` or `false`.
    Flag,
}

/// The largest number of points, days or scores of anything.
pub(super) const NUMBER_MAX: i32 = 10_000;

const POINTS: Kind = Kind::Number(0, NUMBER_MAX);
const SCORE: Kind = Kind::Number(0, 1000);

/// The words for environments, from the least important; `unknown` is none.
pub(super) const ENVIRONMENTS: [&str; 4] = ["sandbox", "development", "staging", "production"];
/// The words for what access can do.
pub(super) const PRIVILEGES: [&str; 5] = ["read", "write", "escalation", "admin", "root"];
/// The words for how bad a threat is.
pub(super) const TIERS: [&str; 4] = ["recon", "suspicious", "compromise", "sequence"];
/// The words for effort.
pub(super) const EFFORTS: [&str; 3] = ["low", "medium", "high"];
/// The words for exposure.
pub(super) const EXPOSURES: [&str; 5] =
    ["private", "organization", "cross_account", "internet", "public"];
/// The words for labels.
pub(super) const SEVERITIES: [&str; 5] = ["informational", "low", "medium", "high", "critical"];
/// The words for kinds of statements.
pub(super) const CLASSES: [&str; 5] =
    ["threat", "vulnerability", "misconfiguration", "sensitive_data", "exposure"];

/// Fields by which a rule says which resources it means.
const PLACE: [(&str, Kind); 4] = [
    ("tag", Kind::Texts),
    ("value", Kind::Texts),
    ("arn", Kind::Texts),
    ("account", Kind::Accounts),
];

impl List {
    pub(super) const ALL: [Self; 11] = [
        Self::Criticality,
        Self::Sensitive,
        Self::Environment,
        Self::Privilege,
        Self::Threat,
        Self::QuickWin,
        Self::Standard,
        Self::Combination,
        Self::Floor,
        Self::Cisa,
        Self::Deadline,
    ];

    /// Its section and its key there.
    pub(super) fn place(self) -> (&'static str, &'static str) {
        match self {
            Self::Criticality => ("criticality", "rule"),
            Self::Sensitive => ("criticality", "sensitive"),
            Self::Environment => ("environment", "rule"),
            Self::Privilege => ("privilege", "rule"),
            Self::Threat => ("threat", "rule"),
            Self::QuickWin => ("quick_win", "rule"),
            Self::Standard => ("compliance", "standard"),
            Self::Combination => ("combination", "rule"),
            Self::Floor => ("floor", "rule"),
            Self::Cisa => ("deadlines", "cisa"),
            Self::Deadline => ("deadlines", "rule"),
        }
    }

    /// The fields of its rules; those that every rule must have come first.
    fn own(self) -> (usize, &'static [(&'static str, Kind)]) {
        const RULES: (&str, Kind) = ("rules", Kind::Texts);
        const ID: (&str, Kind) = ("id", Kind::Id);
        match self {
            Self::Criticality => (1, &[("is", Kind::Number(0, 100))]),
            Self::Sensitive => (0, &[]),
            Self::Environment => (1, &[("is", Kind::Word(&ENVIRONMENTS))]),
            Self::Privilege => (2, &[RULES, ("is", Kind::Word(&PRIVILEGES))]),
            Self::Threat => (
                2,
                &[
                    RULES,
                    ("is", Kind::Word(&TIERS)),
                    ("severe", Kind::Word(&TIERS)),
                    ("severe_from", Kind::Number(0, 100)),
                ],
            ),
            Self::QuickWin => {
                (2, &[RULES, ("phase", Kind::Number(1, 4)), ("effort", Kind::Word(&EFFORTS))])
            }
            Self::Standard => (2, &[ID, RULES, ("title", Kind::Texts)]),
            Self::Combination => (
                2,
                &[
                    ID,
                    ("points", POINTS),
                    ("exposure", Kind::Word(&EXPOSURES)),
                    ("exploit", POINTS),
                    ("threat", POINTS),
                    ("privilege", POINTS),
                    ("automatable", Kind::Flag),
                    ("total_impact", Kind::Flag),
                    ("valued", Kind::Flag),
                ],
            ),
            Self::Floor => (
                2,
                &[
                    ID,
                    ("score", SCORE),
                    RULES,
                    ("threat", Kind::Word(&TIERS)),
                    ("cisa_days", Kind::Number(1, NUMBER_MAX)),
                ],
            ),
            Self::Cisa => (
                5,
                &[
                    ("known", Kind::Flag),
                    ("exposed", Kind::Flag),
                    ("automatable", Kind::Flag),
                    ("total_impact", Kind::Flag),
                    ("days", POINTS),
                    ("forensics", Kind::Flag),
                ],
            ),
            Self::Deadline => (
                2,
                &[
                    ID,
                    ("days", POINTS),
                    RULES,
                    ("class", Kind::Word(&CLASSES)),
                    ("severity", Kind::Word(&SEVERITIES)),
                    ("score", SCORE),
                    ("exposure", Kind::Word(&EXPOSURES)),
                    ("environment", Kind::Word(&ENVIRONMENTS)),
                ],
            ),
        }
    }

    /// Whether its rules may say which resources they mean.
    pub(super) fn has_place(self) -> bool {
        matches!(self, Self::Criticality | Self::Sensitive | Self::Environment | Self::Deadline)
    }

    /// The fields of its rules.
    pub(super) fn fields(self) -> impl Iterator<Item = (&'static str, Kind)> {
        let place = PLACE.iter().filter(move |_| self.has_place());
        self.own().1.iter().chain(place).copied()
    }

    /// The fields that every rule must have.
    pub(super) fn required(self) -> impl Iterator<Item = &'static str> {
        let (count, fields) = self.own();
        fields.iter().take(count).map(|(name, _)| *name)
    }
}

/// The names of all sections.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    let scored = Factor::ALL.into_iter().map(Factor::as_str);
    scored.chain(["deadlines"])
}
