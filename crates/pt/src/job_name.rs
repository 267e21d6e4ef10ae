//! How people call jobs.

use pt_model::JobId;

/// Whether `name` means this job: by its id, or by the target that the id is numbered after (`stack` for `stack-3`).
pub(crate) fn means(name: &str, job: &JobId) -> bool {
    let numbered = || job.as_str().strip_prefix(name)?.strip_prefix('-');
    job.as_str() == name
        || numbered().is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_called_by_its_id_or_its_target() {
        let meant = |name| means(name, &JobId::new("stack-3"));
        assert!(meant("stack-3") && meant("stack"));
        assert!(!meant("stack-") && !meant("stac") && !meant("stack-33") && !meant(""));
        assert!(!means("stack", &JobId::new("stack-x")));
    }
}
