//! Datasets: versions of files that share what they have in common.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pt_model::{Event, InstanceId, JobId, Status, What};
use pt_store::{Dataset, DatasetDiff, DatasetSource, JobKey, Lineage, Store, StoreError};
use tempfile::{TempDir, tempdir};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A store, a project, and a directory of files.
struct Bed {
    store: Store,
    shop: InstanceId,
    files: TempDir,
}

impl Bed {
    fn new() -> Self {
        let (store, files) = (Store::in_memory().unwrap(), tempdir().unwrap());
        Self { store, shop: InstanceId::new("a"), files }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.files.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn put(&self, id: &str) -> Dataset {
        let source = DatasetSource::Path(self.files.path());
        self.store.put_dataset(&self.shop, id, source, &Lineage::default(), NOW).unwrap()
    }

    fn put_archive(&self, archive: &mut dyn Read) -> Result<Dataset, StoreError> {
        let source = DatasetSource::Archive(archive);
        self.store.put_dataset(&self.shop, "dump", source, &Lineage::default(), NOW)
    }

    fn copied(&self, dataset: &Dataset) -> Vec<String> {
        let to = tempdir().unwrap();
        let to = to.path().join("copy");
        self.store.copy_dataset(dataset, &to).unwrap();
        listed(&to)
    }

    fn size(&self) -> u64 {
        fn below(path: &Path) -> u64 {
            let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
            entries
                .map(|path| if path.is_dir() { below(&path) } else { path.metadata().unwrap().len() })
                .sum()
        }
        below(&self.store.dir().join("datasets"))
    }
}

/// What lies at a path: names, permissions, contents.
fn listed(path: &Path) -> Vec<String> {
    fn add(root: &Path, path: &Path, lines: &mut Vec<String>) {
        let meta = path.symlink_metadata().unwrap();
        let (name, mode) = (path.strip_prefix(root).unwrap().display(), meta.permissions().mode() & 0o7777);
        if meta.is_symlink() {
            lines.push(format!("{name} -> {}", fs::read_link(path).unwrap().display()));
        } else if meta.is_file() {
            lines.push(format!("{name} {mode:o} {:?}", String::from_utf8_lossy(&fs::read(path).unwrap())));
        } else {
            lines.push(format!("{name}/ {mode:o}"));
            let mut children: Vec<PathBuf> =
                fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
            children.sort();
            children.iter().for_each(|child| add(root, child, lines));
        }
    }
    let mut lines = Vec::new();
    add(path, path, &mut lines);
    lines
}

/// Bytes that no compression helps.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn storing_to_an_id_again_makes_its_next_version() {
    let dir = tempdir().unwrap();
    let bed = Bed { store: Store::open(dir.path()).unwrap(), ..Bed::new() };
    assert_eq!(bed.store.dataset(&bed.shop, "dump", None).unwrap(), None);
    bed.write("a", "abc");
    let first = bed.put("dump");
    bed.write("b", "defg");
    let second = bed.put("dump");
    bed.put("../dump");
    assert_eq!((first.version, first.files, first.size_b), (1, 1, 3));
    assert_eq!((second.version, second.files, second.size_b), (2, 2, 7));

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.dataset(&bed.shop, "dump", Some(1)).unwrap(), Some(first));
    assert_eq!(store.dataset(&bed.shop, "dump", None).unwrap(), Some(second));
    assert_eq!(store.dataset(&bed.shop, "dump", Some(3)).unwrap(), None);
    assert_eq!(store.datasets(&bed.shop).unwrap().len(), 3);
    assert_eq!(store.datasets(&InstanceId::new("b")).unwrap(), []);
}

