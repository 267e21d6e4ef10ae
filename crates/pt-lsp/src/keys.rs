//! The keys of the language, and what to say of them.

use pt_spec::Kind;

use crate::site::Keys;

/// A key that may stand in some map.
pub(crate) struct Key {
    pub(crate) word: &'static str,
    pub(crate) info: &'static str,
    /// Whether its value stands on lines of its own.
    pub(crate) block: bool,
}

const fn key(word: &'static str, info: &'static str) -> Key {
    Key { word, info, block: false }
}

const fn block(word: &'static str, info: &'static str) -> Key {
    Key { word, info, block: true }
}

const TOP: &[Key] = &[
    block("modules", "Modules: code, or other modules with args."),
    block("templates", "Templates: lists of steps that run as a job."),
    block("tools", "Tools: steps that agents can call through MCP."),
    block("triggers", "When templates run by themselves."),
    block("include", "Directories and files whose modules, templates and tools are known here, too."),
    block("instructions", "Text for agents, served by MCP."),
    block("mcp", "Which tools agents see."),
];

const MODULE: &[Key] = &[
    key("id", "The name by which it is called: a-z, 0-9, `-` and `_`."),
    key("info", "What it is for."),
    block("params", "What it can be given: a list of `{id, type, info}`."),
    key("module", "The module it calls."),
    block("args", "What that module is given. `pt.param x` stands for a param of this one."),
    key("code", "What it does, in Clojure or JavaScript: `#pt-clj …`, `#pt-js …`."),
    block("run", "The steps it runs."),
    key("limits", "What its code may use up: `{time: 10s, memory: 256MB, depth: 500}`."),
    key("default?", "Whether it is meant where only its project is named."),
    key("api-version", "The version of the runner functions its code is written for."),
];

const TEMPLATE: &[Key] = &[
    key("id", "The name by which it is run: a-z, 0-9, `-` and `_`."),
    key("info", "What it is for."),
    block("params", "What it can be given: a list of `{id, type, info}`."),
    block("run", "The steps it runs: all at once, unless `after` holds one back."),
    key("timeout", "How long a job of it may take: `90s`, `5m`."),
    key("limits", "What the code in it may use up: `{time: 10s, memory: 256MB, depth: 500}`."),
];

const TOOL: &[Key] = &[
    key("info", "What agents are told of it."),
    key("name", "Its name for people."),
    block("inputs", "What it can be given: a map from ids to `{type, info}`."),
    block("run", "The steps it runs: all at once, unless `after` holds one back."),
    key("limits", "What the code in it may use up: `{time: 10s, memory: 256MB, depth: 500}`."),
    key("await", "Steps after whose end a call returns; without, all of them."),
];

const PARAM: &[Key] = &[
    key("id", "The name by which code and `pt.param` refer to it."),
    key("type", "What its values must be."),
    key("info", "What it is for."),
    key("name", "Its name for people."),
];

const STEP: &[Key] = &[
    key("module", "The module, tool or template to run."),
    key("tool", "The tool or module to run."),
    key("template", "The template whose steps run as part of this job."),
    block("args", "What it is given."),
    key("code", "Code to run."),
    key("id", "The step's name; without, that of what it runs."),
    key("after", "Steps that must have ended well before."),
    block("run-when", "Steps that must have ended before, and how: `{after, after-condition}`."),
    key("when", "Whether it is run: a param, code, a result of another step."),
    key("for-each", "A list: the step is run once for each item, which is `pt.param item` there."),
    key(
        "retries",
        "How often it is tried again when it fails: a number, or `{max, delay, backoff, max-delay}`.",
    ),
    key("timeout", "How long one try may take: `90s`, `5m`."),
    key("lock", "A name; of the steps with the same one only one runs at a time, or `limit` many."),
    key("cache", "`true`: it is run only when something has changed; or what: `{files, key, max-age}`."),
];

const AFTER: &[Key] = &[
    key("step", "The step that must have ended."),
    key("condition", "How it must have ended: `success`, `always`, `failed` or `ready`."),
];

const RUN_WHEN: &[Key] = &[
    key("after", "The step, or a list of steps, that must have ended."),
    key("after-condition", "How they must have ended: `success`, `always` or `failed`."),
];

const RETRIES: &[Key] = &[
    key("max", "How often it is tried again."),
    key("delay", "How long to wait before: `1s`."),
    key("backoff", "How many times as long each wait is as the one before."),
    key("max-delay", "The longest wait."),
];

const LOCK: &[Key] = &[
    key("id", "The name of the lock."),
    key("limit", "How many steps may hold it at a time; without, one."),
];

const CACHE: &[Key] = &[
    key("files", "Files and directories that go into it; without, those that its container mounts."),
    key("key", "Anything else that goes into it."),
    key("max-age", "How long an end is good for: `7d`."),
];

const LIMITS: &[Key] = &[
    key("time", "How long code may run, waiting apart: `10s`."),
    key("memory", "What its data may take: `256MB`."),
    key("depth", "How many calls may stand within one another, about: `500`."),
];

/// How steps that are waited for must have ended.
pub(crate) const CONDITIONS: [(&str, &str); 4] = [
    ("success", "All of them well."),
    ("always", "In whatever way."),
    ("failed", "At least one of them badly."),
    ("ready", "Not at all: what they start is ready to be used."),
];

/// The words that make types of others.
pub(crate) const COMPOUNDS: [(&str, &str); 7] = [
    ("maybe", "`[maybe, T]`: T, or nothing."),
    ("default", "`[default, T, v]`: T, and v where nothing is given."),
    ("list", "`[list, T]`: a list of T."),
    ("map", "`[map, K, V]`: a map from K to V."),
    ("either", "`[either, A, B]`: the first of these that fits."),
    ("enum", "`[enum, a, b]`: one of these."),
    ("regex", "`[regex, \"a+\"]`: text that matches as a whole."),
];

/// The kinds of references.
pub(crate) const REFERENCES: [(&str, &str); 4] = [
    ("param", "The param with this name."),
    ("value", "The value that `pt values set` stored."),
    ("secret", "The secret that `pt secrets set` stored."),
    ("output", "The result of an ended step."),
];

/// The keys that may stand where `keys` says; those of args are not known here.
pub(crate) fn known(keys: &Keys<'_>) -> &'static [Key] {
    match keys {
        Keys::Top => TOP,
        Keys::Definition(Kind::Module) => MODULE,
        Keys::Definition(Kind::Template) => TEMPLATE,
        Keys::Definition(Kind::Tool) => TOOL,
        Keys::Param => PARAM,
        Keys::Step => STEP,
        Keys::After => AFTER,
        Keys::RunWhen => RUN_WHEN,
        Keys::Retries => RETRIES,
        Keys::Lock => LOCK,
        Keys::Cache => CACHE,
        Keys::Limits => LIMITS,
        Keys::Inside(_) | Keys::Free => &[],
    }
}
