//! Trains the dictionary that packs the records, from the records themselves.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The size of a dictionary, in bytes (64 KiB).
const DICTIONARY_BYTES: usize = 64 * 1024;

/// The most samples kept for a training.
const SAMPLES_MAX: usize = 2_000;

/// The longest part of a record that is a sample, in bytes: a few huge records must not crowd out
/// the rest.
const SAMPLE_BYTES_MAX: usize = 8 * 1024;

/// After how many times as many records as before the next dictionary is trained: what the first
/// was trained from may have come from one source alone.
const GROWTH: usize = 50;

/// The most dictionaries of a store; the last one stays.
const DICTIONARIES_MAX: u32 = 3;

/// Collects samples from the records that are written and trains in the background.
#[derive(Debug)]
pub(super) struct Trainer(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    /// How many records the first training waits for.
    first: usize,
    /// How many records the next training waits for; `None` when there is none.
    wanted: Option<usize>,
    /// The number the next dictionary gets.
    next: u32,
    seen: usize,
    samples: Vec<Vec<u8>>,
    work: Option<JoinHandle<()>>,
    trained: Arc<Mutex<Option<Vec<u8>>>>,
}

impl Trainer {
    /// For a store with `dictionaries`, whose first one is trained after `first` records; never
    /// when that is zero.
    pub(super) fn new(dictionaries: u32, first: usize) -> Self {
        let inner = Inner {
            first,
            wanted: wanted(dictionaries, first),
            next: dictionaries + 1,
            seen: 0,
            samples: Vec::new(),
            work: None,
            trained: Arc::default(),
        };
        Self(Mutex::new(inner))
    }

    /// Takes a record into account; `true` when it began a training.
    pub(super) fn offer(&self, record: &[u8]) -> bool {
        self.inner().offer(record)
    }

    /// A dictionary that was trained meanwhile, with its number. It is given once.
    pub(super) fn take(&self) -> Option<(u32, Vec<u8>)> {
        let mut inner = self.inner();
        let bytes = inner.trained.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let number = inner.next;
        inner.next += 1;
        inner.wanted = wanted(number, inner.first);
        inner.seen = 0;
        Some((number, bytes))
    }

    /// Waits for a training that is under way, at most a second or two.
    pub(super) fn finish(&self) {
        let work = self.inner().work.take();
        if let Some(work) = work
            && work.join().is_err()
        {
            tracing::warn!("training a dictionary panicked");
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn offer(&mut self, record: &[u8]) -> bool {
        let Some(wanted) = self.wanted else { return false };
        if self.seen >= wanted {
            return false;
        }
        let step = wanted.div_ceil(SAMPLES_MAX);
        if self.seen.is_multiple_of(step) {
            let sample = record.get(..SAMPLE_BYTES_MAX).unwrap_or(record);
            self.samples.push(sample.to_vec());
        }
        self.seen += 1;
        let enough = self.seen == wanted;
        if enough {
            self.train();
        }
        enough
    }

    fn train(&mut self) {
        let samples = std::mem::take(&mut self.samples);
        let trained = Arc::clone(&self.trained);
        let work = move || match zstd::dict::from_samples(&samples, DICTIONARY_BYTES) {
            Ok(bytes) => {
                *trained.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes);
            }
            // Too few or too uniform samples: records are packed as before, and stay readable.
            Err(error) => tracing::warn!(error = %error, "failed to train a dictionary"),
        };
        let started = std::thread::Builder::new().name("store-trainer".to_owned()).spawn(work);
        match started {
            Ok(work) => self.work = Some(work),
            Err(error) => tracing::warn!(error = %error, "failed to start training a dictionary"),
        }
    }
}

/// After how many more records a store with `dictionaries` trains its next one.
fn wanted(dictionaries: u32, first: usize) -> Option<usize> {
    if first == 0 || dictionaries >= DICTIONARIES_MAX {
        return None;
    }
    GROWTH.checked_pow(dictionaries)?.checked_mul(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: usize) -> Vec<u8> {
        let line = |n: usize| format!("account 11122233344 has finding {}", number * 37 + n);
        (0..40).map(line).collect::<Vec<_>>().join("; ").into_bytes()
    }

    #[test]
    fn a_dictionary_is_trained_once_enough_records_were_seen() {
        let trainer = Trainer::new(0, 300);
        for number in 0..299 {
            trainer.offer(&record(number));
        }
        trainer.finish();
        assert_eq!(trainer.take(), None);

        trainer.offer(&record(299));
        trainer.finish();

        let (number, bytes) = trainer.take().unwrap();
        assert_eq!(number, 1);
        assert!(!bytes.is_empty() && bytes.len() <= DICTIONARY_BYTES);
        assert_eq!(trainer.take(), None);
    }

    #[test]
    fn later_dictionaries_wait_longer_and_end() {
        assert_eq!(wanted(0, 1_000), Some(1_000));
        assert_eq!(wanted(1, 1_000), Some(50_000));
        assert_eq!(wanted(2, 1_000), Some(2_500_000));
        assert_eq!(wanted(3, 1_000), None);
        assert_eq!(wanted(0, 0), None);
    }

    #[test]
    fn samples_that_give_no_dictionary_are_no_error() {
        let trainer = Trainer::new(0, 3);
        for _ in 0..3 {
            trainer.offer(b"x");
        }
        trainer.finish();

        assert_eq!(trainer.take(), None);
    }
}
