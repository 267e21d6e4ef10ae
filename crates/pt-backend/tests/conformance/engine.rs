//! What only a real engine can show.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bollard::query_parameters::InspectContainerOptions;
use pt_backend::docker::{Docker, DockerOptions};
use pt_backend::{Backend, ContainerRequest, ExecRequest, PublishedPort};
use pt_model::Resources;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::bed::{Bed, Ended, exit, read_until};
use crate::image;

pub(crate) async fn published_port_answers_on_localhost_alone(bed: &Bed) {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let request = ContainerRequest {
        ports: vec![PublishedPort { container: 80, host: port, udp: false }],
        ..bed.argv(&["busybox", "httpd", "-f", "-p", "80", "-h", "/etc"])
    };
    let (id, _running) = bed.start(&request).await;
    let page = tokio::task::spawn_blocking(move || get((Ipv4Addr::LOCALHOST, port).into())).await.unwrap();
    assert!(page.contains("nobody:x:65534"), "{page}");
    let docker = bollard::Docker::connect_with_defaults().unwrap();
    let container = docker.inspect_container(&id, None::<InspectContainerOptions>).await.unwrap();
    let bindings = container.network_settings.unwrap().ports.unwrap().remove("80/tcp").unwrap().unwrap();
    assert!(bindings.iter().all(|binding| binding.host_ip.as_deref() == Some("127.0.0.1")), "{bindings:?}");
}

pub(crate) async fn address_can_be_reached(bed: &Bed) {
    let (_, running) = bed.start(&bed.argv(&["busybox", "httpd", "-f", "-p", "80", "-h", "/etc"])).await;
    // None where the engine is behind a virtual machine, or has no root.
    let Some(address) = running.address else { return };
    let page = tokio::task::spawn_blocking(move || get((address, 80).into())).await.unwrap();
    assert!(page.contains("nobody:x:65534"), "{page}");
}

pub(crate) async fn door_leads_into_a_running_container(bed: &Bed) {
    let (id, running) = bed.start(&bed.argv(&["busybox", "httpd", "-f", "-p", "80", "-h", "/etc"])).await;
    if running.address.is_none() {
        return;
    }
    // A port that is taken is replaced.
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let host = taken.local_addr().unwrap().port();
    let door = bed.backend.open_door(&id, PublishedPort { container: 80, host, udp: false }).await.unwrap();
    assert_ne!(door.host(), host);
    let address: SocketAddr = (Ipv4Addr::LOCALHOST, door.host()).into();
    let page = tokio::task::spawn_blocking(move || get(address)).await.unwrap();
    assert!(page.contains("nobody:x:65534"), "{page}");
    drop(door);
    let shut = async {
        while TcpStream::connect(address).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), shut).await.unwrap();
}

pub(crate) async fn unconfined_container_has_no_seccomp(bed: &Bed) {
    for (unconfined, mode) in [(false, "Seccomp:\t2"), (true, "Seccomp:\t0")] {
        let request = ContainerRequest { unconfined, ..bed.argv(&["cat", "/proc/self/status"]) };
        let status = bed.run_once(&request).await.stdout;
        assert!(status.contains(mode), "{status}");
    }
}

pub(crate) async fn memory_limit_is_enforced_and_told(bed: &Bed) {
    let request = ContainerRequest {
        resources: Resources { memory_limit: Some(16 << 20), ..Resources::default() },
        ..bed.shell("x=0123456789; while true; do x=$x$x; done")
    };
    let (_, running) = bed.start(&request).await;
    let exit = exit(running.exit).await;
    assert_eq!((exit.code, exit.out_of_memory), (137, true));
}

