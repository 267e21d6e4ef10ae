//! Answers of earlier commands, for as long as what they were made of is the same.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::seen::Seen;

/// How many are kept.
const MOST: usize = 64;

/// The directory that holds them.
pub(crate) struct Answers {
    dir: PathBuf,
}

/// An answer, and what it was made of.
#[derive(Serialize, Deserialize)]
struct Kept<A> {
    seen: Seen,
    settings: String,
    answer: A,
}

impl Answers {
    pub(crate) fn in_dir(state_dir: &Path) -> Self {
        Self { dir: state_dir.join("answers") }
    }

    /// The answer to this question, if it would be the same now. One that cannot be read is none.
    pub(crate) fn recall<A: DeserializeOwned>(&self, question: &str, settings: &str) -> Option<A> {
        let text = fs::read(self.file(question)).ok()?;
        let kept: Kept<A> = serde_json::from_slice(&text).ok()?;
        (kept.settings == settings && kept.seen.still_holds()).then_some(kept.answer)
    }

    /// Keeps an answer. Where that is impossible, the next one who asks waits a little longer: nobody need be told.
    pub(crate) fn keep<A: Serialize>(&self, question: &str, settings: String, seen: Seen, answer: &A) {
        let Ok(text) = serde_json::to_vec(&Kept { seen, settings, answer }) else { return };
        let file = self.file(question);
        // Whoever reads meanwhile finds the whole of the old one or the whole of the new one.
        let unfinished = file.with_extension(format!("{}.tmp", std::process::id()));
        let written = DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.dir)
            .and_then(|()| OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished))
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&unfinished, &file));
        if written.is_err() {
            // It is gone, or it could not be made.
            _ = fs::remove_file(&unfinished);
        }
        self.forget_oldest();
    }

    fn forget_oldest(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let mut files: Vec<(SystemTime, PathBuf)> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        files.sort_unstable();
        let surplus = files.len().saturating_sub(MOST);
        // Another command may have been quicker.
        files.iter().take(surplus).for_each(|(_, file)| _ = fs::remove_file(file));
    }

    fn file(&self, question: &str) -> PathBuf {
        self.dir.join(format!("{}.json", &blake3::hash(question.as_bytes()).to_hex()[..32]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_for_the_same_question_and_the_same_settings() {
        let dir = tempfile::tempdir().unwrap();
        let answers = Answers::in_dir(dir.path());
        assert_eq!(answers.recall::<String>("all?", "a"), None);
        answers.keep("all?", "a".to_owned(), Seen::default(), &"yes");
        assert_eq!(answers.recall::<String>("all?", "a").as_deref(), Some("yes"));
        assert_eq!(answers.recall::<String>("all?", "b"), None);
        assert_eq!(answers.recall::<String>("some?", "a"), None);
        assert_eq!(answers.recall::<u32>("all?", "a"), None);
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let answers = Answers::in_dir(dir.path());
        for at in 0..MOST + 10 {
            answers.keep(&at.to_string(), String::new(), Seen::default(), &at);
        }
        assert_eq!(fs::read_dir(dir.path().join("answers")).unwrap().count(), MOST);
        assert_eq!(answers.recall(&(MOST + 9).to_string(), ""), Some(MOST + 9));
    }
}
