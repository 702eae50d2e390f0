//! How long to wait before trying again.

use std::time::Duration;

/// Exponential waiting times with jitter.
///
/// The nth wait lies between half and all of `first * 2^n`, and never above `limit`; the jitter
/// keeps the clients of a restarted server from coming back in the same instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest first wait.
    pub first: Duration,
    /// The longest wait of all.
    pub limit: Duration,
}

impl Backoff {
    /// For streams: a quarter of a second, up to 30 seconds.
    pub const STREAM: Self =
        Self { first: Duration::from_millis(250), limit: Duration::from_secs(30) };

    /// For a person who waits: a quarter of a second, up to 2 seconds.
    pub const CALL: Self =
        Self { first: Duration::from_millis(250), limit: Duration::from_secs(2) };

    /// Returns the wait before try `attempt` (the first repeat is 0), given a random number from 0
    /// to 1. What the server asked for, `at_least`, is honoured and spread upwards by a quarter.
    pub fn delay(&self, attempt: u32, at_least: Option<Duration>, random: f64) -> Duration {
        let random = random.clamp(0.0, 1.0);
        let longest = self.first.saturating_mul(2_u32.saturating_pow(attempt)).min(self.limit);
        let ours = longest.mul_f64(0.5 + random / 2.0);
        match at_least {
            None => ours,
            Some(asked) => ours.max(asked.min(Self::ASKED_MAX).mul_f64(1.0 + random / 4.0)),
        }
    }

    /// A server that asks for a longer wait than this is asked again after this.
    const ASKED_MAX: Duration = Duration::from_mins(10);
}

/// Draws a number from 0 to 1 from the system's random source.
pub(crate) fn system_random() -> f64 {
    // The low 32 bits of a version 4 UUID are random; the version and variant bits lie above them.
    let bits = uuid::Uuid::new_v4().as_u128() & u128::from(u32::MAX);
    u32::try_from(bits).map_or(0.5, |bits| f64::from(bits) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let longest: Vec<u128> = [0, 1, 2, 6, 7, 40, u32::MAX]
            .map(|attempt| Backoff::STREAM.delay(attempt, None, 1.0).as_millis())
            .to_vec();

        assert_eq!(longest, [250, 500, 1000, 16_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn jitter_takes_away_at_most_half() {
        assert_eq!(Backoff::STREAM.delay(3, None, 0.0), Duration::from_secs(1));
        assert_eq!(Backoff::STREAM.delay(3, None, 1.0), Duration::from_secs(2));
    }

    #[test]
    fn the_server_is_never_asked_earlier_than_it_wants() {
        let asked = Some(Duration::from_secs(8));

        assert_eq!(Backoff::STREAM.delay(0, asked, 0.0), Duration::from_secs(8));
        assert_eq!(Backoff::STREAM.delay(0, asked, 1.0), Duration::from_secs(10));
        assert_eq!(Backoff::STREAM.delay(9, Some(Duration::ZERO), 1.0), Duration::from_secs(30));
    }

    #[test]
    fn an_absurd_wish_of_the_server_is_cut() {
        let delay = Backoff::STREAM.delay(0, Some(Duration::MAX), 0.0);

        assert_eq!(delay, Duration::from_mins(10));
    }

    #[test]
    fn the_systems_random_numbers_lie_between_0_and_1() {
        assert!((0..100).all(|_| (0.0..=1.0).contains(&system_random())));
    }
}
