//! The simulated world's shell: script in, output and exit code and virtual time out.

#![expect(clippy::unwrap_used, reason = "all of it is tests")]

use std::time::Duration;

use pt_backend::sim::{Sim, SimOptions};
use pt_backend::{Backend, ContainerRequest, ErrorKind, ImagePolicy, PublishedPort, Running};
use pt_model::Stream;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn scripts_do_what_a_shell_does() {
    for (script, output, code) in [
        ("echo a  b 'c  d' \"e  $HOME\" \\$x", "a b c  d e  /root $x\n", 0),
        ("echo -n a; printf '%s=%s\\n' b 1 c 2; printf x", "ab=1\nc=2\nx", 0),
        ("x=1; y='a  b'; echo $x $y \"$y\" ${z:-none} $z end", "1 a b a  b none end\n", 0),
        ("x=y env; echo [$x]", "HOME=/root\nHOSTNAME=000000000001\nPATH=/bin\nx=y\n[]\n", 0),
        ("export x=1; sh -c 'echo $x'", "1\n", 0),
        ("true && echo yes || echo no; false && echo yes || echo no; ! true; echo $?", "yes\nno\n1\n", 0),
        ("false", "", 1),
        ("exit 3; echo never", "", 3),
        ("(exit 3); echo $?", "3\n", 0),
        ("for i in 1 2 3; do echo $i; done", "1\n2\n3\n", 0),
        ("for i in 1 2 3; do if [ $i = 2 ]; then break; fi; echo $i; done", "1\n", 0),
        ("if false; then echo a; elif true; then echo b; else echo c; fi", "b\n", 0),
        ("until test -e /tmp/x; do echo wait; touch /tmp/x; done", "wait\n", 0),
        ("while ! test -e /tmp/x; do touch /tmp/x; done; echo out", "out\n", 0),
        (
            "echo a > /tmp/x; echo b >> /tmp/x; cat /tmp/x; rm /tmp/x; test -e /tmp/x || echo gone",
            "a\nb\ngone\n",
            0,
        ),
        ("mkdir -p /a/b; cd /a/b; pwd; echo x > y; cat /a/b/y", "/a/b\nx\n", 0),
        ("echo quiet > /dev/null; echo loud >&2", "! loud\n", 0),
        ("cat /nothing", "! cat: can't open '/nothing': No such file or directory\n", 1),
        ("echo x > /no/where", "! sh: can't create /no/where: nonexistent directory\n", 1),
        ("frobnicate", "! sh: frobnicate: not found\n", 127),
        ("a | b", "! sh: syntax error: | is not known here\n", 2),
        ("# nothing\necho a # b\n\necho c", "a\nc\n", 0),
        ("ping nobody", "! ping: bad address 'nobody'\n", 1),
        ("id -u; hostname; seq 2 4", "0\n000000000001\n2\n3\n4\n", 0),
    ] {
        let (ended, exit_code) = run(script).await;
        assert_eq!((ended.as_str(), exit_code), (output, code), "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn time_is_virtual() {
    let began = Instant::now();
    let (output, _) = run("for i in 1 2 3; do sleep 1200.5; done; echo an hour later").await;
    assert_eq!(output, "an hour later\n");
    assert_eq!(began.elapsed().as_secs(), 3601);
}

#[tokio::test(start_paused = true)]
async fn a_stop_is_met_as_the_trap_says() {
    for (script, code, seconds) in [
        ("serve 80", 143, 0),
        ("trap 'exit 0' TERM; serve 80", 0, 0),
        ("trap '' TERM; serve 80", 137, 10),
        ("trap 'sleep 3; exit 4' TERM; sleep 100", 4, 3),
        ("trap 'echo bye' TERM; serve 80", 137, 10),
        ("while true; do true; done", 143, 0),
    ] {
        let sim = Sim::new(SimOptions::default());
        let id = sim.create_container(&shell(script)).await.unwrap();
        let running = sim.start_container(&id).await.unwrap();
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let began = Instant::now();
        sim.stop_container(&id, Duration::from_secs(10)).await.unwrap();
        assert_eq!(
            (running.exit.await.unwrap().code, began.elapsed().as_secs()),
            (code, seconds),
            "{script}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_pull_is_told_and_happens_once() {
    let sim = Sim::new(SimOptions::default());
    let (progress, mut lines) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..2 {
        sim.ensure_image("slow-pull:1", ImagePolicy::WhenMissing, progress.clone()).await.unwrap();
    }
    drop(progress);
    let mut told = Vec::new();
    while let Some(line) = lines.recv().await {
        told.push(line);
    }
    assert_eq!(
        told,
        [
            "pulling slow-pull:1",
            "1 of 4 layers, 1.0 of 4.0 MB",
            "2 of 4 layers, 2.0 of 4.0 MB",
            "3 of 4 layers, 3.0 of 4.0 MB",
            "4 of 4 layers, 4.0 of 4.0 MB",
            "pulled slow-pull:1: 4 of 4 layers, 4.0 of 4.0 MB",
        ]
    );
}

#[tokio::test]
async fn a_world_can_be_told_to_fail() {
    let sim = Sim::new(
        "taken-port 8080; fail create-container 2 disk-full; fail find 1- not-running".parse().unwrap(),
    );
    let ports = vec![PublishedPort { container: 80, host: 8080, udp: false }];
    let id = sim.create_container(&ContainerRequest { ports, ..shell("serve") }).await.unwrap();
    let error = sim.start_container(&id).await.unwrap_err();
    assert_eq!(
        (error.kind, error.message.as_str()),
        (ErrorKind::PortTaken, "cannot start the container: port 8080 of this machine is already in use")
    );
    let error = sim.create_container(&shell("true")).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot create the container test: no space is left on the disk");
    let error = sim.find(&pt_model::Labels::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the Docker engine at sim is not running");
}

#[tokio::test]
async fn an_image_without_a_command_is_a_service() {
    let sim = Sim::new(SimOptions::default());
    let request = ContainerRequest {
        name: "db".to_owned(),
        image: "postgres:16".to_owned(),
        ..ContainerRequest::default()
    };
    let id = sim.create_container(&request).await.unwrap();
    let running = sim.start_container(&id).await.unwrap();
    sim.stop_container(&id, Duration::from_secs(1)).await.unwrap();
    assert_eq!(running.exit.await.unwrap().code, 143);
}

fn shell(script: &str) -> ContainerRequest {
    ContainerRequest {
        name: "test".to_owned(),
        image: "shell".to_owned(),
        cmd: Some(vec!["sh".into(), "-c".into(), script.into()]),
        ..ContainerRequest::default()
    }
}

/// What a script writes, lines of stderr behind `! `, and its exit code.
async fn run(script: &str) -> (String, i64) {
    let sim = Sim::new(SimOptions::default());
    let id = sim.create_container(&shell(script)).await.unwrap();
    let Running { mut output, exit, .. } = sim.start_container(&id).await.unwrap();
    let mut written = String::new();
    while let Some(chunk) = output.recv().await {
        if chunk.stream == Stream::Stderr {
            written.push_str("! ");
        }
        written.push_str(std::str::from_utf8(&chunk.bytes).unwrap());
    }
    (written, exit.await.unwrap().code)
}
