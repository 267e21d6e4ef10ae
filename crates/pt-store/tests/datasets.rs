//! Datasets: versions of archives.

use std::fs;
use std::io::{self, Read};

use jiff::Timestamp;
use pt_model::InstanceId;
use pt_store::Store;
use tempfile::tempdir;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

#[test]
fn storing_to_an_id_again_makes_its_next_version() {
    let dir = tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let shop = InstanceId::new("a");
    assert_eq!(store.dataset(&shop, "dump", None).unwrap(), None);
    let first = store.put_dataset(&shop, "dump", &mut &b"abc"[..], Some("stack-1/db"), NOW).unwrap();
    let second = store.put_dataset(&shop, "dump", &mut &b"defg"[..], None, NOW).unwrap();
    store.put_dataset(&shop, "../dump", &mut &b""[..], None, NOW).unwrap();
    assert_eq!((first.version, first.size_b, first.created_by.as_deref()), (1, 3, Some("stack-1/db")));
    assert_eq!(first.digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(fs::read(&first.path).unwrap(), b"abc");
    assert!(first.path.ends_with("datasets/a/dump/1.tar"));

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.dataset(&shop, "dump", Some(1)).unwrap(), Some(first));
    assert_eq!(store.dataset(&shop, "dump", None).unwrap(), Some(second));
    assert_eq!(store.dataset(&shop, "dump", Some(3)).unwrap(), None);
    assert_eq!(store.datasets(&shop).unwrap().len(), 3);
    assert_eq!(store.datasets(&InstanceId::new("b")).unwrap(), []);
}

#[test]
fn an_archive_that_breaks_off_leaves_nothing_behind() {
    struct BreaksOff;
    impl Read for BreaksOff {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the container is gone"))
        }
    }
    let store = Store::in_memory().unwrap();
    let shop = InstanceId::new("a");
    let mut archive = b"abc".chain(BreaksOff);
    let error = store.put_dataset(&shop, "dump", &mut archive, None, NOW).unwrap_err().to_string();
    assert!(error.ends_with("the container is gone."), "{error}");
    assert_eq!(store.dataset(&shop, "dump", None).unwrap(), None);
    assert_eq!(fs::read_dir(store.dir().join("datasets/a/dump")).unwrap().count(), 0);
}

#[test]
fn a_version_is_deleted_with_its_files() {
    let store = Store::in_memory().unwrap();
    let shop = InstanceId::new("a");
    let versions = |id: &str| {
        let of: Vec<u32> =
            store.datasets(&shop).unwrap().iter().filter(|one| one.id == id).map(|one| one.version).collect();
        of
    };
    for (id, text) in [("dump", "a"), ("dump", "b"), ("dump", "c"), ("other", "d")] {
        store.put_dataset(&shop, id, &mut text.as_bytes(), None, NOW).unwrap();
    }
    let deleted = store.delete_dataset(&shop, "dump", Some(2)).unwrap();
    assert_eq!((deleted.len(), deleted[0].path.exists()), (1, false));
    assert_eq!(versions("dump"), [1, 3]);
    assert_eq!(store.delete_dataset(&shop, "dump", None).unwrap().len(), 2);
    assert_eq!((versions("dump"), versions("other")), (vec![], vec![1]));
    assert_eq!(store.delete_dataset(&shop, "dump", None).unwrap(), []);
}
