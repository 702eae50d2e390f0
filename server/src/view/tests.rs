//! The view against its model: whatever happens, both answer the same.

mod evidence;
mod model;
mod samples;

use std::collections::BTreeSet;

use muster_core::filter::{Fields, Filter};
use muster_core::ids::{FindingId, Revision};
use muster_core::time::{DAY_MS, Millis};
use muster_core::triage::TriageAction;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use self::model::Model;
use self::samples::Step;
use super::{GroupBy, Loader, Order, Page, Position, Query, View};
use crate::store::{Head, ReportHead};
use crate::testing::{Bench, NOW, decision, report, unit};
use crate::writer::Decisions;

/// A view and its model after the same history.
#[derive(Debug, Default)]
struct Pair {
    view: View,
    model: Model,
    revision: u64,
}

impl Pair {
    /// Both after `steps`.
    fn after(steps: Vec<Step>) -> Self {
        let mut pair = Self::default();
        for step in steps {
            pair.take(step);
        }
        pair
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Apply(heads) => {
                for head in heads {
                    let moved = self.model.withdraw(&head);
                    let heads: Vec<Head> = moved.into_iter().chain([head]).collect();
                    self.apply(heads);
                }
            }
            Step::Remove(ids) => {
                self.view.remove(&ids);
                self.model.remove(&ids);
            }
            Step::Restart => {
                let mut loader = Loader::default();
                self.model.heads().for_each(|head| loader.add(head));
                self.view = loader.finish(self.model.revision());
            }
        }
    }

    fn apply(&mut self, mut heads: Vec<Head>) {
        for head in &mut heads {
            self.revision += 1;
            head.revision = Revision(self.revision);
        }
        self.view.apply(&heads, Revision(self.revision));
        self.model.apply(&heads, Revision(self.revision));
    }

    fn query(&self, query: &Query<'_>) -> (Page, Page) {
        (self.view.page(query), self.model.page(query))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_page_is_what_sorting_and_filtering_everything_gives(
        steps in samples::steps(),
        questions in vec((samples::filter(), samples::order(), 0..9_usize, samples::position()), 1..8),
    ) {
        let pair = Pair::after(steps);

        for (text, order, limit, position) in questions {
            let filter = Filter::parse(&text).unwrap();
            for after in [None, Some(position)] {
                let (page, expected) = pair.query(&Query { filter: &filter, order, after, limit });
                prop_assert_eq!(page, expected, "{} {:?} after {:?}", text, order, after);
            }
        }
    }

    #[test]
    fn a_filter_selects_the_same_before_and_after_a_finding_moves(
        steps in samples::steps(),
        more in samples::steps(),
        filters in vec(samples::filter(), 1..4),
    ) {
        let mut pair = Pair::after(steps);

        for step in more {
            for text in &filters {
                let filter = Filter::parse(text).unwrap();
                let query = Query { filter: &filter, order: Order::Priority, after: None, limit: 100 };
                let (page, expected) = pair.query(&query);
                prop_assert_eq!(page, expected, "{}", text);
            }
            pair.take(step);
        }
    }

    #[test]
    fn paging_through_shows_everything_once(
        steps in samples::steps(),
        text in samples::filter(),
        order in samples::order(),
        limit in 1..7_usize,
    ) {
        let pair = Pair::after(steps);
        let filter = Filter::parse(&text).unwrap();

        let mut after = None;
        let mut seen: Vec<Position> = Vec::new();
        loop {
            let page = pair.view.page(&Query { filter: &filter, order, after, limit });
            seen.extend(&page.positions);
            after = page.positions.last().copied();
            if !page.more {
                break;
            }
        }

        let all = pair.model.page(&Query { filter: &filter, order, after: None, limit: usize::MAX });
        prop_assert_eq!(seen, all.positions);
    }

    #[test]
    fn paging_neither_repeats_nor_skips_what_did_not_move(
        before in samples::steps(),
        between in samples::steps(),
        text in samples::filter(),
        order in samples::order(),
        limit in 1..7_usize,
    ) {
        let mut pair = Pair::after(before);
        let filter = Filter::parse(&text).unwrap();
        let whole = Query { filter: &filter, order, after: None, limit: usize::MAX };
        let mut still: BTreeSet<FindingId> = pair.model.page(&whole).positions.iter().map(|p| p.id).collect();
        let mut between = between.into_iter();

        let mut after = None;
        let mut seen: Vec<FindingId> = Vec::new();
        loop {
            let page = pair.view.page(&Query { filter: &filter, order, after, limit });
            seen.extend(page.positions.iter().map(|position| position.id));
            after = page.positions.last().copied();
            if !page.more {
                break;
            }
            if let Some(step) = between.next() {
                let was = pair.model.page(&whole).positions;
                pair.take(step);
                let is = pair.model.page(&whole).positions;
                still.retain(|id| {
                    let find = |positions: &[Position]| positions.iter().find(|p| p.id == *id).copied();
                    find(&was) == find(&is)
                });
            }
        }

        for id in still {
            prop_assert_eq!(seen.iter().filter(|seen| **seen == id).count(), 1, "{}", id);
        }
    }

    #[test]
    fn a_summary_is_what_counting_everything_gives(
        steps in samples::steps(),
        questions in vec(
            (samples::filter(), vec(select(GroupBy::ALL.to_vec()), 1..3), 0..12_usize), 1..8),
    ) {
        let pair = Pair::after(steps);

        for (text, by, limit) in questions {
            let filter = Filter::parse(&text).unwrap();
            let summary = pair.view.summarize(&filter, &by, limit);
            prop_assert_eq!(summary, pair.model.summarize(&filter, &by, limit), "{} {:?}", text, by);
        }
    }

    #[test]
    fn findings_and_reports_are_found(
        steps in samples::steps(),
        ids in vec(samples::id(), 1..6),
        digests in vec(samples::any_digest(), 1..20),
        now in 0..110_i64,
        limit in 0..9_usize,
        prefix_chars in 0..27_usize,
    ) {
        let Pair { view, model, .. } = Pair::after(steps);

        prop_assert_eq!(view.len(), model.len());
        prop_assert_eq!(view.is_empty(), model.is_empty());
        prop_assert_eq!(view.revision(), model.revision());
        prop_assert_eq!(sorted(view.ended(Millis(now))), model.ended(Millis(now)));
        for head in model.heads() {
            let resource = &head.facets.resource;
            prop_assert_eq!(sorted(view.on_resource(resource, 100)), model.on_resource(resource));
            let some = view.on_resource(resource, limit);
            prop_assert_eq!(some.len(), limit.min(model.on_resource(resource).len()));
        }
        prop_assert_eq!(view.open(limit, None), model.open(limit, None));
        let (open, mut walked, mut after) = (Filter::parse("status = ACTIVE").unwrap(), Vec::new(), None);
        loop {
            let walk = view.walk(&open, after, limit.max(1), 3);
            prop_assert!(walk.ids.len() <= limit.max(1));
            walked.extend(walk.ids);
            if !walk.more {
                break;
            }
            prop_assert!(walk.reached > after, "it gets on");
            after = walk.reached;
        }
        let active = |head: &&Head| open.matches(&head.facets);
        let active: Vec<FindingId> = model.heads().filter(active).map(|head| head.id).collect();
        prop_assert_eq!(walked, active);
        for id in ids {
            prop_assert_eq!(view.contains(id), model.contains(id));
            let seen = view.facets(id).map(|fields| shown(&fields));
            prop_assert_eq!(seen, model.facets(id).map(|fields| shown(&fields)));
            prop_assert_eq!(view.open(limit, Some(id)), model.open(limit, Some(id)));
            let text = id.to_string();
            let prefix: String = text.chars().skip(4).take(prefix_chars).collect();
            prop_assert_eq!(view.resolve(&prefix, limit), model.resolve(&prefix, limit));
        }
        for digest in digests {
            prop_assert_eq!(view.report(&digest), model.report(&digest));
        }
        for unit in ["securityhub/111111111111/eu-west-1", "nobody"] {
            prop_assert_eq!(view.unit_report_count(unit), model.unit_report_count(unit));
            let reports = sorted(view.unit_reports(unit, |rule| rule == "S3.1"));
            prop_assert_eq!(reports, sorted(model.unit_reports(unit, |rule| rule == "S3.1")));
        }
    }
}

