//! What only a real engine can show.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::InspectContainerOptions;
use pt_backend::{ContainerRequest, PublishedPort};
use pt_model::Resources;

use crate::bed::{Bed, Ended, exit};
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
    let docker = Docker::connect_with_defaults().unwrap();
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
    let docker = Docker::connect_with_defaults().unwrap();
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
