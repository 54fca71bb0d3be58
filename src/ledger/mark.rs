//! The mark: this machine's last claim in a ledger, kept outside of the ledger. Restoring a backup can't restore the mark:
//! a ledger without that claim has lost what was written since, whatever it says of itself.
//!
//! The mark is not synced. It outlives the process; a power cut loses only its proof.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Completeness, Gap, Recorded, Render, Reply};
use crate::render::state::State;
use crate::render::token::LedgerName;
use crate::world::Timestamp;

/// The length of a mark's file in bytes: one write replaces the whole file, so no process reads half a mark.
const LENGTH: usize = 256;

/// The folder of this machine's marks.
#[derive(Debug, Clone)]
pub struct Marks {
    folder: PathBuf,
}

impl Marks {
    /// The marks in a folder, which is created with the first mark.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The mark of a ledger at a place: two copies of one ledger diverge.
    pub(super) fn of(&self, ledger: &LedgerName, place: &str) -> MarkFile {
        let digest = Sha256::digest(place.as_bytes());
        let prefix = format!("{ledger}-");
        let name = format!("{prefix}{}", crate::render::identity::hex(&digest[..4]));
        MarkFile { folder: self.folder.clone(), prefix, name }
    }
}

/// What a store knows of the completeness of its ledger, and the mark that it is based on.
#[derive(Debug, Default)]
pub(super) struct RestoreDetector {
    marks: Option<Marks>,
    file: OnceLock<MarkFile>,
    known: Mutex<Completeness>,
}

impl RestoreDetector {
    /// A detector that has not seen its ledger yet; without marks it never proves anything.
    pub(super) fn new(marks: Option<Marks>) -> Self {
        Self { marks, ..Self::default() }
    }

    /// The mark of the ledger that was opened.
    pub(super) fn file(&self, ledger: &LedgerName, place: &str) -> Option<&MarkFile> {
        let marks = self.marks.as_ref()?;
        Some(self.file.get_or_init(|| marks.of(ledger, place)))
    }

    /// How complete the ledger is.
    pub(super) fn completeness(&self) -> Completeness {
        *self.hold()
    }

    /// Records the result of a check of the ledger.
    pub(super) fn found(&self, found: Completeness) {
        let mut known = self.hold();
        *known = Completeness { doubts: known.doubts, ..found };
    }

    /// Records a sign that the ledger was put back to an earlier state.
    pub(super) fn doubt(&self) {
        self.hold().doubts += 1;
    }

    /// Passes claims through, and writes their mark before any of them is sent.
    pub(super) fn of_claims<'a, E: Send + 'a>(
        self: &Arc<Self>,
        claims: Reply<'a, Vec<Result<Recorded, E>>>,
    ) -> Reply<'a, Vec<Result<Recorded, E>>> {
        let detector = Arc::clone(self);
        Box::pin(async move {
            let claims = claims.await?;
            detector.claimed(&claims);
            Ok(claims)
        })
    }

    fn claimed<E>(&self, recorded: &[Result<Recorded, E>]) {
        if let Some(file) = self.file.get() {
            file.claimed(recorded.iter().filter_map(|recorded| recorded.as_ref().ok()).map(|recorded| &recorded.render));
        }
    }

    fn hold(&self) -> MutexGuard<'_, Completeness> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The file of one mark.
#[derive(Debug, Clone)]
pub(super) struct MarkFile {
    folder: PathBuf,
    prefix: String,
    name: String,
}

/// What was seen in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    proof: Proof,
    /// When the proof was written, in milliseconds.
    at: i64,
    /// When this machine first opened a ledger that was in use already, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    met: Option<i64>,
}

/// What the ledger must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Proof {
    /// Nothing yet.
    Nothing,
    /// A gap that was noticed.
    Gap,
    /// A claim of this machine.
    Claim(MarkedClaim),
}

/// A claim, reduced to what identifies it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct MarkedClaim {
    render: i64,
    movie: String,
    epoch: u64,
}

/// What to ask a ledger to find out whether it still holds what was written to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// Whether it has ever had a render.
    IsInUse,
    /// The claim of the render with this number.
    Render(i64),
    /// Nothing beyond its gap.
    Nothing,
}

/// The ledger's answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    /// Whether it has renders.
    pub(super) is_in_use: bool,
    /// The hash of the movie, the epoch and the time of the last claim of the render that was asked for.
    pub(super) render: Option<(String, i64, Option<i64>)>,
    /// The gap that the ledger knows.
    pub(super) gap: Option<Gap>,
}

/// The conclusion from an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// Nothing that this machine knows of is missing.
    Whole(Completeness),
    /// The ledger lacks what was written at this moment.
    Behind(Timestamp),
}

impl MarkFile {
    /// The mark. Without one, the latest mark of another copy of the ledger; `None` if none can be read.
    pub(super) fn read(&self) -> Option<Mark> {
        let own = self.path();
        read(&own).or_else(|| {
            let others = fs::read_dir(&self.folder).ok()?.flatten();
            let others = others.filter(|entry| entry.file_name().to_string_lossy().starts_with(&self.prefix));
            others.filter_map(|entry| read(&entry.path())).max_by_key(|mark| mark.at)
        })
    }

