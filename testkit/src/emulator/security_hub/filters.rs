//! `AwsSecurityFindingFilters`: which findings a `GetFindings` call asks for.
//!
//! Within one attribute, conditions that include are alternatives and conditions that exclude all
//! apply; attributes must all be satisfied. Limits are those of the API model: 10 attributes, 20
//! conditions each. Date bounds are taken as inclusive.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::clock::earlier;

/// An attribute that can be filtered and sorted by.
pub(crate) struct Attribute {
    name: &'static str,
    /// Member names from the document's root; lists on the way are searched whole.
    path: &'static [&'static str],
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Date,
    Number,
    Map,
    Boolean,
}

macro_rules! attributes {
    ($($name:literal $kind:ident [$($path:literal)*];)*) => {
        const ATTRIBUTES: &[Attribute] =
            &[$(Attribute { name: $name, path: &[$($path),*], kind: Kind::$kind }),*];
    };
}

attributes! {
    "ProductArn" Text ["ProductArn"];
    "ProductName" Text ["ProductName"];
    "CompanyName" Text ["CompanyName"];
    "AwsAccountId" Text ["AwsAccountId"];
    "AwsAccountName" Text ["AwsAccountName"];
    "Id" Text ["Id"];
    "GeneratorId" Text ["GeneratorId"];
    "Region" Text ["Region"];
    "Type" Text ["Types"];
    "Title" Text ["Title"];
    "Description" Text ["Description"];
    "SourceUrl" Text ["SourceUrl"];
    "RecordState" Text ["RecordState"];
    "WorkflowState" Text ["WorkflowState"];
    "WorkflowStatus" Text ["Workflow" "Status"];
    "VerificationState" Text ["VerificationState"];
    "SeverityLabel" Text ["Severity" "Label"];
    "SeverityNormalized" Number ["Severity" "Normalized"];
    "SeverityProduct" Number ["Severity" "Product"];
    "Confidence" Number ["Confidence"];
    "Criticality" Number ["Criticality"];
    "Sample" Boolean ["Sample"];
    "ComplianceStatus" Text ["Compliance" "Status"];
    "ComplianceSecurityControlId" Text ["Compliance" "SecurityControlId"];
    "ComplianceAssociatedStandardsId" Text ["Compliance" "AssociatedStandards" "StandardsId"];
    "ResourceType" Text ["Resources" "Type"];
    "ResourceId" Text ["Resources" "Id"];
    "ResourcePartition" Text ["Resources" "Partition"];
    "ResourceRegion" Text ["Resources" "Region"];
    "ResourceTags" Map ["Resources" "Tags"];
    "ProductFields" Map ["ProductFields"];
    "UserDefinedFields" Map ["UserDefinedFields"];
    "RecommendationText" Text ["Remediation" "Recommendation" "Text"];
    "RelatedFindingsId" Text ["RelatedFindings" "Id"];
    "RelatedFindingsProductArn" Text ["RelatedFindings" "ProductArn"];
    "FindingProviderFieldsSeverityLabel" Text ["FindingProviderFields" "Severity" "Label"];
    "FindingProviderFieldsSeverityOriginal" Text ["FindingProviderFields" "Severity" "Original"];
    "FindingProviderFieldsTypes" Text ["FindingProviderFields" "Types"];
    "NoteText" Text ["Note" "Text"];
    "NoteUpdatedBy" Text ["Note" "UpdatedBy"];
    "NoteUpdatedAt" Date ["Note" "UpdatedAt"];
    "FirstObservedAt" Date ["FirstObservedAt"];
    "LastObservedAt" Date ["LastObservedAt"];
    "CreatedAt" Date ["CreatedAt"];
    "UpdatedAt" Date ["UpdatedAt"];
}

/// The attribute with this name.
pub(crate) fn attribute(name: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.name == name)
}

impl Attribute {
    /// Its values in a document.
    pub(crate) fn values<'a>(&self, document: &'a Value) -> Vec<&'a Value> {
        let mut found = vec![document];
        for member in self.path {
            found = found.into_iter().flat_map(spread).filter_map(|at| at.get(*member)).collect();
        }
        found.into_iter().flat_map(spread).collect()
    }
}

