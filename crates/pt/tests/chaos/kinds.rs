//! The jobs that are run, and how they end.

use pt_model::Status;

/// A kind of job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) template: &'static str,
    /// How the job ends when no code is lost.
    pub(crate) ends: Status,
    /// The containers, and how many lines each run of them writes to stdout, and to stderr.
    pub(crate) containers: &'static [(&'static str, usize, usize)],
    /// How often each container runs.
    pub(crate) runs: usize,
    /// Whether it has code that is not run twice: lost, it has failed, and so has the job.
    pub(crate) acts: bool,
}

/// All there are; `polytope.yml` has the templates.
pub(crate) const KINDS: [Kind; 7] = [
    Kind { template: "count", ends: Status::Success, containers: &[("count", 20, 0)], runs: 1, acts: false },
    Kind { template: "fail", ends: Status::Failed, containers: &[("fail", 10, 0)], runs: 1, acts: false },
    Kind {
        template: "chain",
        ends: Status::Success,
        containers: &[("first", 8, 0), ("second", 8, 0)],
        runs: 1,
        acts: false,
    },
    Kind { template: "again", ends: Status::Failed, containers: &[("again", 5, 0)], runs: 3, acts: false },
    Kind { template: "both", ends: Status::Success, containers: &[("both", 12, 12)], runs: 1, acts: false },
    Kind {
        template: "each",
        ends: Status::Success,
        containers: &[("a", 8, 0), ("b", 8, 0), ("c", 8, 0)],
        runs: 1,
        acts: false,
    },
    Kind { template: "code", ends: Status::Success, containers: &[("aside", 15, 0)], runs: 1, acts: true },
];

/// A step whose container starts while the engine is away.
pub(crate) const LATE: Kind =
    Kind { template: "late", ends: Status::Success, containers: &[("late", 8, 0)], runs: 1, acts: false };

/// A job whose containers write until they are let go, and note what they have written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) template: &'static str,
    pub(crate) ends: Status,
    pub(crate) containers: &'static [&'static str],
    /// How often each container runs.
    pub(crate) runs: usize,
}

/// All there are.
pub(crate) const HELD: [Held; 4] = [
    Held { template: "held", ends: Status::Success, containers: &["held"], runs: 1 },
    Held { template: "held-to-fail", ends: Status::Failed, containers: &["held"], runs: 1 },
    Held { template: "held-again", ends: Status::Failed, containers: &["held"], runs: 2 },
    Held { template: "held-each", ends: Status::Success, containers: &["a", "b"], runs: 1 },
];

/// The project's file. Each start of a container leaves a line in `runs`, where it is counted.
pub(crate) const FILE: &str = r##"modules:
- id: write
  params: [{id: tag, type: str}, {id: name, type: str}, {id: script, type: str}, {id: restart, type: [default, int, 0]}]
  module: polytope/container
  args:
    image: alpine:3
    id: pt.param name
    tty: false
    mounts:
    - {path: /runs, source: {type: host, path: ./runs}}
    - {path: /kept, source: {type: volume, id: kept}}
    env: [{name: TAG, value: "{pt.param tag}-{pt.param name}"}]
    cmd: "#pt-clj [\"sh\" \"-c\" (str \"echo run >>/runs/$TAG; \" (:script params))]"
    restart: "#pt-clj {:policy (if (pos? (:restart params)) \"on-failure\" \"never\"), :max-restarts (:restart params)}"
- id: hold
  params: [{id: tag, type: str}, {id: name, type: str}, {id: code, type: [default, int, 0]}, {id: restart, type: [default, int, 0]}]
  module: write
  args:
    tag: pt.param tag
    name: pt.param name
    restart: pt.param restart
    script: "i=0; until [ -e /runs/$TAG.go ]; do i=$((i+1)); echo line $i | tee -a /runs/$TAG.out; sleep 0.05; done; echo last | tee -a /runs/$TAG.out; exit {pt.param code}"
templates:
- id: held
  params: [{id: tag, type: str}]
  run:
  - {id: held, module: hold, args: {tag: pt.param tag, name: held}}
- id: held-to-fail
  params: [{id: tag, type: str}]
  run:
  - {id: held, module: hold, args: {tag: pt.param tag, name: held, code: 3}}
- id: held-again
  params: [{id: tag, type: str}]
  run:
  - {id: held, module: hold, args: {tag: pt.param tag, name: held, code: 5, restart: 1}}
- id: held-each
  params: [{id: tag, type: str}]
  run:
  - {id: each, module: hold, args: {tag: pt.param tag, name: "{pt.param item}"}, for-each: [a, b]}