    fn claimed<'a>(&self, claims: impl IntoIterator<Item = &'a Render>) {
        // A render without a key of the user's is never asked for again, and may be pruned.
        let sent = claims.into_iter().filter(|render| render.named && render.submission.state == State::Sending);
        let Some(last) = sent.max_by_key(|render| render.posted_at) else { return };
        let known = self.read();
        let at = last.posted_at.unwrap_or(last.touched_at).0;
        // Another process may have claimed later: its claim proves more.
        if known.as_ref().is_some_and(|known| known.at > at && matches!(known.proof, Proof::Claim(_))) {
            return;
        }
        let proof = Proof::Claim(MarkedClaim { render: last.id.0, movie: last.movie.to_hex(), epoch: last.submission.epoch });
        self.write(&Mark { proof, at, met: known.and_then(|known| known.met) });
    }

    /// Records a ledger that was just created, or that this machine opens for the first time.
    pub(super) fn met(&self, is_in_use: bool, now: Timestamp) -> Completeness {
        let mark = Mark { proof: Proof::Nothing, at: now.0, met: is_in_use.then_some(now.0) };
        self.write(&mark);
        mark.completeness(None)
    }

    /// Records that a ledger was behind and now knows its gap.
    pub(super) fn noticed(&self, gap: Gap) -> Completeness {
        let mark = Mark { proof: Proof::Gap, at: gap.until.0, met: self.read().and_then(|known| known.met) };
        self.write(&mark);
        mark.completeness(Some(gap))
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// An unwritten mark only proves less: the service's list is then searched over a longer time.
    fn write(&self, mark: &Mark) {
        write(&self.folder, &self.path(), mark).ok();
    }
}

impl Mark {
    /// What to ask a ledger.
    pub(super) fn question(mark: Option<&Self>) -> Question {
        match mark.map(|mark| &mark.proof) {
            None => Question::IsInUse,
            Some(Proof::Claim(claim)) => Question::Render(claim.render),
            Some(Proof::Nothing | Proof::Gap) => Question::Nothing,
        }
    }

    /// The conclusion from the answer.
    pub(super) fn judge(&self, answer: &Answer) -> Conclusion {
        let holds = match &self.proof {
            Proof::Nothing => true,
            Proof::Gap => answer.gap.is_some_and(|gap| gap.until.0 >= self.at),
            Proof::Claim(claim) => answer.render.as_ref().is_some_and(|(movie, epoch, posted_at)| {
                *movie == claim.movie && epoch.cast_unsigned() >= claim.epoch && posted_at.is_some_and(|at| at >= self.at)
            }),
        };
        if holds { Conclusion::Whole(self.completeness(answer.gap)) } else { Conclusion::Behind(Timestamp(self.at)) }
    }

    fn completeness(&self, gap: Option<Gap>) -> Completeness {
        Completeness { gap, proven: Some(Timestamp(self.at)), met: self.met.map(Timestamp), ..Completeness::default() }
    }
}

fn read(path: &Path) -> Option<Mark> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write(folder: &Path, path: &Path, mark: &Mark) -> io::Result<()> {
    let mut text = serde_json::to_vec(mark)?;
    text.resize(LENGTH.max(text.len()), b' ');
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let mut builder = DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            builder.recursive(true).create(folder)?;
            options.open(path)?
        }
        file => file?,
    };
    file.write_all(&text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn file(folder: &Path, place: &str) -> MarkFile {
        Marks::in_folder(folder.join("marks")).of(&LedgerName::unkept(), place)
    }

    fn claimed(at: i64) -> Mark {
        Mark { proof: Proof::Claim(MarkedClaim { render: 7, movie: "ab".to_owned(), epoch: 2 }), at, met: None }
    }

    #[test]
    fn a_ledger_without_the_last_claim_is_behind() {
        let row = |movie: &str, epoch, at| Answer { render: Some((movie.to_owned(), epoch, at)), ..Answer::default() };
        for held in [row("ab", 2, Some(5)), row("ab", 3, Some(9))] {
            assert!(matches!(claimed(5).judge(&held), Conclusion::Whole(_)), "{held:?}");
        }
        for lost in [Answer::default(), row("ab", 1, Some(5)), row("cd", 2, Some(5)), row("ab", 2, Some(4)), row("ab", 2, None)] {
            assert_eq!(claimed(5).judge(&lost), Conclusion::Behind(Timestamp(5)), "{lost:?}");
        }
    }

    #[test]
    fn a_ledger_that_has_forgotten_its_gap_is_behind_again() {
        let mark = Mark { proof: Proof::Gap, at: 5, met: None };
        let knows = |until| Answer { gap: Some(Gap { from: Timestamp(0), until: Timestamp(until) }), ..Answer::default() };
        assert!(matches!(mark.judge(&knows(5)), Conclusion::Whole(_)));
        assert_eq!(mark.judge(&knows(4)), Conclusion::Behind(Timestamp(5)));
        assert_eq!(mark.judge(&Answer::default()), Conclusion::Behind(Timestamp(5)));
    }

    #[test]
    fn a_copy_at_another_place_has_to_hold_what_the_ledger_held() {
        let folder = tempfile::TempDir::new().unwrap();
        let now = World::real().now();
        assert_eq!(file(folder.path(), "here").read(), None);
        file(folder.path(), "here").met(true, now);
        file(folder.path(), "here").write(&claimed(now.0));
        assert_eq!(file(folder.path(), "there").read(), Some(claimed(now.0)));
        fs::write(file(folder.path(), "there").path(), "torn").unwrap();
        assert_eq!(file(folder.path(), "there").read(), Some(claimed(now.0)));
    }
}
