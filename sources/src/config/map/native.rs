//! The parts of evaluations and rules that are read. Names of evaluations are in lower case: see
//! [`AnyCase`].

use serde::Deserialize;

use crate::lenient::{AnyCase, Maybe, Moment, Scalar};

/// An item of `DescribeConfigRules`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfigRule<'a> {
    #[serde(borrow, rename = "ConfigRuleArn")]
    pub(super) arn: Scalar<'a>,
    #[serde(borrow, rename = "ConfigRuleName")]
    pub(super) name: Scalar<'a>,
    #[serde(borrow, rename = "Source")]
    pub(super) source: Maybe<RuleSource<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RuleSource<'a> {
    #[serde(borrow, rename = "SourceIdentifier")]
    pub(super) identifier: Scalar<'a>,
}

/// An evaluation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Evaluation<'a> {
    #[serde(borrow, rename = "evaluationresultidentifier")]
    pub(super) identifier: AnyCase<Identifier<'a>>,
    #[serde(borrow, rename = "compliancetype")]
    pub(super) compliance: Scalar<'a>,
    #[serde(rename = "resultrecordedtime")]
    pub(super) recorded: Moment,
    #[serde(rename = "configruleinvokedtime")]
    pub(super) invoked: Moment,
    #[serde(borrow)]
    pub(super) annotation: Scalar<'a>,
    /// Only of an aggregator.
    #[serde(borrow, rename = "accountid")]
    pub(super) account: Scalar<'a>,
    /// Only of an aggregator.
    #[serde(borrow, rename = "awsregion")]
    pub(super) region: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Identifier<'a> {
    #[serde(borrow, rename = "evaluationresultqualifier")]
    pub(super) qualifier: AnyCase<Qualifier<'a>>,
}

/// Which resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Qualifier<'a> {
    #[serde(borrow, rename = "resourcetype")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow, rename = "resourceid")]
    pub(super) id: Scalar<'a>,
}

/// What an event says about a change of compliance.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Change<'a> {
    #[serde(borrow, rename = "resourceId")]
    pub(super) id: Scalar<'a>,
    #[serde(borrow, rename = "resourceType")]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow, rename = "awsRegion")]
    pub(super) region: Scalar<'a>,
    #[serde(borrow, rename = "awsAccountId")]
    pub(super) account: Scalar<'a>,
    #[serde(borrow, rename = "configRuleName")]
    pub(super) rule_name: Scalar<'a>,
    #[serde(borrow, rename = "configRuleARN")]
    pub(super) rule_arn: Scalar<'a>,
    #[serde(borrow, rename = "newEvaluationResult")]
    pub(super) new: AnyCase<Evaluation<'a>>,
}
