//! Values and secrets in a real state directory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::Timestamp;
use pt_model::{InstanceId, Secret};
use pt_store::{Scope, Store};
use tempfile::tempdir;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn scope(instance: &str) -> Scope {
    Scope::new("local", InstanceId::new(instance))
}

#[test]
fn values_are_kept_per_context_and_project() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let elsewhere = Scope::new("work", InstanceId::new("a"));
    store.set_value(&scope("a"), "port", "5433", NOW).unwrap();
    store.set_value(&scope("a"), "host", "old", NOW).unwrap();
    store.set_value(&scope("a"), "host", "new", NOW).unwrap();
    store.set_value(&scope("b"), "host", "other project", NOW).unwrap();
    store.set_value(&elsewhere, "host", "other context", NOW).unwrap();

    let store = Store::open(dir.path()).unwrap();
    let listed: Vec<String> =
        store.values(&scope("a")).unwrap().into_iter().map(|value| value.id + "=" + &value.data).collect();
    assert_eq!(listed, ["host=new", "port=5433"]);
    assert_eq!(store.value(&elsewhere, "host").unwrap().unwrap().data, "other context");

    assert!(store.delete_value(&scope("a"), "host").unwrap());
    assert!(!store.delete_value(&scope("a"), "host").unwrap());
    assert_eq!(store.value(&scope("a"), "host").unwrap(), None);
    assert_eq!(store.value(&scope("b"), "host").unwrap().unwrap().data, "other project");
}

#[test]
fn a_value_is_found_under_names_that_mean_the_same() {
    let store = Store::in_memory().unwrap();
    store.set_value(&scope("a"), "db-host", "kebab", NOW).unwrap();
    store.set_secret(&scope("a"), &Secret::new("db_password", "hunter2"), NOW).unwrap();
    assert_eq!(store.value(&scope("a"), "dbHost").unwrap().unwrap().data, "kebab");
    assert_eq!(store.secret(&scope("a"), "dbPassword").unwrap().unwrap().expose(), "hunter2");

    store.set_value(&scope("a"), "dbHost", "camel", NOW).unwrap();
    assert_eq!(store.value(&scope("a"), "dbHost").unwrap().unwrap().data, "camel");
    assert_eq!(store.value(&scope("a"), "db-host").unwrap().unwrap().data, "kebab");
}

#[test]
fn a_secret_never_lies_on_disk_in_clear() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let plaintext = "correct horse battery staple";
    store.set_secret(&scope("a"), &Secret::new("pass", "something else"), NOW).unwrap();
    store.set_secret(&scope("a"), &Secret::new("pass", plaintext), NOW).unwrap();
    store.set_value(&scope("a"), "seen", "in clear", NOW).unwrap();

    let on_disk = all_bytes(dir.path());
    assert!(!contains(&on_disk, plaintext) && !contains(&on_disk, "something else"));
    assert!(contains(&on_disk, "in clear"), "the search would find it");

    let again = Store::open(dir.path()).unwrap();
    assert_eq!(again.secret(&scope("a"), "pass").unwrap().unwrap().expose(), plaintext);
    let known: Vec<String> =
        again.secrets(&scope("a")).unwrap().into_iter().map(|secret| secret.id).collect();
    assert_eq!(known, ["pass"]);
    assert!(again.delete_secret(&scope("a"), "pass").unwrap());
    assert_eq!(again.secret(&scope("a"), "pass").unwrap(), None);
}

#[test]
fn everything_is_readable_by_its_owner_alone() {
    let parent = tempdir().unwrap();
    let dir = parent.path().join("share/polytope");
    let store = Store::open(&dir).unwrap();
    store.set_secret(&scope("a"), &Secret::new("pass", "x"), NOW).unwrap();
    assert_eq!(mode(&dir), 0o700);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }

    drop(store);
    for file in ["polytope.db", "secret.key"] {
        fs::set_permissions(dir.join(file), fs::Permissions::from_mode(0o644)).unwrap();
    }
    Store::open(&dir).unwrap();
    assert_eq!((mode(&dir.join("polytope.db")), mode(&dir.join("secret.key"))), (0o600, 0o600));
}

#[test]
fn a_secret_opens_only_where_it_was_set_and_with_its_key() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.set_secret(&scope("a"), &Secret::new("pass", "hunter2"), NOW).unwrap();
    store.set_secret(&scope("b"), &Secret::new("pass", "mine"), NOW).unwrap();
    let database = rusqlite::Connection::open(dir.path().join("polytope.db")).unwrap();
    let copy = "UPDATE secret SET (nonce, sealed) = (SELECT nonce, sealed FROM secret WHERE instance = 'a')";
    database.execute(copy, []).unwrap();

    assert_eq!(store.secret(&scope("a"), "pass").unwrap().unwrap().expose(), "hunter2");
    let message = store.secret(&scope("b"), "pass").unwrap_err().to_string();
    assert!(message.starts_with("The secret 'pass' cannot be decrypted: it is damaged, or"), "{message}");
    assert!(message.ends_with("Set it again: pt secrets set pass"), "{message}");

    fs::remove_file(dir.path().join("secret.key")).unwrap();
    let with_another_key = Store::open(dir.path()).unwrap();
    assert!(with_another_key.secret(&scope("a"), "pass").is_err());
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn all_bytes(dir: &Path) -> Vec<u8> {
    let mut files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.iter().any(|path| path.ends_with("polytope.db-wal")), "{files:?}");
    files.iter().flat_map(|path| fs::read(path).unwrap()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
