//! From created to gone.

use std::time::{Duration, Instant};

use pt_backend::{ContainerRequest, ErrorKind, ExecOrder, ExecRequest, ExecSignal};
use pt_model::{Labels, Text};
use tokio::sync::mpsc;

use crate::bed::{Bed, Ended, exit, read_until};

pub(crate) async fn stop_ends_a_willing_container(bed: &Bed) {
    let request = bed.shell("trap 'echo bye; exit 7' TERM; echo ready; while true; do sleep 0.1; done");
    let (id, mut running) = bed.start(&request).await;
    read_until(&mut running, "ready").await;
    let began = Instant::now();
    bed.backend.stop_container(&id, Duration::from_secs(30)).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(15), "long before the grace is over");
    assert_eq!(Ended::of(running).await, Ended::with("bye\n", 7));

    let request = ContainerRequest { name: bed.name("plain"), ..bed.argv(&["sleep", "60"]) };
    let (id, running) = bed.start(&request).await;
    bed.backend.stop_container(&id, Duration::from_secs(30)).await.unwrap();
    assert_eq!(Ended::of(running).await, Ended::with("", 143));
}

pub(crate) async fn stop_kills_after_the_grace(bed: &Bed) {
    let request = bed.shell("trap '' TERM; echo ready; while true; do sleep 0.1; done");
    let (id, mut running) = bed.start(&request).await;
    read_until(&mut running, "ready").await;
    bed.backend.stop_container(&id, Duration::from_secs(1)).await.unwrap();
    let exit = exit(running.exit).await;
    assert_eq!((exit.code, exit.out_of_memory), (137, false));

    let running = bed.backend.start_container(&id).await.unwrap();
    bed.backend.stop_container(&id, Duration::ZERO).await.unwrap();
    assert_eq!(Ended::of(running).await.code, 137, "at once");
}

pub(crate) async fn stop_of_what_does_not_run_is_fine(bed: &Bed) {
    let id = bed.backend.create_container(&bed.argv(&["true"])).await.unwrap();
    for grace in [Duration::from_secs(1), Duration::ZERO] {
        bed.backend.stop_container(&id, grace).await.unwrap();
        bed.backend.stop_container(&bed.name("none"), grace).await.unwrap();
    }
}

pub(crate) async fn exited_container_starts_again(bed: &Bed) {
    let request = bed.shell("echo hello; exit 2");
    let id = bed.backend.create_container(&request).await.unwrap();
    assert!(!bed.backend.has_run(&id).await.unwrap());
    for _ in 0..3 {
        let running = bed.backend.start_container(&id).await.unwrap();
        assert_eq!(Ended::of(running).await, Ended::with("hello\n", 2));
        assert!(bed.backend.has_run(&id).await.unwrap());
    }
}

pub(crate) async fn running_container_is_removed(bed: &Bed) {
    let (id, running) = bed.start(&bed.argv(&["sleep", "60"])).await;
    bed.backend.remove_container(&id).await.unwrap();
    assert!(bed.backend.find(&bed.labels).await.unwrap().containers.is_empty());
    let mut output = running.output;
    assert_eq!(output.recv().await, None);
    // Whether the exit of what is gone can still be known is up to the backend; that it is over is not.
    let known = tokio::time::timeout(crate::bed::PATIENCE, running.exit).await.expect("it is over");
    assert!(known.is_err() || known.is_ok_and(|exit| exit.code == 137));
}

pub(crate) async fn missing_things_are_removed_without_complaint(bed: &Bed) {
    let none = bed.name("none");
    bed.backend.remove_container(&none).await.unwrap();
    bed.backend.remove_network(&none).await.unwrap();
    bed.backend.remove_volume(&none).await.unwrap();
}

pub(crate) async fn find_shows_only_what_carries_the_labels(bed: &Bed) {
    let red = bed.labels.clone().with("colour", "red");
    let blue = bed.labels.clone().with("colour", "blue");
    for (name, labels) in [("red", &red), ("blue", &blue)] {
        let request = ContainerRequest {
            name: bed.name(name),
            labels: labels.clone(),
            ..bed.argv(&["sh", "-c", "exit 3"])
        };
        let ended = bed.run(&request).await;
        assert_eq!(ended.code, 3);
        bed.backend.create_volume(&bed.name(name), labels).await.unwrap();
        bed.backend.create_network(&bed.name(name), labels).await.unwrap();
    }
    let request = ContainerRequest { name: bed.name("never"), ..bed.argv(&["true"]) };
    let created = bed.backend.create_container(&request).await.unwrap();

    let found = bed.backend.find(&red).await.unwrap();
    let [container] = found.containers.as_slice() else { panic!("{found:?}") };
    assert_eq!((container.name.as_str(), container.running), (bed.name("red").as_str(), false));
    assert_eq!(container.exit_code, Some(3));
    assert!(container.labels.includes(&red));
    let volumes: Vec<&str> = found.volumes.iter().map(|volume| volume.name.as_str()).collect();
    let networks: Vec<&str> = found.networks.iter().map(|network| network.name.as_str()).collect();
    assert_eq!((volumes, networks), (vec![bed.name("red").as_str()], vec![bed.name("red").as_str()]));

    let all = bed.backend.find(&bed.labels).await.unwrap();
    assert_eq!(all.containers.len(), 3);
    let never = all.containers.iter().find(|container| container.id == created).unwrap();
    assert_eq!((never.running, never.exit_code), (false, None));
    assert!(
        bed.backend.find(&Labels::default().with("colour", "no such")).await.unwrap().containers.is_empty()
    );
}

