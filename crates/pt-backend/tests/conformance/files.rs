//! Files: put in, mounted, kept, read back.

use std::io::Read;

use pt_backend::ContainerRequest;

use crate::bed::{Bed, Ended, file, host, volume};

pub(crate) async fn appear_with_content_and_mode(bed: &Bed) {
    let mounts = vec![file("/etc/new/dir/motd", "hello\n", 0o644), file("/run.sh", "echo ran\n", 0o755)];
    let request = ContainerRequest { mounts, ..bed.shell("cat /etc/new/dir/motd; sh /run.sh") };
    let (id, running) = bed.start(&request).await;
    assert_eq!(Ended::of(running).await, Ended::with("hello\nran\n", 0));
    let archive = bed.backend.read_path(&id, "/run.sh").await.unwrap();
    let mut archive = tar::Archive::new(archive.as_slice());
    let entry = archive.entries().unwrap().next().unwrap().unwrap();
    assert_eq!(entry.header().mode().unwrap() & 0o777, 0o755);
}

pub(crate) async fn of_the_host_are_mounted(bed: &Bed) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("in"), "from the host\n").unwrap();
    let mounts = vec![host(dir.path(), "/src", false), host(&dir.path().join("in"), "/one-file", true)];
    let request =
        ContainerRequest { mounts, ..bed.shell("cat /src/in; cat /one-file; echo to the host > /src/out") };
    assert_eq!(bed.run(&request).await, Ended::with("from the host\nfrom the host\n", 0));
    assert_eq!(std::fs::read_to_string(dir.path().join("out")).unwrap(), "to the host\n");
}

pub(crate) async fn of_the_host_may_be_read_only(bed: &Bed) {
    let dir = tempfile::tempdir().unwrap();
    let mounts = vec![host(dir.path(), "/src", true)];
    let request = ContainerRequest { mounts, ..bed.shell("echo x > /src/out || echo kept out") };
    let ended = bed.run(&request).await;
    assert_eq!((ended.stdout.as_str(), ended.code), ("kept out\n", 0));
    assert!(ended.stderr.contains("Read-only file system"), "{}", ended.stderr);
    assert!(!dir.path().join("out").exists());
}

pub(crate) async fn in_a_volume_outlive_the_container(bed: &Bed) {
    let name = bed.name("v");
    assert!(bed.backend.create_volume(&name, &bed.labels).await.unwrap(), "new");
    assert!(!bed.backend.create_volume(&name, &bed.labels).await.unwrap(), "there already");
    let request = |script| ContainerRequest { mounts: vec![volume(&name, "/data")], ..bed.shell(script) };
    let script = "test -e /data/x && echo was here; echo kept > /data/x";
    assert_eq!(bed.run_once(&request(script)).await, Ended::with("", 0));
    assert_eq!(bed.run_once(&request(script)).await, Ended::with("was here\n", 0));
    assert_eq!(bed.run(&request("cat /data/x")).await, Ended::with("kept\n", 0));
}

pub(crate) async fn of_a_volume_go_with_it(bed: &Bed) {
    let name = bed.name("v");
    let request = |script| ContainerRequest { mounts: vec![volume(&name, "/data")], ..bed.shell(script) };
    for _ in 0..2 {
        assert!(bed.backend.create_volume(&name, &bed.labels).await.unwrap());
        let ended = bed.run_once(&request("test -e /data/x && echo was here; echo x > /data/x")).await;
        assert_eq!(ended, Ended::with("", 0));
        bed.backend.remove_volume(&name).await.unwrap();
    }
}

pub(crate) async fn are_read_back_as_an_archive(bed: &Bed) {
    let name = bed.name("v");
    bed.backend.create_volume(&name, &bed.labels).await.unwrap();
    let request = ContainerRequest {
        mounts: vec![volume(&name, "/data")],
        workdir: Some("/out".to_owned()),
        ..bed.shell("echo one > /out/a; echo two > /out/b; echo three > /data/c")
    };
    let (id, running) = bed.start(&request).await;
    assert_eq!(Ended::of(running).await.code, 0);
    let read = async |path| unpack(&bed.backend.read_path(&id, path).await.unwrap());
    assert_eq!(read("/out").await, [("out/a", "one\n"), ("out/b", "two\n")].map(owned));
    assert_eq!(read("/out/a").await, [("a", "one\n")].map(owned));
    assert_eq!(read("/data").await, [("data/c", "three\n")].map(owned));
    let error = bed.backend.read_path(&id, "/nothing").await.unwrap_err();
    assert_eq!(error.kind, pt_backend::ErrorKind::NotFound, "{error}");
}

pub(crate) async fn survive_a_restart_of_the_container(bed: &Bed) {
    let request = bed.shell("test -e /tmp/x && echo again; touch /tmp/x");
    let (id, running) = bed.start(&request).await;
    assert_eq!(Ended::of(running).await, Ended::with("", 0));
    let running = bed.backend.start_container(&id).await.unwrap();
    assert_eq!(Ended::of(running).await, Ended::with("again\n", 0));
}

/// Files of an archive by name, and what they hold.
fn unpack(archive: &[u8]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.header().entry_type().is_file() {
            let path = entry.path().unwrap().display().to_string();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            files.push((path, content));
        }
    }
    files.sort();
    files
}

fn owned((path, content): (&str, &str)) -> (String, String) {
    (path.to_owned(), content.to_owned())
}