/// Everything that filters see, as text.
fn shown(fields: &impl Fields) -> String {
    format!(
        "{} {:?} {:?} {:?} {:?} {:?} {} {} {} {} {} {} {}",
        fields.score(),
        fields.severity(),
        fields.status(),
        fields.triage(),
        fields.class(),
        muster_core::unit::SourceKind::ALL.map(|kind| fields.has_source(kind)),
        fields.account(),
        fields.region(),
        fields.assignee(),
        fields.stale(),
        fields.resource(),
        fields.rule_id(),
        fields.title(),
    )
}

fn sorted<T: Ord>(mut all: Vec<T>) -> Vec<T> {
    all.sort_unstable();
    all
}

#[test]
fn what_begins_no_id_resolves_to_nothing() {
    let mut pair = Pair::default();
    pair.apply(vec![samples::plain("one")]);

    for prefix in ["1", "A", "é", "a b", "0", "fnd_", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        assert_eq!(pair.view.resolve(prefix, 10), [], "{prefix}");
    }
    assert_eq!(pair.view.resolve("", 10).len(), 1);
}

#[test]
fn an_older_image_does_not_replace_a_newer_one() {
    let newer = Head { revision: Revision(7), ..samples::plain("one") };
    let mut older = Head { revision: Revision(6), ..newer.clone() };
    older.facets.score = 999;
    let mut view = View::default();
    view.apply(std::slice::from_ref(&newer), Revision(7));

    view.apply(&[older], Revision(6));

    assert_eq!(view.facets(newer.id).map(|fields| fields.score()), Some(newer.facets.score));
    assert_eq!(view.revision(), Revision(7));
}