pub(crate) async fn exec_runs_beside_the_command(bed: &Bed) {
    let (id, _running) = bed.start(&bed.shell("echo x > /tmp/x; sleep 60")).await;
    let exec = async |script: &str| {
        let request = ExecRequest {
            cmd: vec!["sh".into(), "-c".into(), script.into()],
            env: vec![("NAME".to_owned(), "exec".into())],
            workdir: Some("/tmp".to_owned()),
            user: Some("1234".to_owned()),
            tty: false,
        };
        Ended::of(bed.backend.exec(&id, &request).await.unwrap()).await
    };
    let ended =
        exec("until test -e x; do sleep 0.1; done; cat x; echo $NAME; id -u; echo e >&2; exit 5").await;
    let expected = Ended { stdout: "x\nexec\n1234\n".to_owned(), stderr: "e\n".to_owned(), code: 5 };
    assert_eq!(ended, expected);
    assert_eq!(exec("true").await, Ended::with("", 0));

    let request = ExecRequest { cmd: vec!["no-such-command".into()], ..ExecRequest::default() };
    let ended = Ended::of(bed.backend.exec(&id, &request).await.unwrap()).await;
    assert!(matches!(ended.code, 126 | 127), "{ended:?}");
    assert!(ended.stderr.contains("no-such-command"), "{ended:?}");
}

pub(crate) async fn exec_takes_input_and_signals(bed: &Bed) {
    let (id, _running) = bed.start(&bed.argv(&["sleep", "60"])).await;
    let request = |argv: &[&str], tty| ExecRequest {
        cmd: argv.iter().map(|word| Text::from(*word)).collect(),
        tty,
        ..ExecRequest::default()
    };
    let (tell, orders) = mpsc::channel(8);
    let cat = bed.backend.exec_attended(&id, &request(&["cat"], false), orders).await.unwrap();
    tell.send(ExecOrder::Input(b"one\n".to_vec())).await.unwrap();
    tell.send(ExecOrder::EndOfInput).await.unwrap();
    assert_eq!(Ended::of(cat).await, Ended::with("one\n", 0));

    // Everything below the command hears a signal, too.
    let (tell, orders) = mpsc::channel(8);
    let script = request(&["sh", "-c", "echo ready; sleep 60; echo never"], false);
    let mut sleep = bed.backend.exec_attended(&id, &script, orders).await.unwrap();
    read_until(&mut sleep, "ready").await;
    tell.send(ExecOrder::Signal(ExecSignal::Terminate)).await.unwrap();
    let ended = Ended::of(sleep).await;
    assert_eq!((ended.stdout.as_str(), ended.code), ("", 143), "{ended:?}");

    // A terminal turns the key into the signal; it knows its size.
    let (tell, orders) = mpsc::channel(8);
    let mut shell = bed.backend.exec_attended(&id, &request(&["sh"], true), orders).await.unwrap();
    tell.send(ExecOrder::Resize { columns: 91, rows: 17 }).await.unwrap();
    tell.send(ExecOrder::Input(b"sleep 1\nstty size\n".to_vec())).await.unwrap();
    read_until(&mut shell, "17 91").await;
    tell.send(ExecOrder::Input(b"exit 6\n".to_vec())).await.unwrap();
    assert_eq!(Ended::of(shell).await.code, 6);

    // Who goes away has hung up.
    let (tell, orders) = mpsc::channel(8);
    let sleep = bed.backend.exec_attended(&id, &request(&["sleep", "60"], false), orders).await.unwrap();
    drop(tell);
    assert_eq!(Ended::of(sleep).await, Ended::with("", 129));
}

pub(crate) async fn exec_ends_with_its_container(bed: &Bed) {
    let (id, _running) = bed.start(&bed.argv(&["sleep", "60"])).await;
    let request = ExecRequest { cmd: vec!["sleep".into(), "60".into()], ..ExecRequest::default() };
    let exec = bed.backend.exec(&id, &request).await.unwrap();
    bed.backend.stop_container(&id, Duration::ZERO).await.unwrap();
    assert_ne!(Ended::of(exec).await.code, 0);
    let error = bed.backend.exec(&id, &request).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused, "{error}");
}

pub(crate) async fn twenty_containers_at_once(bed: &Bed) {
    let network = bed.name("n");
    bed.backend.create_network(&network, &bed.labels).await.unwrap();
    let runs = (0..20).map(|n| {
        let request = ContainerRequest {
            name: bed.name(&n.to_string()),
            network: Some(network.clone()),
            ..bed.shell(&format!("echo {n}; exit {n}"))
        };
        async move { bed.run(&request).await }
    });
    for (n, ended) in futures_util::future::join_all(runs).await.into_iter().enumerate() {
        assert_eq!(ended, Ended::with(&format!("{n}\n"), i64::try_from(n).unwrap()));
    }
}
