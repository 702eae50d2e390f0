//! Planted chains: a threat and the weaknesses that made it possible, hidden among thousands of other
//! findings. Which order shows them first?
//!
//! Each seed makes [`FINDINGS`] findings with the severity mix of Security Hub's controls, of
//! vulnerabilities, access and threats that mean little, and plants [`CHAINS`] chains among them. The
//! floors were chosen with one half of the seeds; the page reports both. The figures stand in
//! `docs/priority.md`, which this test reads.

mod plant;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use self::plant::{Item, Seed};
use super::*;

/// Findings of one seed.
const FINDINGS: usize = 5000;

/// Chains of one seed.
const CHAINS: usize = 3;

/// How many findings a day are looked at: the `k` of nDCG.
const TOP: usize = 20;

/// The seeds with which the floors were chosen.
const TUNED: RangeInclusive<u64> = 1..=10;

/// Seeds that nobody had looked at by then.
const REPORTED: RangeInclusive<u64> = 101..=110;

/// When the findings are ranked.
const NOW: Millis = Millis(START.0 + 100 * DAY_MS);

/// The orders that are compared, by what stands on the page.
const ORDERS: [&str; 4] =
    ["Muster", "severity", "severity, oldest first", "exposure, then severity"];

/// The items in one of [`ORDERS`]. What ties stays as it arrived, which is at random.
fn ordered<'a>(order: &str, items: &'a [Item]) -> Vec<&'a Item> {
    let mut sorted: Vec<&Item> = items.iter().collect();
    let severity = |item: &Item| Reverse(item.case.facts.severity_normalized);
    match order {
        "Muster" => {
            sorted.sort_by_cached_key(|item| {
                let priority = item.case.rate(NOW).priority;
                Reverse(priority.score)
            });
        }
        "severity" => sorted.sort_by_key(|item| severity(item)),
        "severity, oldest first" => {
            sorted.sort_by_key(|item| (severity(item), item.case.facts.first_observed));
        }
        "exposure, then severity" => {
            sorted.sort_by_key(|item| (Reverse(item.case.facts.exposure), severity(item)));
        }
        other => unreachable!("no order {other}"),
    }
    sorted
}

/// Normalized discounted cumulative gain of the first [`TOP`]: 1 when what matters most stands first.
/// A threat of a chain is worth 3, a weakness of one 2, all else nothing; gain is 2^worth - 1.
fn ndcg(sorted: &[&Item]) -> f64 {
    let gain = |worth: u8| f64::from((1_u32 << worth) - 1);
    let discounted = |worths: &[u8]| -> f64 {
        let places = worths.iter().take(TOP).zip(2_u32..);
        places.map(|(worth, place)| gain(*worth) / f64::from(place).log2()).sum()
    };
    let worths: Vec<u8> = sorted.iter().map(|item| item.worth).collect();
    let mut ideal = worths.clone();
    ideal.sort_unstable_by_key(|worth| Reverse(*worth));
    discounted(&worths) / discounted(&ideal)
}

/// How many findings are worked until all of each chain was seen, by its kind.
fn until_seen(sorted: &[&Item]) -> Vec<(&'static str, usize)> {
    let mut last: HashMap<usize, (&'static str, usize)> = HashMap::new();
    for (item, place) in sorted.iter().zip(1..) {
        if let Some((number, kind)) = item.chain {
            last.insert(number, (kind, place));
        }
    }
    last.into_values().collect()
}

fn median(mut numbers: Vec<usize>) -> usize {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

/// One half of the seeds in one order.
struct Outcome {
    ndcg: f64,
    seen: Vec<(&'static str, usize)>,
}

impl Outcome {
    fn of(order: &str, seeds: &[Seed]) -> Self {
        let (mut sum, mut seen, mut count) = (0.0, Vec::new(), 0.0);
        for seed in seeds {
            let sorted = ordered(order, &seed.items);
            sum += ndcg(&sorted);
            count += 1.0;
            seen.extend(until_seen(&sorted));
        }
        Self { ndcg: sum / count, seen }
    }

    /// The median until all of a chain was seen, of the chains whose kind fits.
    fn median_until(&self, fits: impl Fn(&str) -> bool) -> usize {
        let fitting = self.seen.iter().filter(|(kind, _)| fits(kind));
        median(fitting.map(|(_, place)| *place).collect())
    }
}

/// The two tables of the page, of each order with both halves.
fn page(outcomes: &[(&str, Outcome, Outcome)]) -> String {
    let mut text = String::new();
    for (order, tuned, reported) in outcomes {
        let [first, second] = [tuned, reported].map(|half| {
            let until = half.median_until(|_| true);
            format!("{:.2} | {until}", half.ndcg)
        });
        writeln!(text, "| {order} | {first} | {second} |").unwrap();
    }
    for kind in plant::KINDS {
        let medians = outcomes.iter().map(|(.., reported)| reported.median_until(|of| of == kind));
        let cells: Vec<String> = medians.map(|median| median.to_string()).collect();
        writeln!(text, "| {kind} | {} |", cells.join(" | ")).unwrap();
    }
    text
}

#[test]
fn chains_are_seen_sooner_than_in_other_orders_and_the_page_says_how_soon() {
    let seeds = |numbers: RangeInclusive<u64>| -> Vec<Seed> {
        numbers.map(|number| Seed::plant(number, FINDINGS, CHAINS)).collect()
    };
    let (tuned, reported) = (seeds(TUNED), seeds(REPORTED));
    assert!(tuned.iter().chain(&reported).all(|seed| seed.items.len() == FINDINGS));

    let outcomes =
        ORDERS.map(|order| (order, Outcome::of(order, &tuned), Outcome::of(order, &reported)));
    let [(_, _, ours), others @ ..] = &outcomes;
    for (order, _, other) in others {
        assert!(ours.ndcg > other.ndcg, "{order}: {} to {}", ours.ndcg, other.ndcg);
    }
    let page = page(&outcomes);
    let document = include_str!("../../../../docs/priority.md");
    for line in page.lines() {
        assert!(document.contains(line), "docs/priority.md must say:\n{page}");
    }
}
