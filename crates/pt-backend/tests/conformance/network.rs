//! Networks, names and ports.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use pt_backend::{ContainerRequest, ErrorKind, PublishedPort};
use pt_model::Labels;

use crate::bed::{Bed, Ended};

const GRACE: Duration = Duration::from_secs(10);

pub(crate) async fn finds_containers_by_alias(bed: &Bed) {
    let network = bed.name("n");
    bed.backend.create_network(&network, &bed.labels).await.unwrap();
    let server = ContainerRequest {
        name: bed.name("server"),
        network: Some(network.clone()),
        aliases: vec!["db".to_owned(), "postgres".to_owned()],
        ..bed.argv(&["sleep", "60"])
    };
    let (server, _running) = bed.start(&server).await;
    let client = |script| ContainerRequest { network: Some(network.clone()), ..bed.shell(script) };
    let script = "for name in db postgres; do ping -c 1 -W 5 $name > /dev/null && echo found $name; done";
    assert_eq!(bed.run_once(&client(script)).await.stdout, "found db\nfound postgres\n");
    bed.backend.remove_container(&server).await.unwrap();
    assert_ne!(bed.run_once(&client("ping -c 1 -W 5 db")).await.code, 0, "gone");
}

pub(crate) async fn keeps_strangers_out(bed: &Bed) {
    for network in ["n1", "n2"] {
        bed.backend.create_network(&bed.name(network), &bed.labels).await.unwrap();
    }
    let server = ContainerRequest {
        name: bed.name("server"),
        network: Some(bed.name("n1")),
        aliases: vec!["db".to_owned()],
        ..bed.argv(&["sleep", "60"])
    };
    let (_, _running) = bed.start(&server).await;
    let stranger =
        ContainerRequest { network: Some(bed.name("n2")), ..bed.shell("ping -c 1 -W 2 db || echo unknown") };
    assert_eq!(bed.run(&stranger).await.stdout, "unknown\n");
}

pub(crate) async fn is_created_once(bed: &Bed) {
    let network = bed.name("n");
    for _ in 0..2 {
        bed.backend.create_network(&network, &bed.labels).await.unwrap();
    }
    assert_eq!(bed.backend.find(&bed.labels).await.unwrap().networks.len(), 1);
    let others = Labels::default().with("dev.polytope.test", "another");
    let error = bed.backend.create_network(&network, &others).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
}

pub(crate) async fn port_that_is_taken_is_told(bed: &Bed) {
    let request = |name: &str, host| ContainerRequest {
        name: bed.name(name),
        ports: vec![PublishedPort { container: 80, host, udp: false }],
        ..bed.argv(&["sleep", "60"])
    };
    let port = free_port();
    let (_, _running) = bed.start(&request("first", port)).await;
    let second = bed.backend.create_container(&request("second", port)).await.unwrap();
    let error = bed.backend.start_container(&second).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::PortTaken);
    assert!(error.message.ends_with(&format!("port {port} of this machine is already in use")), "{error}");
    assert!(!error.hint.is_empty());
}

pub(crate) async fn port_of_a_stopped_container_is_free_again(bed: &Bed) {
    let request = |name: &str, host| ContainerRequest {
        name: bed.name(name),
        ports: vec![PublishedPort { container: 80, host, udp: false }],
        ..bed.argv(&["sleep", "60"])
    };
    let port = free_port();
    let (first, running) = bed.start(&request("first", port)).await;
    bed.backend.stop_container(&first, GRACE).await.unwrap();
    assert_ne!(Ended::of(running).await.code, 0);
    let (_, _running) = bed.start(&request("second", port)).await;
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