/// A list is searched whole.
fn spread(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

/// One condition, as any of the filter types of the model.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Condition {
    value: Option<Value>,
    comparison: Option<String>,
    key: Option<String>,
    start: Option<String>,
    end: Option<String>,
    date_range: Option<DateRange>,
    gte: Option<f64>,
    lte: Option<f64>,
    gt: Option<f64>,
    lt: Option<f64>,
    eq: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DateRange {
    value: u32,
    unit: String,
    comparison: Option<String>,
}

/// A condition that was checked.
enum Test {
    Text { value: String, comparison: Comparison, key: Option<String> },
    Date { start: Option<Timestamp>, end: Option<Timestamp> },
    Number(Box<Condition>),
    Boolean(bool),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equals,
    Prefix,
    Contains,
    ContainsWord,
    NotEquals,
    PrefixNotEquals,
    NotContains,
}

impl Comparison {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "EQUALS" => Self::Equals,
            "PREFIX" => Self::Prefix,
            "CONTAINS" => Self::Contains,
            "CONTAINS_WORD" => Self::ContainsWord,
            "NOT_EQUALS" => Self::NotEquals,
            "PREFIX_NOT_EQUALS" => Self::PrefixNotEquals,
            "NOT_CONTAINS" => Self::NotContains,
            _ => return None,
        })
    }

    fn excludes(self) -> bool {
        matches!(self, Self::NotEquals | Self::PrefixNotEquals | Self::NotContains)
    }

    fn holds(self, found: &str, value: &str) -> bool {
        match self {
            Self::Equals => found == value,
            Self::Prefix => found.starts_with(value),
            Self::Contains => found.contains(value),
            Self::ContainsWord => found.split(|c: char| !c.is_alphanumeric()).any(|w| w == value),
            Self::NotEquals => found != value,
            Self::PrefixNotEquals => !found.starts_with(value),
            Self::NotContains => !found.contains(value),
        }
    }
}

/// The filters of one call.
pub(crate) struct Filters {
    attributes: Vec<(&'static Attribute, Vec<Test>)>,
    /// Those on `UpdatedAt`, which is known without reading the document.
    updated_at: Vec<Test>,
}

impl Filters {
    /// Reads the `Filters` member; the empty text and `null` admit everything.
    pub(crate) fn parse(text: &str, now: Timestamp) -> Result<Self, String> {
        let given: serde_json::Map<String, Value> = match text {
            "" | "null" => serde_json::Map::new(),
            text => {
                serde_json::from_str(text).map_err(|error| format!("Invalid Filters: {error}"))?
            }
        };
        if given.len() > 10 {
            return Err("Invalid parameter Filters: more than 10 attributes".to_owned());
        }
        let mut filters = Self { attributes: Vec::new(), updated_at: Vec::new() };
        for (name, conditions) in given {
            let attribute =
                attribute(&name).ok_or_else(|| format!("Invalid parameter Filters: no {name}"))?;
            let conditions: Vec<Condition> = serde_json::from_value(conditions)
                .map_err(|error| format!("Invalid parameter Filters.{name}: {error}"))?;
            if conditions.len() > 20 {
                return Err(format!("Invalid parameter Filters.{name}: more than 20 values"));
            }
            let tests: Vec<Test> = conditions
                .into_iter()
                .map(|condition| Test::parse(attribute.kind, condition, now))
                .collect::<Result<_, _>>()
                .map_err(|why| format!("Invalid parameter Filters.{name}: {why}"))?;
            if name == "UpdatedAt" {
                filters.updated_at = tests;
            } else {
                filters.attributes.push((attribute, tests));
            }
        }
        Ok(filters)
    }

    /// Whether the whole document must be looked at.
    pub(crate) fn need_document(&self) -> bool {
        !self.attributes.is_empty()
    }

    /// Whether the time of the last update is asked for.
    pub(crate) fn admit_update(&self, updated_at: Timestamp) -> bool {
        self.updated_at.is_empty() || self.updated_at.iter().any(|test| test.holds_at(updated_at))
    }

