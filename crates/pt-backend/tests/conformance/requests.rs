//! What a request says, the container gets.

use pt_backend::{BuildRequest, ContainerRequest, MountRequest, context_of};

use crate::bed::{Bed, Ended, file, no_progress};
use crate::image;

pub(crate) async fn exit_codes_are_reported(bed: &Bed) {
    for code in [0, 1, 3, 255] {
        let ended = bed.run_once(&bed.shell(&format!("exit {code}"))).await;
        assert_eq!(ended, Ended::with("", code));
    }
    assert_eq!(bed.run(&bed.argv(&["false"])).await, Ended::with("", 1));
}

pub(crate) async fn cmd_replaces_that_of_the_image(bed: &Bed) {
    assert_eq!(bed.run_once(&bed.argv(&["echo", "a  b", "$HOME"])).await, Ended::with("a  b $HOME\n", 0));
}

pub(crate) async fn entrypoint_goes_before_cmd(bed: &Bed) {
    let entrypoint = |words: &[&str]| Some(words.iter().map(|word| (*word).into()).collect());
    let request = ContainerRequest { image: image::ENTRY.to_owned(), ..bed.argv(&["echo", "cmd"]) };
    assert_eq!(bed.run_once(&request).await, Ended::with("entry echo cmd\n", 0), "the image's");
    let request = ContainerRequest { entrypoint: entrypoint(&["echo", "own"]), ..request };
    assert_eq!(bed.run_once(&request).await, Ended::with("own echo cmd\n", 0), "the request's");
    let request = ContainerRequest { cmd: None, ..request };
    assert_eq!(bed.run_once(&request).await, Ended::with("own\n", 0), "alone");
}

pub(crate) async fn empty_entrypoint_removes_that_of_the_image(bed: &Bed) {
    let request = ContainerRequest {
        image: image::ENTRY.to_owned(),
        entrypoint: Some(Vec::new()),
        ..bed.argv(&["echo", "cmd"])
    };
    assert_eq!(bed.run(&request).await, Ended::with("cmd\n", 0));
}

pub(crate) async fn env_is_set(bed: &Bed) {
    let env = vec![("GREETING".to_owned(), "hello  world".into()), ("EMPTY".to_owned(), "".into())];
    let request = ContainerRequest { env, ..bed.shell("echo \"$GREETING\" \"[$EMPTY]\" '$GREETING'; env") };
    let ended = bed.run(&request).await;
    let mut lines = ended.stdout.lines();
    assert_eq!(lines.next(), Some("hello  world [] $GREETING"));
    let env: Vec<&str> = lines.collect();
    assert!(env.contains(&"GREETING=hello  world") && env.contains(&"EMPTY="), "{env:?}");
}

pub(crate) async fn workdir_is_entered(bed: &Bed) {
    let request = ContainerRequest {
        workdir: Some("/app/here".to_owned()),
        ..bed.shell("pwd; echo x > y; cat /app/here/y")
    };
    assert_eq!(bed.run(&request).await, Ended::with("/app/here\nx\n", 0));
}

pub(crate) async fn user_is_taken(bed: &Bed) {
    for (user, uid) in [("1234", "1234\n"), ("1234:99", "1234\n"), ("nobody", "65534\n"), ("root", "0\n")] {
        let request = ContainerRequest { user: Some(user.to_owned()), ..bed.argv(&["id", "-u"]) };
        assert_eq!(bed.run_once(&request).await, Ended::with(uid, 0), "{user}");
    }
}

pub(crate) async fn terminal_writes_everything_to_one_stream(bed: &Bed) {
    let request = ContainerRequest { tty: true, ..bed.shell("echo out; echo err >&2; printf end") };
    assert_eq!(bed.run(&request).await, Ended::with("out\r\nerr\r\nend", 0));
}

pub(crate) async fn images_are_built(bed: &Bed) {
    let recipe = format!("FROM {} AS first\nFROM first\nCOPY dir/greeting /greeting\n", image::SHELL);
    let files: Vec<MountRequest> =
        vec![file("/Recipe", &recipe, 0o644), file("/dir/greeting", "hello\n", 0o644)];
    let tags = vec![format!("{}:1", bed.name("built")), bed.name("also")];
    let request = BuildRequest {
        context: context_of(&files, "Dockerfile").unwrap(),
        dockerfile: "Recipe".to_owned(),
        tags: tags.clone(),
        labels: vec![("dev.polytope.test".to_owned(), "1".to_owned())],
        target: None,
        args: vec![("GREETING".to_owned(), "hello".to_owned())],
    };
    let digest = bed.backend.build_image(request.clone(), no_progress()).await.unwrap();
    assert!(digest.starts_with("sha256:") && digest.len() == 71, "{digest}");
    for (at, image) in tags.iter().enumerate() {
        let container = ContainerRequest {
            name: bed.name(&at.to_string()),
            image: image.clone(),
            ..bed.argv(&["echo", "built"])
        };
        assert_eq!(bed.run_once(&container).await, Ended::with("built\n", 0));
    }
    let missing = BuildRequest { dockerfile: "Nothing".to_owned(), ..request };
    let error = bed.backend.build_image(missing, no_progress()).await.unwrap_err();
    assert!(error.message.contains(&format!("cannot build the image {}", tags[0])), "{error}");
    image::forget(&tags).await;
}