#[tokio::test]
async fn the_view_built_from_a_store_is_the_one_that_followed_it() {
    let bench = Bench::new();
    let reports: Vec<_> = (0..20).map(report).collect();
    bench.ingest(&reports).await;
    let snoozed = TriageAction::Snooze { until: NOW.plus(DAY_MS) };
    let decisions = vec![decision(&reports[3], snoozed)];
    bench.writer.decide(Decisions { decisions, atomic: true, request: None }).await.unwrap();

    let built = View::build(&*bench.store).unwrap();

    let followed = bench.view.read().unwrap();
    let filter = Filter::parse("text : probe AND NOT title = \"probe 7\"").unwrap();
    for order in Order::ALL {
        let query = Query { filter: &filter, order, after: None, limit: 100 };
        assert_eq!(built.page(&query), followed.page(&query));
        assert_eq!(built.page(&query).total, 19);
    }
    assert_eq!(built.revision(), followed.revision());
    assert_eq!(built.ended(NOW.plus(DAY_MS)), followed.ended(NOW.plus(DAY_MS)));
    assert_eq!(built.unit_report_count(&unit().to_string()), 20);
}

#[test]
fn reports_that_two_findings_exchange_are_where_they_went_in_either_order() {
    for forward in [true, false] {
        let mut pair = Pair::default();
        let head = |number: u64, reports: &[u32]| {
            let mut head = Head::of(&crate::store::samples::finding(number, 0));
            let template = Head::of(&crate::store::samples::finding(1, 0)).reports.remove(0);
            head.reports = reports
                .iter()
                .map(|n| ReportHead { key: report(*n).key.digest(), ..template.clone() })
                .collect();
            head
        };
        pair.apply(vec![head(1, &[1, 2]), head(2, &[3])]);
        for (first, second) in [
            (head(1, &[3]), head(2, &[1, 2])),
            (head(1, &[]), head(2, &[1, 2, 3])),
            (head(1, &[2]), head(2, &[1, 3])),
        ] {
            let heads = if forward { vec![first, second] } else { vec![second, first] };

            pair.apply(heads.clone());

            for head in &heads {
                for held in &head.reports {
                    assert_eq!(pair.view.report(&held.key).unwrap().finding, head.id);
                    assert_eq!(pair.view.unit_report_count(&held.unit), 3);
                }
            }
        }
    }
}
