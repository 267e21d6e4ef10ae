//! What cannot be done is told: its kind, one line, and nothing left behind.

use pt_backend::{BackendError, ContainerRequest, ErrorKind, ExecRequest, ImagePolicy};

use crate::bed::{Bed, host, no_progress};
use crate::image;

pub(crate) async fn missing_image_is_told(bed: &Bed) {
    // No registry listens on that port.
    let image = "127.0.0.1:9/missing/image:1";
    let error = bed.backend.ensure_image(image, ImagePolicy::WhenMissing, no_progress()).await.unwrap_err();
    is_told(&error, ErrorKind::ImageNotFound, image);
    assert_eq!(bed.backend.image_id(image).await, Ok(None));
    assert!(bed.backend.image_id(image::SHELL).await.unwrap().is_some());
    let request = ContainerRequest { image: image.to_owned(), ..bed.argv(&["true"]) };
    let error = bed.backend.create_container(&request).await.unwrap_err();
    is_told(&error, ErrorKind::ImageNotFound, image);
}

pub(crate) async fn present_image_is_not_pulled(bed: &Bed) {
    let (progress, mut lines) = tokio::sync::mpsc::unbounded_channel();
    bed.backend.ensure_image(image::SHELL, ImagePolicy::WhenMissing, progress).await.unwrap();
    assert_eq!(lines.recv().await, None);
}

pub(crate) async fn unknown_command_is_told(bed: &Bed) {
    // Only the start can tell, by refusing or with the shell's code for it.
    let id = bed.backend.create_container(&bed.argv(&["no-such-command"])).await.unwrap();
    match bed.backend.start_container(&id).await {
        Err(error) => is_told(&error, ErrorKind::Refused, "no-such-command"),
        Ok(running) => {
            let ended = crate::bed::Ended::of(running).await;
            assert_eq!((ended.stdout.as_str(), ended.code), ("", 127));
            assert!(ended.stderr.contains("no-such-command: "), "{ended:?}");
        }
    }
}

pub(crate) async fn unknown_user_is_told(bed: &Bed) {
    let request = ContainerRequest { user: Some("nemo".to_owned()), ..bed.argv(&["true"]) };
    let id = bed.backend.create_container(&request).await.unwrap();
    let error = bed.backend.start_container(&id).await.unwrap_err();
    is_told(&error, ErrorKind::Refused, "the image knows no user nemo");
}

pub(crate) async fn missing_host_path_is_told(bed: &Bed) {
    let path = std::path::Path::new("/no/such/path");
    let request = ContainerRequest { mounts: vec![host(path, "/src", false)], ..bed.argv(&["true"]) };
    let error = bed.backend.create_container(&request).await.unwrap_err();
    is_told(&error, ErrorKind::Refused, "/no/such/path does not exist on this machine");
}

pub(crate) async fn missing_container_is_told(bed: &Bed) {
    let none = bed.name("none");
    let exec = ExecRequest { cmd: vec!["true".into()], ..ExecRequest::default() };
    for error in [
        bed.backend.start_container(&none).await.unwrap_err(),
        bed.backend.read_path(&none, "/").await.unwrap_err(),
        bed.backend.exec(&none, &exec).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, ErrorKind::NotFound, "{error}");
    }
}

pub(crate) async fn name_that_is_taken_is_told(bed: &Bed) {
    let request = bed.argv(&["true"]);
    bed.backend.create_container(&request).await.unwrap();
    let error = bed.backend.create_container(&request).await.unwrap_err();
    is_told(&error, ErrorKind::Refused, &format!("there is a container called {} already", request.name));
}

pub(crate) async fn failed_create_leaves_nothing(bed: &Bed) {
    // The container can be created; the file cannot be put where a directory is.
    let request = ContainerRequest {
        mounts: vec![crate::bed::file("/tmp", "not a directory", 0o644)],
        ..bed.argv(&["true"])
    };
    let error = bed.backend.create_container(&request).await.unwrap_err();
    assert!(error.message.contains("cannot put files into the container"), "{error}");
    let left = bed.backend.find(&bed.labels).await.unwrap();
    assert!(left.containers.is_empty(), "{left:?}");
}

fn is_told(error: &BackendError, kind: ErrorKind, words: &str) {
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.message.contains(words), "{error} should say {words}");
    assert!(!error.message.contains('\n') && !error.hint.is_empty(), "{error:?}");
}