- id: count
  params: [{id: tag, type: str}]
  run:
  - {id: count, module: write, args: {tag: pt.param tag, name: count, script: "for i in $(seq 1 20); do echo line $i; sleep 0.05; done"}}
- id: fail
  params: [{id: tag, type: str}]
  run:
  - {id: fail, module: write, args: {tag: pt.param tag, name: fail, script: "for i in $(seq 1 10); do echo line $i; sleep 0.05; done; exit 3"}}
- id: chain
  params: [{id: tag, type: str}]
  run:
  - {id: first, module: write, args: {tag: pt.param tag, name: first, script: "for i in $(seq 1 8); do echo line $i; sleep 0.05; done"}}
  - {id: second, module: write, args: {tag: pt.param tag, name: second, script: "for i in $(seq 1 8); do echo line $i; sleep 0.05; done"}, after: first}
- id: again
  params: [{id: tag, type: str}]
  run:
  - {id: again, module: write, args: {tag: pt.param tag, name: again, script: "for i in $(seq 1 5); do echo line $i; sleep 0.05; done; exit 5", restart: 2}}
- id: both
  params: [{id: tag, type: str}]
  run:
  - {id: both, module: write, args: {tag: pt.param tag, name: both, script: "for i in $(seq 1 12); do echo line $i; echo line $i >&2; sleep 0.05; done"}}
- id: each
  params: [{id: tag, type: str}]
  run:
  - id: each
    module: write
    args: {tag: pt.param tag, name: "{pt.param item}", script: "for i in $(seq 1 8); do echo line $i; sleep 0.05; done"}
    for-each: [a, b, c]
- id: code
  params: [{id: tag, type: str}]
  run:
  - {id: aside, module: write, args: {tag: pt.param tag, name: aside, script: "for i in $(seq 1 15); do echo line $i; sleep 0.05; done"}}
  - {id: acts, code: '#pt-clj (do (pt/log "once") (pt/sleep "500ms"))'}
- id: steady
  params: [{id: tag, type: str}]
  run:
  - {id: steady, module: write, args: {tag: pt.param tag, name: steady, script: "for i in $(seq 1 50); do echo line $i; sleep 0.05; done"}}
- id: steady-again
  params: [{id: tag, type: str}]
  run:
  - {id: steady, module: write, args: {tag: pt.param tag, name: steady, script: "for i in $(seq 1 50); do echo line $i; sleep 0.05; done; exit 5", restart: 1}}
- id: pause
  params: [{id: tag, type: str}]
  run:
  - {id: first, module: write, args: {tag: pt.param tag, name: first, script: "echo line 1"}}
  - {id: pause, code: '#pt-clj (pt/sleep "2s")', after: first}
  - {id: second, module: write, args: {tag: pt.param tag, name: second, script: "echo line 1"}, after: pause}
- id: late
  params: [{id: tag, type: str}]
  run:
  - {id: wait, code: '#pt-clj (pt/sleep "1s")'}
  - {id: late, module: write, args: {tag: pt.param tag, name: late, script: "for i in $(seq 1 8); do echo line $i; sleep 0.05; done"}, after: wait}
- id: fill
  params: [{id: tag, type: str}]
  run:
  - {id: fill, module: write, args: {tag: pt.param tag, name: fill, script: "dd if=/dev/zero of=/big bs=1M"}}
- id: seed
  params: [{id: tag, type: str}]
  run:
  - id: seed
    module: polytope/container
    args: {image: "alpine:3", id: seed, tty: false, cmd: [ls, /seed], mounts: [{path: /seed, source: {type: volume, id: seed, source: {type: host, path: ./large}}}]}
- id: build
  params: [{id: tag, type: str}]
  run:
  - id: build
    module: polytope/build-image
    args:
      tags: ["chaos-{pt.param tag}:large"]
      sources: [{source: {type: host, path: ./large}, path: /}]
- id: loud
  params: [{id: tag, type: str}]
  run:
  - {id: loud, module: write, args: {tag: pt.param tag, name: loud, script: "i=0; while true; do i=$((i+1)); echo line $i of many that fill a disk before long, one after the other; done"}}
- id: quick
  run:
  - {id: quick, module: polytope/container, args: {image: "alpine:3", id: quick, tty: false, cmd: [sh, -c, "echo one; echo two; echo three"]}}
- id: lasting
  run:
  - {id: lasting, module: polytope/container, args: {image: "alpine:3", id: lasting, tty: false, cmd: [sh, -c, "echo up; sleep 2"]}}
"##;
