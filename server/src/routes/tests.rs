use muster_core::ids::Revision;

use super::*;
use crate::store::{Commit, MemoryStore};
use crate::testing::report;

fn write(store: &MemoryStore, rows: Vec<MetaWrite>) {
    let id = digest128(format!("{rows:?}").as_bytes());
    store.commit(&Commit { id, mutations: Vec::new(), meta: rows }).unwrap();
    assert_eq!(store.head(), Revision::ZERO);
}

fn to(key: &str, by: RoutedBy) -> Route {
    Route { key: key.to_owned(), by }
}

fn natural(report: &Report) -> FindingId {
    Classes::builtin().key(report).id()
}

#[test]
fn without_routes_a_report_goes_to_its_own_key() {
    let (store, classes) = (MemoryStore::new(), Classes::builtin());
    let routes = Routes::new(&store, &classes).unwrap();

    let placed = routes.place(&report(1)).unwrap();

    assert_eq!((placed.id, placed.key), (natural(&report(1)), classes.key(&report(1))));
}

#[test]
fn a_pin_counts_before_the_key_and_that_of_the_report_before_that_of_its_origin() {
    let (store, classes) = (MemoryStore::new(), Classes::builtin());
    let pinned = report(1);
    let mut copy = report(1);
    copy.key.provider_id.push('x');
    write(
        &store,
        vec![
            row(
                RouteFrom::Origin(origin_digest(&pinned.origin)),
                Some(&to("split|origin", RoutedBy::Decision)),
            ),
            row(
                RouteFrom::Report(pinned.key.digest()),
                Some(&to("split|report", RoutedBy::Decision)),
            ),
        ],
    );
    let routes = Routes::new(&store, &classes).unwrap();

    assert_eq!(routes.place(&pinned).unwrap().key.text, "split|report");
    assert_eq!(routes.place(&copy).unwrap().key.text, "split|origin");
    assert_eq!(routes.place(&copy).unwrap().key.placement, Placement::Decision);
    assert_eq!(routes.place(&report(2)).unwrap().id, natural(&report(2)));
    write(&store, vec![row(RouteFrom::Report(pinned.key.digest()), None)]);
    assert_eq!(routes.place(&pinned).unwrap().key.text, "split|origin");
}

#[test]
fn aliases_are_followed_and_a_decision_on_the_way_is_what_placed_it() {
    let (store, classes) = (MemoryStore::new(), Classes::builtin());
    let (first, rules) = (RouteFrom::Key(natural(&report(1))), RoutedBy::Rules);
    write(&store, vec![row(first, Some(&to("b", rules)))]);
    let routes = Routes::new(&store, &classes).unwrap();
    assert_eq!(routes.place(&report(1)).unwrap().key.placement, Placement::Origin);

    let second = RouteFrom::Finding(FindingId::derive("b"));
    write(&store, vec![row(second, Some(&to("c", RoutedBy::Decision)))]);
    let third = RouteFrom::Finding(FindingId::derive("c"));
    write(&store, vec![row(third, Some(&to("d", rules)))]);
    let walk = routes.walk(&report(1)).unwrap();

    let way: Vec<_> = walk.steps.iter().map(|step| step.key.text.as_str()).collect();
    assert_eq!(way, ["b", "c", "d"]);
    let placed = routes.place(&report(1)).unwrap();
    assert_eq!(placed.key.placement, Placement::Decision);
    assert_eq!(walk.at(FindingId::derive("b")).unwrap().key.placement, Placement::Origin);
    assert_eq!(routes.end(FindingId::derive("b")).unwrap(), placed.id);
}

#[test]
fn a_circle_is_an_error_that_names_both() {
    let (store, classes) = (MemoryStore::new(), Classes::builtin());
    let route = |from: &str, to_key: &str| {
        row(RouteFrom::Finding(FindingId::derive(from)), Some(&to(to_key, RoutedBy::Decision)))
    };
    write(&store, vec![route("a", "b"), route("b", "a")]);
    let routes = Routes::new(&store, &classes).unwrap();

    let error = routes.end(FindingId::derive("a")).unwrap_err().to_string();

    for key in ["a", "b"] {
        assert!(error.contains(&FindingId::derive(key).to_string()), "{error}");
    }
}

#[test]
fn a_way_that_does_not_end_is_an_error_and_not_a_hang() {
    let (store, classes) = (MemoryStore::new(), Classes::builtin());
    let route = |n: usize| {
        let from = RouteFrom::Finding(FindingId::derive(&n.to_string()));
        row(from, Some(&to(&(n + 1).to_string(), RoutedBy::Rules)))
    };
    write(&store, (0..=HOPS_MAX).map(route).collect());
    let routes = Routes::new(&store, &classes).unwrap();

    assert!(routes.end(FindingId::derive("0")).is_err());
    assert_eq!(
        routes.end(FindingId::derive("1")).unwrap(),
        FindingId::derive(&(HOPS_MAX + 1).to_string())
    );
}

#[test]
fn a_row_reads_back_and_a_spoilt_one_says_what_is_wrong() {
    let starts = [
        RouteFrom::Report(ReportDigest([1; 16])),
        RouteFrom::Origin([2; 16]),
        RouteFrom::Finding(FindingId([3; 16])),
    ];
    for from in starts {
        for by in [RoutedBy::Decision, RoutedBy::Rules] {
            let route = to("wk|x|é", by);
            let written = row(from, Some(&route));
            let (key, value) = (written.key, written.value.unwrap());

            assert_eq!(read_row(&key, &value).unwrap(), (from, route));
            for end in 0..value.len() {
                assert!(read_row(&key, &value[..end]).is_err(), "cut at {end}");
            }
            assert!(read_row(&key[1..], &value).is_err());
        }
    }
}
