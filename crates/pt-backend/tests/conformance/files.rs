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
        assert_eq!(bed.backend.volume_id(&name).await, Ok(None));
        assert!(bed.backend.create_volume(&name, &bed.labels).await.unwrap());
        assert!(bed.backend.volume_id(&name).await.unwrap().is_some());
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

pub(crate) async fn are_read_written_and_listed(bed: &Bed) {
    let request = bed
        .shell("until test -e /go/now; do sleep 0.1; done; cat /new/dir/run; test -e /tmp/y || touch /tmp/x");
    let (id, running) = bed.start(&request).await;
    let backend = &bed.backend;
    backend.write_file(&id, "/new/dir/run", &"echo ran\n".into(), 0o755).await.unwrap();
    backend.write_file(&id, "/new/dir/a", &"text".into(), 0o600).await.unwrap();
    assert_eq!(backend.read_file(&id, "/new/dir/a").await.unwrap(), b"text");
    let listed = backend.list_path(&id, "/new/dir").await.unwrap();
    let shown: Vec<_> =
        listed.iter().map(|file| (file.name.as_str(), file.kind, file.size, file.mode)).collect();
    assert_eq!(shown, [("a", "file", 4, 0o600), ("run", "file", 9, 0o755)]);
    let above = backend.list_path(&id, "/new").await.unwrap();
    assert_eq!(
        above.iter().map(|file| (file.name.as_str(), file.kind)).collect::<Vec<_>>(),
        [("dir", "dir")]
    );
    backend.write_file(&id, "/go/now", &"".into(), 0o644).await.unwrap();
    assert_eq!(Ended::of(running).await, Ended::with("echo ran\n", 0));
    // Also when it has exited.
    assert_eq!(backend.read_file(&id, "/tmp/x").await.unwrap(), b"");
    backend.write_file(&id, "/tmp/late", &"late".into(), 0o644).await.unwrap();
    assert_eq!(backend.read_file(&id, "/tmp/late").await.unwrap(), b"late");
    for (path, words) in [("/none", ""), ("/new", "cannot read /new: it is a directory")] {
        let error = backend.read_file(&id, path).await.unwrap_err();
        assert!(error.message.contains(words), "{error}");
    }
    assert_eq!(backend.list_path(&id, "/none").await.unwrap_err().kind, pt_backend::ErrorKind::NotFound);
    let root = backend.list_path(&id, "/").await.unwrap();
    assert!(root.iter().any(|file| file.name == "new" && file.kind == "dir"), "{root:?}");
}

pub(crate) async fn of_the_host_fill_a_volume(bed: &Bed) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("sub")).unwrap();
    std::fs::write(dir.path().join("sub/x"), "filled\n").unwrap();
    let name = bed.name("v");
    assert!(bed.backend.create_volume(&name, &bed.labels).await.unwrap());
    let request = ContainerRequest { mounts: vec![volume(&name, "/data")], ..bed.shell("cat /data/sub/x") };
    let id = bed.backend.create_container(&request).await.unwrap();
    bed.backend.copy_in(&id, dir.path(), "/data").await.unwrap();
    assert_eq!(Ended::of(bed.backend.start_container(&id).await.unwrap()).await, Ended::with("filled\n", 0));
    bed.backend.remove_container(&id).await.unwrap();
    let again = ContainerRequest { name: bed.name("again"), ..request };
    assert_eq!(bed.run(&again).await, Ended::with("filled\n", 0));
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