pub(crate) async fn volumes_of_the_image_go_with_the_container(bed: &Bed) {
    let request = ContainerRequest { image: image::VOLUME.to_owned(), ..bed.shell("echo x > /data/x") };
    let (id, running) = bed.start(&request).await;
    assert_eq!(Ended::of(running).await, Ended::with("", 0));
    let docker = bollard::Docker::connect_with_defaults().unwrap();
    let container = docker.inspect_container(&id, None::<InspectContainerOptions>).await.unwrap();
    let volume = container.mounts.unwrap().remove(0).name.unwrap();
    docker.inspect_volume(&volume).await.unwrap();
    bed.backend.remove_container(&id).await.unwrap();
    docker.inspect_volume(&volume).await.unwrap_err();
}

/// A shell that is not the first process dies of a signal at once; the first one would ignore it.
pub(crate) async fn container_has_an_init(bed: &Bed) {
    let (id, running) = bed.start(&bed.shell("while true; do sleep 0.1; done")).await;
    bed.backend.stop_container(&id, Duration::from_secs(30)).await.unwrap();
    assert_eq!(Ended::of(running).await.code, 143);
}

/// The engine's connections break and it is away for a while; what runs in it is not lost to whoever follows it.
pub(crate) async fn what_breaks_off_has_no_exit_and_can_be_followed(bed: &Bed) {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("docker.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let door = tokio::spawn(pass_on(listener));
    let host = Some(format!("unix://{}", socket.display()));
    let docker = Docker::connect(DockerOptions { host, ..DockerOptions::default() }).await.unwrap();

    let request = bed.shell("echo ready; until test -e /tmp/go; do sleep 0.1; done; echo late; exit 5");
    let id = docker.create_container(&request).await.unwrap();
    let mut running = docker.start_container(&id).await.unwrap();
    read_until(&mut running, "ready").await;
    door.abort();
    assert!(door.await.unwrap_err().is_cancelled());
    assert_eq!(running.output.recv().await, None, "nobody can tell what it writes now");

    let go = ExecRequest { cmd: vec!["touch".into(), "/tmp/go".into()], ..ExecRequest::default() };
    assert_eq!(Ended::of(bed.backend.exec(&id, &go).await.unwrap()).await.code, 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    std::fs::remove_file(&socket).unwrap();
    let door = tokio::spawn(pass_on(UnixListener::bind(&socket).unwrap()));
    running.exit.await.expect_err("an exit would say that all of the output was there");
    let followed = docker.follow_container(&id).await.unwrap();
    assert_eq!(Ended::of(followed).await, Ended::with("ready\nlate\n", 5));
    door.abort();
}

/// Passes connections on to the engine; aborting it breaks them all.
async fn pass_on(listener: UnixListener) {
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let engine = host.strip_prefix("unix://").unwrap_or("/var/run/docker.sock");
    let mut connections = JoinSet::new();
    loop {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut engine = UnixStream::connect(engine).await.unwrap();
        connections.spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut engine).await });
    }
}

pub(crate) async fn exec_of_unknown_users_and_directories_is_told(bed: &Bed) {
    let (id, _running) = bed.start(&bed.argv(&["sleep", "60"])).await;
    let request = ExecRequest { cmd: vec!["true".into()], ..ExecRequest::default() };
    for (request, told) in [
        (ExecRequest { user: Some("nemo".to_owned()), ..request.clone() }, "the image knows no user nemo\n"),
        (
            ExecRequest { workdir: Some("/nowhere".to_owned()), ..request },
            "there is no working directory /nowhere\n",
        ),
    ] {
        let ended = Ended::of(bed.backend.exec(&id, &request).await.unwrap()).await;
        assert_eq!(ended, Ended { stdout: String::new(), stderr: told.to_owned(), code: 126 });
    }
}

/// The page, asked for until there is one: the engine listens before the container does.
fn get(address: SocketAddr) -> String {
    for _ in 0..300 {
        let mut page = String::new();
        let asked = TcpStream::connect(address).and_then(|mut stream| {
            stream.write_all(b"GET /passwd HTTP/1.0\r\n\r\n")?;
            stream.read_to_string(&mut page)
        });
        if asked.is_ok() && !page.is_empty() {
            return page;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("{address} does not answer")
}
