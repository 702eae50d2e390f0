//! Loads the view: what is there when the server starts.
//!
//! While findings come in only their rows are made and their texts numbered. Sets, postings, indexes
//! and orders are made at the end, from all rows at once: many times faster than one by one, and
//! without room in reserve.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::mpsc;
use std::{mem, thread};

use muster_core::ids::Revision;
use roaring::RoaringBitmap;

use super::View;
use super::column::Column;
use super::orders::Orders;
use super::reports::Reports;
use super::resource::Resources;
use super::row::{Row, TextNumbers};
use super::selections::{Selections, Touched};
use super::sets::Sets;
use super::slab::Slab;
use super::threatened::Threatened;
use crate::store::{Head, Store, StoreError};

/// How many heads are handed to the loading thread at once. Few in tests, so that there are several
/// batches.
const BATCH: usize = if cfg!(test) { 8 } else { 1024 };

/// How many batches wait for it at most.
const BATCHES_MAX: usize = 4;

impl View {
    /// Builds the view by one scan of the heads, which is loaded on a second thread. Nobody may write
    /// the store meanwhile.
    ///
    /// # Errors
    ///
    /// What the store says when the scan fails.
    pub fn build(store: &dyn Store) -> Result<Self, StoreError> {
        let revision = store.head();
        let loader = thread::scope(|scope| {
            let (batches, received) = mpsc::sync_channel::<Vec<Head>>(BATCHES_MAX);
            let load = scope.spawn(move || {
                let mut loader = Loader::default();
                received.iter().flatten().for_each(|head| loader.add(&head));
                loader
            });
            let mut batch = Vec::with_capacity(BATCH);
            // The other end is gone only after a panic there, which the join shows.
            let send = |batch: &mut Vec<Head>| drop(batches.send(mem::take(batch)));
            store.scan_heads(&mut |head| {
                batch.push(head);
                if batch.len() == BATCH {
                    send(&mut batch);
                }
            })?;
            send(&mut batch);
            drop(batches);
            Ok(load.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })?;
        Ok(loader.finish(revision))
    }
}

impl Default for View {
    fn default() -> Self {
        Loader::default().finish(Revision::ZERO)
    }
}

/// A view that is being loaded.
#[derive(Debug)]
pub struct Loader {
    view: View,
}

impl Default for Loader {
    fn default() -> Self {
        let view = View {
            rows: Slab::default(),
            live: RoaringBitmap::new(),
            sets: Sets::default(),
            accounts: Column::default(),
            regions: Column::default(),
            assignees: Column::default(),
            rules: Column::default(),
            titles: Column::default(),
            resources: Resources::default(),
            orders: Orders::default(),
            reports: Reports::default(),
            threatened: Threatened::default(),
            ends: BTreeSet::new(),
            selections: Selections::default(),
            touched: Touched::default(),
            revision: Revision::ZERO,
        };
        Self { view }
    }
}

impl Loader {
    /// Adds a finding, each once, in any order.
    pub fn add(&mut self, head: &Head) {
        let view = &mut self.view;
        let facets = &head.facets;
        let texts = TextNumbers {
            account: view.accounts.intern(facets.account.as_str()),
            region: view.regions.intern(facets.region.as_str()),
            assignee: view.assignees.intern(&facets.assignee),
            rule: view.rules.intern(&facets.rule_id),
            title: view.titles.intern(&facets.title),
            resource: view.resources.intern(&facets.resource),
        };
        let place = view.rows.insert(Row::new(head, texts));
        view.reports.load(place, &head.reports);
        view.threatened.replace(place, &head.threatens);
    }

    /// The view, which shows the log up to `revision`.
    pub fn finish(mut self, revision: Revision) -> View {
        self.complete();
        self.view.revision = revision;
        self.view
    }

    /// Makes everything that follows from the rows; the searched texts on a second thread.
    fn complete(&mut self) {
        let view = &mut self.view;
        let (rules, titles, resources) = (&mut view.rules, &mut view.titles, &mut view.resources);
        let rows = &view.rows;
        let texts = rows.iter().map(|(place, row)| (place, row.texts));
        thread::scope(|scope| {
            scope.spawn(|| {
                rules.fill(texts.clone().map(|(place, texts)| (place, texts.rule)));
                titles.fill(texts.clone().map(|(place, texts)| (place, texts.title)));
                resources.fill(texts.clone().map(|(place, texts)| (place, texts.resource)));
                rules.index();
                titles.index();
                resources.index();
            });
            view.accounts.fill(texts.clone().map(|(place, texts)| (place, texts.account)));
            view.regions.fill(texts.clone().map(|(place, texts)| (place, texts.region)));
            view.assignees.fill(texts.clone().map(|(place, texts)| (place, texts.assignee)));
            view.live = rows.iter().map(|(place, _)| place).collect();
            view.sets = Sets::build(rows.iter());
            view.ends = rows.iter().filter_map(|(place, row)| Some((row.until?, place))).collect();
            view.orders = Orders::build(rows);
            view.reports.finish();
        });
    }
}