    /// Whether the rest of the document is.
    pub(crate) fn admit(&self, document: &Value) -> bool {
        self.attributes.iter().all(|(attribute, tests)| {
            let values = attribute.values(document);
            let (excluding, including): (Vec<_>, Vec<_>) =
                tests.iter().partition(|test| test.excludes());
            (including.is_empty() || including.iter().any(|test| test.holds_for_any(&values)))
                && excluding.iter().all(|test| test.holds_for_all(&values))
        })
    }
}

impl Test {
    fn parse(kind: Kind, condition: Condition, now: Timestamp) -> Result<Self, String> {
        match kind {
            Kind::Text | Kind::Map => {
                let comparison = condition.comparison.as_deref().unwrap_or_default();
                let comparison = Comparison::parse(comparison)
                    .ok_or_else(|| format!("Comparison `{comparison}` is not known"))?;
                let Some(Value::String(value)) = condition.value else {
                    return Err("Value is missing".to_owned());
                };
                if kind == Kind::Map && condition.key.is_none() {
                    return Err("Key is missing".to_owned());
                }
                Ok(Self::Text { value, comparison, key: condition.key })
            }
            Kind::Date => Self::date(&condition, now),
            Kind::Number => Ok(Self::Number(Box::new(condition))),
            Kind::Boolean => match condition.value {
                Some(Value::Bool(value)) => Ok(Self::Boolean(value)),
                _ => Err("Value is missing".to_owned()),
            },
        }
    }

    fn date(condition: &Condition, now: Timestamp) -> Result<Self, String> {
        let parse = |text: &Option<String>| {
            text.as_ref()
                .map(|text| text.parse::<Timestamp>())
                .transpose()
                .map_err(|error| format!("the date is not in ISO 8601: {error}"))
        };
        let Some(range) = &condition.date_range else {
            let (start, end) = (parse(&condition.start)?, parse(&condition.end)?);
            if start.is_none() && end.is_none() {
                return Err("neither Start, End nor DateRange is given".to_owned());
            }
            return Ok(Self::Date { start, end });
        };
        if range.unit != "DAYS" {
            return Err(format!("the unit `{}` is not known", range.unit));
        }
        let edge = earlier(now, Duration::from_secs(u64::from(range.value) * 86_400));
        match range.comparison.as_deref().unwrap_or("WITHIN") {
            "WITHIN" => Ok(Self::Date { start: Some(edge), end: Some(now) }),
            "OLDER_THAN" => Ok(Self::Date { start: None, end: Some(edge) }),
            other => Err(format!("the comparison `{other}` is not known")),
        }
    }

    fn excludes(&self) -> bool {
        matches!(self, Self::Text { comparison, .. } if comparison.excludes())
    }

    fn holds_at(&self, at: Timestamp) -> bool {
        match self {
            Self::Date { start, end } => {
                start.is_none_or(|start| at >= start) && end.is_none_or(|end| at <= end)
            }
            Self::Text { .. } | Self::Number(_) | Self::Boolean(_) => false,
        }
    }

    fn holds_for_any(&self, values: &[&Value]) -> bool {
        values.iter().any(|value| self.holds(value))
    }

    /// An exclusion holds for what is not there.
    fn holds_for_all(&self, values: &[&Value]) -> bool {
        values.iter().all(|value| self.holds(value))
    }

    fn holds(&self, found: &Value) -> bool {
        match self {
            Self::Text { value, comparison, key } => {
                let found = match key {
                    Some(key) => found.get(key),
                    None => Some(found),
                };
                match found.and_then(Value::as_str) {
                    Some(found) => comparison.holds(found, value),
                    None => comparison.excludes(),
                }
            }
            Self::Date { .. } => found
                .as_str()
                .and_then(|text| text.parse().ok())
                .is_some_and(|at| self.holds_at(at)),
            Self::Number(bounds) => found.as_f64().is_some_and(|found| {
                bounds.eq.is_none_or(|eq| (found - eq).abs() < f64::EPSILON)
                    && bounds.gte.is_none_or(|gte| found >= gte)
                    && bounds.lte.is_none_or(|lte| found <= lte)
                    && bounds.gt.is_none_or(|gt| found > gt)
                    && bounds.lt.is_none_or(|lt| found < lt)
            }),
            Self::Boolean(wanted) => found.as_bool() == Some(*wanted),
        }
    }
}
