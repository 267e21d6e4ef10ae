//! What the store says to what it cannot read, and that it leaves it alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use pt_store::Store;
use tempfile::tempdir;

/// The message with the directory named `DIR`.
fn refusal(dir: &Path) -> String {
    Store::open(dir).unwrap_err().to_string().replace(&*dir.to_string_lossy(), "DIR")
}

#[test]
fn a_file_that_is_no_database_is_named_and_kept() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("polytope.db");
    let content = "some letters\n".repeat(100);
    fs::write(&path, &content).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "DIR/polytope.db is damaged: file is not a database. It was left as it is. Restore it from a backup, or \
         move it aside to start afresh without what it holds."
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

#[test]
fn a_database_of_a_newer_version_is_kept() {
    let dir = tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let database = rusqlite::Connection::open(dir.path().join("polytope.db")).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    assert_eq!(
        refusal(dir.path()),
        "The database DIR/polytope.db was written by a newer version of polytope (its format is 99, this version \
         knows 5). Use that version, or name another state directory in POLYTOPE_STATE_DIR."
    );
}

#[test]
fn a_key_that_is_none_is_named_and_kept() {
    let dir = tempdir().unwrap();
    for content in ["", "0123", &"x".repeat(64)] {
        fs::write(dir.path().join("secret.key"), content).unwrap();
        assert_eq!(
            refusal(dir.path()),
            "DIR/secret.key is damaged: it does not hold a key of 64 hex digits. It was left as it is. Restore it \
             from a backup, or move it aside to start afresh without what it holds."
        );
        assert_eq!(fs::read_to_string(dir.path().join("secret.key")).unwrap(), content);
    }
}

#[test]
fn a_file_where_the_directory_should_be_is_named() {
    let parent = tempdir().unwrap();
    let dir = parent.path().join("state");
    fs::write(&dir, "").unwrap();
    assert_eq!(
        refusal(&dir),
        "Could not create the directory DIR: File exists (os error 17). Something else lies in its place: move it \
         aside."
    );
}
