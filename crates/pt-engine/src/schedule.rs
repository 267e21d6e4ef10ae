//! When a step's turn comes.

use pt_model::{Status, StepId};
use pt_plan::{Condition, RunWhen};

/// Whether a step may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// What it waits for has not ended.
    Wait,
    /// Now.
    Go,
    /// Its condition can no longer hold.
    Never,
}

/// Whether a step with these conditions may run, given how the steps of its job stand.
pub(crate) fn turn(
    conditions: &[RunWhen],
    status: impl Fn(&StepId) -> Status,
    is_ready: impl Fn(&StepId) -> bool,
) -> Turn {
    let mut turn = Turn::Go;
    for condition in conditions {
        match turn_of_one(condition, &status, &is_ready) {
            Turn::Never => return Turn::Never,
            Turn::Wait => turn = Turn::Wait,
            Turn::Go => {}
        }
    }
    turn
}

fn turn_of_one(
    condition: &RunWhen,
    status: &impl Fn(&StepId) -> Status,
    is_ready: &impl Fn(&StepId) -> bool,
) -> Turn {
    let states: Vec<Status> = condition.steps.iter().map(status).collect();
    let all_ended = states.iter().all(|status| status.has_ended());
    // What was not to be run stands in nobody's way.
    let went_wrong = |s: &Status| s.has_ended() && !matches!(s, Status::Success | Status::Skipped);
    match condition.condition {
        Condition::Success | Condition::Ready if states.iter().any(went_wrong) => Turn::Never,
        Condition::Ready => {
            let ready = |step: &StepId| status(step).has_ended() || is_ready(step);
            if condition.steps.iter().all(ready) { Turn::Go } else { Turn::Wait }
        }
        Condition::Failed if all_ended && !states.contains(&Status::Failed) => Turn::Never,
        Condition::Success | Condition::Failed | Condition::Always => {
            if all_ended {
                Turn::Go
            } else {
                Turn::Wait
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_runs_when_all_it_waits_for_ended_as_wished() {
        use Condition::{Always, Failed, Ready, Success};
        use Status::{Canceled, Failed as F, Running as R, Skipped, Success as S};
        for (condition, a, b, expected) in [
            (Success, S, S, Turn::Go),
            (Success, S, R, Turn::Wait),
            (Success, F, R, Turn::Never),
            (Success, Canceled, S, Turn::Never),
            (Failed, F, R, Turn::Wait),
            (Failed, F, S, Turn::Go),
            (Failed, S, S, Turn::Never),
            (Always, F, R, Turn::Wait),
            (Always, F, Canceled, Turn::Go),
            (Success, Skipped, S, Turn::Go),
            (Failed, Skipped, S, Turn::Never),
            (Ready, R, S, Turn::Wait),
            (Ready, S, Skipped, Turn::Go),
            (Ready, R, F, Turn::Never),
        ] {
            let when = RunWhen { steps: vec!["a".into(), "b".into()], condition };
            let turn = turn(&[when], |step| if step.as_str() == "a" { a } else { b }, |_| false);
            assert_eq!(turn, expected, "{condition:?} of {a:?} and {b:?}");
        }
        assert_eq!(turn(&[], |_| Status::Queued, |_| false), Turn::Go);
        let when = RunWhen { steps: vec!["a".into()], condition: Ready };
        assert_eq!(turn(&[when], |_| R, |_| true), Turn::Go);
    }
}
