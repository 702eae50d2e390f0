//! Q1 to Q4 over any history of reads, deliveries, words, crashes and decisions.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// How many changes the log of the model has.
const LOG: u64 = 40;

#[derive(Clone, Copy, Debug)]
enum Step {
    /// Reads so many entries of the log.
    Read(u64),
    /// Hands out what is ready, at most so much.
    Hand(usize, bool),
    /// Says this about one of the deliveries made so far, however old.
    Say(prop::sample::Index, Said),
    /// Lets so much time pass.
    Pass(i64),
    Open,
    Close,
    /// The process dies: sessions are gone.
    Crash,
    Redeliver(prop::sample::Index),
    Discard(prop::sample::Index),
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Done,
    Retry,
    Reject,
}

fn step() -> impl Strategy<Value = Step> {
    let said = prop_oneof![4 => Just(Said::Done), 2 => Just(Said::Retry), 1 => Just(Said::Reject)];
    prop_oneof![
        3 => (1..6_u64).prop_map(Step::Read),
        5 => (1..6_usize, any::<bool>()).prop_map(|(count, pull)| Step::Hand(count, pull)),
        6 => (any::<prop::sample::Index>(), said).prop_map(|(which, said)| Step::Say(which, said)),
        2 => (0..90_000_i64).prop_map(Step::Pass),
        1 => Just(Step::Open),
        1 => Just(Step::Close),
        1 => Just(Step::Crash),
        1 => any::<prop::sample::Index>().prop_map(Step::Redeliver),
        1 => any::<prop::sample::Index>().prop_map(Step::Discard),
    ]
}

/// What the model knows: plainly, which changes are done with.
struct Model {
    /// Of each change of the log, its finding; `None` where the filter does not match.
    log: Vec<Option<u8>>,
    settings: Settings,
    state: State,
    now: Millis,
    /// Acknowledged, and confirmed.
    done: BTreeSet<u64>,
    parked: BTreeSet<u64>,
    discarded: BTreeSet<u64>,
    delivered: Vec<(u64, u32)>,
}

impl Model {
    fn new(log: Vec<Option<u8>>, outstanding_max: usize, attempts_max: u32) -> Self {
        let settings = Settings { outstanding_max, attempts_max, ..Settings::default() };
        let state = State::new(Place::Log(Revision::ZERO), NOW);
        let (done, parked, discarded) = Default::default();
        let delivered = Vec::new();
        Self { log, settings, state, now: NOW, done, parked, discarded, delivered }
    }

    fn finding(&self, revision: u64) -> Option<u8> {
        usize::try_from(revision - 1).ok().and_then(|at| self.log.get(at).copied().flatten())
    }

    fn read(&mut self, count: u64) {
        let Place::Log(from) = self.state.place else { unreachable!("there is no snapshot") };
        let room = self.state.room(&self.settings);
        let (mut through, mut news) = (from.0, Vec::new());
        for revision in from.0 + 1..=LOG.min(from.0 + count) {
            if let Some(finding) = self.finding(revision) {
                if news.len() == room {
                    break;
                }
                news.push(found(revision, finding));
            }
            through = revision;
        }
        let to = Place::Log(Revision(through));
        self.state.advance(&self.settings, self.state.place, to, &news, self.now).unwrap();
    }

    fn hand(&mut self, count: usize, pull: bool) -> Result<usize, TestCaseError> {
        let epoch = self.state.epoch;
        let holder = if pull { Holder::Pull } else { Holder::Session(epoch) };
        self.sweep();
        let keys: Vec<Key> = ready(&self.state, self.now).into_iter().take(count).collect();
        let leases = self.state.lease(&self.settings, &keys, holder, self.now);
        for Lease { key, attempt } in &leases {
            let Key::Change(Revision(revision)) = *key else { unreachable!() };
            prop_assert!(!self.done.contains(&revision), "Q1: {revision} comes again");
            prop_assert!(!self.discarded.contains(&revision), "{revision} was discarded");
            let finding = self.finding(revision);
            for earlier in (1..revision).filter(|earlier| self.finding(*earlier) == finding) {
                let settled = self.done.contains(&earlier)
                    || self.parked.contains(&earlier)
                    || self.discarded.contains(&earlier);
                prop_assert!(settled, "Q3: {revision} overtakes {earlier}");
            }
            self.delivered.push((revision, *attempt));
        }
        Ok(leases.len())
    }

    /// Lets the state notice the time; what it parks then nobody acknowledged.
    fn sweep(&mut self) {
        self.state.sweep(&self.settings, self.now);
        self.parked = self.parked_now();
    }

    fn parked_now(&self) -> BTreeSet<u64> {
        let number = |key: &Key| match key {
            Key::Change(revision) => revision.0,
            Key::Snapshot(_) => unreachable!(),
        };
        self.state.parked.keys().map(number).collect()
    }