#[test]
fn what_was_stored_comes_back() {
    let bed = Bed::new();
    bed.write("empty", "");
    bed.write("deep/er/run.sh", "#!/bin/sh\n");
    fs::set_permissions(bed.files.path().join("deep/er/run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(bed.files.path().join("nothing")).unwrap();
    symlink("../empty", bed.files.path().join("deep/link")).unwrap();
    fs::set_permissions(bed.files.path().join("deep"), fs::Permissions::from_mode(0o555)).unwrap();
    let expected = listed(bed.files.path());
    let stored = bed.put("set");
    assert_eq!(bed.copied(&stored)[1..], expected[1..]);
    fs::set_permissions(bed.files.path().join("deep"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_file_is_a_dataset_too() {
    let bed = Bed::new();
    bed.write("a", "abc");
    let file = bed.files.path().join("a");
    let stored = bed
        .store
        .put_dataset(&bed.shop, "one", DatasetSource::Path(&file), &Lineage::default(), NOW)
        .unwrap();
    assert_eq!(bed.copied(&stored), [" 644 \"abc\""]);
}

#[test]
fn an_archive_of_one_path_is_what_lies_there() {
    let bed = Bed::new();
    bed.write("d/f", "abc");
    for (names, expected) in [
        (vec!["d"], vec!["/ 755", "f 644 \"abc\""]),
        (vec!["d/f"], vec![" 644 \"abc\""]),
        (vec!["d", "e"], vec!["/ 700", "d/ 755", "d/f 644 \"abc\"", "e 644 \"e\""]),
    ] {
        bed.write("e", "e");
        let mut archive = tar::Builder::new(Vec::new());
        for name in names {
            let path = bed.files.path().join(name);
            if path.is_dir() {
                archive.append_dir_all(name, path).unwrap();
            } else {
                archive.append_path_with_name(path, Path::new(name).file_name().unwrap()).unwrap();
            }
        }
        let stored = bed.put_archive(&mut archive.into_inner().unwrap().as_slice()).unwrap();
        assert_eq!(bed.copied(&stored)[1..], expected[1..], "{expected:?}");
    }
}

#[test]
fn versions_share_what_they_have_in_common() {
    let bed = Bed::new();
    let mut content = noise(4 << 20, 1);
    bed.write("big", &content);
    bed.write("twin", &content);
    let first = bed.put("set");
    assert!(first.added_b > 4 << 20 && first.added_b < (4 << 20) + (1 << 16), "{}", first.added_b);
    let again = bed.put("set");
    assert_eq!((again.version, again.added_b, &again.digest), (2, 0, &first.digest));
    content.insert(2 << 20, b'!');
    bed.write("big", &content);
    let changed = bed.put("other");
    assert!(changed.added_b > 0 && changed.added_b < 1 << 21, "{}", changed.added_b);
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    bed.write("new", "");
    fs::remove_file(bed.files.path().join("twin")).unwrap();
    let last = bed.put("set");
    let diff = bed.store.diff_datasets(&first, &last).unwrap();
    assert_eq!(
        diff,
        DatasetDiff { added: names(&["new"]), removed: names(&["twin"]), changed: names(&["big"]) }
    );
}

#[test]
fn an_archive_that_breaks_off_leaves_nothing_behind() {
    struct BreaksOff;
    impl Read for BreaksOff {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the container is gone"))
        }
    }
    let bed = Bed::new();
    let mut header = tar::Header::new_gnu();
    header.set_path("big").unwrap();
    header.set_size(10 << 20);
    header.set_mode(0o644);
    header.set_cksum();
    let begun = [header.as_bytes().as_slice(), &noise(5 << 20, 2)].concat();
    let error = bed.put_archive(&mut begun.as_slice().chain(BreaksOff)).unwrap_err().to_string();
    assert!(error.ends_with("the container is gone."), "{error}");
    assert_eq!(bed.store.dataset(&bed.shop, "dump", None).unwrap(), None);
    assert_eq!(bed.size(), 0);
}

#[test]
fn an_archive_that_leads_out_of_itself_is_refused() {
    let bed = Bed::new();
    let entry = |name: &str, kind: tar::EntryType, target: &str| {
        let mut header = tar::Header::new_gnu();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        if !target.is_empty() {
            header.set_link_name(target).unwrap();
        }
        header.set_size(0);
        header.set_mode(0o644);
        header.set_cksum();
        header
    };
    let cases = [
        (vec![entry("a/../../b", tar::EntryType::Regular, "")], "it leads out of the dataset."),
        (
            vec![entry("a", tar::EntryType::Symlink, "/etc"), entry("a/b", tar::EntryType::Regular, "")],
            "it lies below what is no directory.",
        ),
        (vec![entry("a", tar::EntryType::Fifo, "")], "it is neither a file nor a directory nor a link."),
        (vec![entry("a", tar::EntryType::Link, "b")], "it is a link to a file that is not there."),
    ];
    for (headers, why) in cases {
        let mut archive = tar::Builder::new(Vec::new());
        headers.iter().for_each(|header| archive.append(header, io::empty()).unwrap());
        let archive = archive.into_inner().unwrap();
        let error = bed.put_archive(&mut archive.as_slice()).unwrap_err().to_string();
        assert!(error.ends_with(why), "{error}");
    }
}

#[test]
fn what_is_damaged_on_the_disk_is_told() {
    let bed = Bed::new();
    bed.write("a", noise(1000, 3));
    let stored = bed.put("set");
    let pack = fs::read_dir(bed.store.dir().join("datasets/packs")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&pack).unwrap();
    bytes[500] ^= 1;
    fs::write(&pack, bytes).unwrap();
    let to = bed.files.path().join("copy");
    let error = bed.store.copy_dataset(&stored, &to).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{} is damaged: the chunk ", pack.display())), "{error}");
    assert!(!to.exists());
}

#[test]
fn sweeping_frees_what_no_version_has() {
    let bed = Bed::new();
    let (kept, gone) = (noise(1 << 20, 5), noise(3 << 20, 9));
    bed.write("kept", &kept);
    bed.write("gone", &gone);
    bed.put("set");
    fs::remove_file(bed.files.path().join("gone")).unwrap();
    let second = bed.put("set");
    assert_eq!(second.added_b, 0);
    let deleted = bed.store.delete_dataset(&bed.shop, "set", Some(1)).unwrap();
    assert_eq!(deleted.iter().map(|one| one.version).collect::<Vec<_>>(), [1]);
    // The pack is written anew: three quarters of it are of no use.
    let swept = bed.store.sweep_datasets(None).unwrap();
    assert!(swept.freed_b >= 3 << 20 && swept.kept_b < 2 << 20, "{swept:?}");
    assert_eq!(bed.copied(&second).len(), 2);
    bed.store.delete_dataset(&bed.shop, "set", None).unwrap();
    bed.store.sweep_datasets(None).unwrap();
    assert_eq!(bed.size(), 0);
}

#[test]
fn copies_of_running_jobs_stay_whatever_the_budget() {
    let bed = Bed::new();
    let jobs: Vec<JobKey> = (0..2).map(|_| bed.store.create_job(&bed.shop, "train", NOW).unwrap()).collect();
    bed.write("a", noise(1 << 20, 6));
    let (first, at) =
        (bed.put("set"), |job: &JobKey, one: &Dataset| bed.store.unpack_dataset(one, job).unwrap());
    let shared = at(&jobs[0], &first);
    assert_eq!(at(&jobs[1], &first), shared);
    let finished = |job: &JobKey| {
        let event = Event { seq: 0, at: NOW, what: What::JobFinished { status: Status::Success } };
        bed.store.append(job, &[event]).unwrap();
    };
    finished(&jobs[0]);
    bed.store.sweep_datasets(Some(0)).unwrap();
    assert!(shared.join("a").exists(), "the second job has it");
    finished(&jobs[1]);
    assert_eq!(bed.store.sweep_datasets(Some(10 << 20)).unwrap().copies_b, 1 << 20, "there is room");
    assert_eq!(bed.store.sweep_datasets(Some(0)).unwrap().copies_b, 0);
    assert!(!shared.exists());
    let nobody = JobKey::new(bed.shop.clone(), JobId::new("nobody"));
    let error = bed.store.unpack_dataset(&first, &nobody).unwrap_err().to_string();
    assert_eq!(error, "There is no job 'nobody' here.");
}
