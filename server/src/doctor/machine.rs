//! What is looked at without AWS: the data directory, the disk, the clock.

use std::fs;
use std::path::{Path, PathBuf};

use muster_core::time::Millis;

use super::{Check, Outcome};
use crate::store;

const GROUP: &str = "this machine";

/// Below this much room a store that takes findings is about to fill the disk, in bytes (1 GiB).
const ROOM_LOW: u64 = 1 << 30;

/// Below this much room nothing should be started, in bytes (64 MiB).
const ROOM_NONE: u64 = 64 << 20;

/// From this difference on AWS refuses signatures (five minutes; "Troubleshooting Signature Version 4
/// errors" in the IAM user guide).
const SKEW_MAX_MS: i64 = 5 * 60 * 1000;

/// From this difference on deadlines and overlaps begin to lie.
const SKEW_WARN_MS: i64 = 30 * 1000;

/// Looks at the data directory and its disk. Nothing is made: before the first start the directory may
/// be missing.
pub fn machine(data_dir: &Path) -> Vec<Check> {
    vec![directory(data_dir), disk(data_dir)]
}

fn directory(data_dir: &Path) -> Check {
    let name = "data directory";
    let shown = data_dir.display();
    if data_dir.is_dir() {
        if store::is_in_use(data_dir) {
            return Check::pass(GROUP, name, format!("{shown}: in use by a running server"));
        }
        return match tempfile::tempfile_in(data_dir) {
            Ok(_) if store::has_store(data_dir).is_ok_and(|is| is) => {
                Check::pass(GROUP, name, format!("{shown}: has a store, and can be written"))
            }
            Ok(_) => Check::pass(GROUP, name, format!("{shown}: no store yet; can be written")),
            Err(error) => Check::pass(GROUP, name, format!("{shown}: cannot be written: {error}"))
                .but(Outcome::Fail, "give the user that runs the server the right to write there"),
        };
    }
    if data_dir.exists() {
        return Check::pass(GROUP, name, format!("{shown}: is not a directory"))
            .but(Outcome::Fail, "name a directory: `data_dir`, or MUSTER_DATA_DIR");
    }
    let above = existing(data_dir);
    match tempfile::tempfile_in(&above) {
        Ok(_) => Check::pass(GROUP, name, format!("{shown}: will be made at the first start")),
        Err(error) => {
            let detail = format!("{shown}: cannot be made in {}: {error}", above.display());
            Check::pass(GROUP, name, detail)
                .but(Outcome::Fail, "make it, and give it to the user that runs the server")
        }
    }
}

/// The nearest directory above that is there.
fn existing(path: &Path) -> PathBuf {
    let there = path.ancestors().skip(1).find(|above| above.is_dir());
    // A relative path ends with the empty one, which means here.
    there.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

fn disk(data_dir: &Path) -> Check {
    let name = "disk";
    let at = if data_dir.is_dir() { data_dir.to_owned() } else { existing(data_dir) };
    let room = fs::canonicalize(&at).and_then(|path| Ok(rustix::fs::statvfs(&path)?));
    match room {
        Err(error) => Check::pass(GROUP, name, format!("{}: {error}", at.display()))
            .but(Outcome::Warn, "how much room there is cannot be said"),
        Ok(room) => room_check(name, room.f_bavail.saturating_mul(room.f_frsize)),
    }
}

fn room_check(name: &str, bytes: u64) -> Check {
    let detail = match bytes >> 30 {
        0 => format!("{} MiB free", bytes >> 20),
        gib => format!("{gib} GiB free"),
    };
    let check = Check::pass(GROUP, name, detail);
    let fix = "make room: a million findings take about 4 GiB, and a full disk ends the server";
    match bytes {
        0..ROOM_NONE => check.but(Outcome::Fail, fix),
        ROOM_NONE..ROOM_LOW => check.but(Outcome::Warn, fix),
        ROOM_LOW.. => check,
    }
}

/// Compares this machine's clock with AWS's.
pub fn clock(ours: Millis, aws: Millis) -> Check {
    let behind = aws.since(ours);
    let seconds = behind.abs() / 1000;
    let word = if behind > 0 { "behind" } else { "ahead of" };
    let detail = match seconds {
        0..=1 => "agrees with that of AWS".to_owned(),
        _ => format!("{seconds} s {word} that of AWS"),
    };
    let check = Check::pass(GROUP, "clock", detail);
    let fix = "synchronize it (NTP): AWS refuses what is signed more than five minutes off";
    match behind.abs() {
        SKEW_MAX_MS.. => check.but(Outcome::Fail, fix),
        SKEW_WARN_MS.. => check.but(Outcome::Warn, fix),
        _ => check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_looked_at_and_nothing_is_made() {
        let base = tempfile::tempdir().unwrap();
        let missing = base.path().join("a/b");
        let file = base.path().join("file");
        fs::write(&file, "").unwrap();

        let outcome = |path: &Path| directory(path).outcome;
        assert_eq!(outcome(&missing), Outcome::Pass);
        assert!(!missing.exists());
        assert_eq!(outcome(base.path()), Outcome::Pass);
        assert_eq!(outcome(&file), Outcome::Fail);
        assert!(directory(base.path()).detail.contains("no store yet"));
    }

    #[test]
    fn little_room_is_said_and_none_fails() {
        let outcomes =
            [ROOM_NONE - 1, ROOM_LOW - 1, ROOM_LOW].map(|b| room_check("disk", b).outcome);

        assert_eq!(outcomes, [Outcome::Fail, Outcome::Warn, Outcome::Pass]);
        assert_eq!(room_check("disk", 5 << 30).detail, "5 GiB free");
    }

    #[test]
    fn a_clock_that_is_off_is_said_with_its_direction() {
        let now = Millis(1_767_225_600_000);
        let check = |ms: i64| clock(now, now.plus(ms));

        assert_eq!(check(900).detail, "agrees with that of AWS");
        assert_eq!(
            (check(-40_000).outcome, check(-300_000).outcome),
            (Outcome::Warn, Outcome::Fail)
        );
        assert_eq!(check(40_000).detail, "40 s behind that of AWS");
        assert_eq!(check(-40_000).detail, "40 s ahead of that of AWS");
    }
}
