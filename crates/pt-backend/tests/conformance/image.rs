//! The images of the cases: a shell from Debian's busybox-static, with and without an entrypoint.

use bollard::Docker;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;
use tokio::sync::OnceCell;

/// A shell. The tags count changes of the recipe below.
pub(crate) const SHELL: &str = "polytope-test-shell:1";

/// The same with the entrypoint `echo entry`.
pub(crate) const ENTRY: &str = "polytope-test-entry:1";

/// The same with a volume at `/data`.
pub(crate) const VOLUME: &str = "polytope-test-volume:1";

const PROGRAMS: [&str; 14] = [
    "sh", "cat", "echo", "env", "printf", "sleep", "true", "false", "test", "touch", "hostname", "id",
    "ping", "seq",
];

/// Builds the images unless they are there.
pub(crate) async fn ensure() {
    static BUILT: OnceCell<()> = OnceCell::const_new();
    BUILT
        .get_or_init(|| async {
            let docker = Docker::connect_with_defaults().unwrap();
            import(&docker, SHELL, Vec::new()).await;
            import(&docker, VOLUME, vec!["VOLUME /data".to_owned()]).await;
            import(&docker, ENTRY, vec!["ENTRYPOINT [\"echo\", \"entry\"]".to_owned()]).await;
        })
        .await;
}

async fn import(docker: &Docker, name: &str, mut changes: Vec<String>) {
    if docker.inspect_image(name).await.is_ok() {
        return;
    }
    changes.push("ENV PATH=/bin".to_owned());
    let options = CreateImageOptionsBuilder::new().from_src("-").repo(name).changes(changes).build();
    let body = bollard::body_full(root().into());
    docker.create_image(Some(options), Some(body), None).try_collect::<Vec<_>>().await.unwrap();
}

/// A root file system.
fn root() -> Vec<u8> {
    let busybox = std::fs::read("/bin/busybox").expect("apt-get install busybox-static");
    let mut tar = tar::Builder::new(Vec::new());
    add(&mut tar, "bin/busybox", &busybox, 0o755);
    add(&mut tar, "etc/passwd", b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n", 0o644);
    for program in PROGRAMS {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        header.set_mode(0o777);
        tar.append_link(&mut header, format!("bin/{program}"), "busybox").unwrap();
    }
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    header.set_mode(0o1777);
    tar.append_data(&mut header, "tmp/", std::io::empty()).unwrap();
    tar.into_inner().unwrap()
}

fn add(tar: &mut tar::Builder<Vec<u8>>, path: &str, bytes: &[u8], mode: u32) {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    tar.append_data(&mut header, path, bytes).unwrap();
}

/// Removes images that a case has built, where there is an engine that may have them.
pub(crate) async fn forget(names: &[String]) {
    let Ok(docker) = Docker::connect_with_defaults() else { return };
    for name in names {
        // Those of the simulated world are not there.
        drop(docker.remove_image(name, None::<bollard::query_parameters::RemoveImageOptions>, None).await);
    }
}