    fn say(&mut self, revision: u64, attempt: u32, said: Said) -> Result<(), TestCaseError> {
        let reason = String::new();
        let verdict = match said {
            Said::Done => Verdict::Done,
            Said::Retry => Verdict::Retry { delay_ms: None, reason },
            Said::Reject => Verdict::Reject { reason },
        };
        let ack = ack(&self.state, revision, attempt, verdict);
        let settled = self.done.contains(&revision) || self.discarded.contains(&revision);
        let outcome = self.state.settle(&self.settings, self.now, &ack);
        prop_assert_eq!(
            settled,
            outcome == Outcome::AlreadySettled && !self.parked.contains(&revision)
        );
        if matches!(said, Said::Done) && !settled {
            prop_assert_eq!(outcome, Outcome::Accepted, "a late word is heard");
            self.done.insert(revision);
        }
        self.parked = self.parked_now();
        Ok(())
    }

    fn pick(&self, which: prop::sample::Index) -> Option<u64> {
        let parked: Vec<u64> = self.parked.iter().copied().collect();
        (!parked.is_empty()).then(|| *which.get(&parked))
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Read(count) => self.read(count),
            Step::Hand(count, pull) => drop(self.hand(count, pull)?),
            Step::Say(which, said) if !self.delivered.is_empty() => {
                let (revision, attempt) = *which.get(&self.delivered);
                self.say(revision, attempt, said)?;
            }
            Step::Say(..) => {}
            Step::Pass(ms) => self.now = self.now.plus(ms),
            Step::Open => drop(self.state.open()),
            Step::Close => self.state.close(self.state.epoch),
            Step::Crash => self.state.is_live = false,
            Step::Redeliver(which) => {
                let keys = self.pick(which).map(key);
                self.state.redeliver(&self.settings, keys.as_slice(), self.now);
                self.parked = self.parked_now();
            }
            Step::Discard(which) => {
                let picked = self.pick(which);
                self.state.discard(picked.map(key).as_slice());
                self.discarded.extend(picked);
                self.parked = self.parked_now();
            }
        }
        prop_assert_eq!(self.state.check(), Ok(()));
        prop_assert!(self.state.outstanding.len() <= self.settings.outstanding_max, "Q4");
        Ok(())
    }

    /// A consumer that works takes what is left: then every change is accounted for.
    fn finish(&mut self) -> Result<(), TestCaseError> {
        self.settings.attempts_max = 0;
        self.state.is_live = false;
        for _ in 0..10 * LOG {
            self.now = self.now.plus(self.settings.backoff_max_ms);
            self.read(LOG);
            let before = self.delivered.len();
            self.hand(usize::MAX, true)?;
            for (revision, attempt) in self.delivered.split_off(before) {
                self.say(revision, attempt, Said::Done)?;
            }
        }
        prop_assert!(self.state.outstanding.is_empty(), "{:?}", self.state.outstanding);
        prop_assert_eq!(self.state.floor(), Revision(LOG));
        for revision in (1..=LOG).filter(|revision| self.finding(*revision).is_some()) {
            let accounted = [&self.done, &self.parked, &self.discarded]
                .into_iter()
                .filter(|set| set.contains(&revision));
            prop_assert_eq!(accounted.count(), 1, "Q2: {} is lost or counted twice", revision);
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn nothing_acknowledged_comes_again_and_nothing_else_is_lost(
        log in vec(prop::option::weighted(0.8, 0..4_u8), usize::try_from(LOG).unwrap()),
        outstanding_max in 1..8_usize,
        attempts_max in 0..4_u32,
        steps in vec(step(), 0..120),
    ) {
        let mut model = Model::new(log, outstanding_max, attempts_max);
        for step in steps {
            model.step(step)?;
        }
        model.finish()?;
    }

    #[test]
    fn delays_grow_and_stay_within_their_limits(
        min in BACKOFF_MS.0..=BACKOFF_MS.1,
        more in 0..BACKOFF_MS.1,
        attempts in any::<u32>(),
    ) {
        let max = min.saturating_add(more);
        let settings = Settings { backoff_min_ms: min, backoff_max_ms: max, ..Settings::default() };
        let delay = settings.backoff_ms(attempts);

        prop_assert!((min..=max).contains(&delay));
        prop_assert!(settings.backoff_ms(attempts.saturating_add(1)) >= delay);
    }
}

/// The model's own words for a set of revisions, so that a failure reads well.
#[test]
fn the_model_accounts_for_a_plain_history() {
    let log = vec![Some(1); usize::try_from(LOG).unwrap()];
    let mut model = Model::new(log, 3, 2);
    model.read(3);
    model.hand(1, true).unwrap();
    model.say(1, 1, Said::Reject).unwrap();

    model.finish().unwrap();

    let counts: BTreeMap<&str, usize> =
        [("done", model.done.len()), ("parked", model.parked.len())].into();
    assert_eq!(counts, [("done", 39), ("parked", 1)].into());
}
