//! Prompts: workflows that people start from their agent's menu.

use pt_spec::Kind;

use crate::arguments::Arguments;
use crate::server::Inner;

/// A workflow.
pub(crate) struct Workflow {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) info: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// What the agent is told; `{name}` stands for an argument.
    text: &'static str,
}

/// An argument of a workflow.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) info: &'static str,
    pub(crate) required: bool,
    /// What stands in the text where it was not given.
    without: &'static str,
}

/// All of them.
pub(crate) const WORKFLOWS: &[Workflow] = &[
    Workflow {
        name: "get-started",
        title: "Get to know this project",
        info: "What the project is, what it can run, and how.",
        arguments: &[],
        text: "Get to know this Polytope project. Call get-server-instructions, describe-sandbox and list-tools, and read \
               bluetext://intro (tool docs). Then tell me in ten lines what the project consists of, what can be run, and \
               what is running now. Change nothing.",
    },
    Workflow {
        name: "add-service",
        title: "Add a service",
        info: "Adds a service from a blueprint and shows that it runs.",
        arguments: &[
            Argument {
                name: "blueprint",
                info: "a blueprint, as postgres or python-api",
                required: true,
                without: "",
            },
            Argument {
                name: "id",
                info: "the id of the new service",
                required: false,
                without: "as the blueprint has it",
            },
        ],
        text: "Add a service to this project from the blueprint {blueprint} (its id: {id}). Read \
               bluetext://blueprints/{blueprint} and polytope.yml first. Add the module, set the values that the blueprint \
               names with set-value, and ask me for secrets. Run it with run, wait with wait-until until its service is \
               ready, and show me its address. If it fails, read the cause in the answer, mend it and try again.",
    },
    Workflow {
        name: "fix-failure",
        title: "Find out why something failed, and mend it",
        info: "Diagnoses a failed step and mends its cause.",
        arguments: &[Argument {
            name: "step",
            info: "the step; without, the newest that failed",
            required: false,
            without: "the newest step that failed",
        }],
        text: "Something failed here: {step}. Find it with list-steps, read what describe-step says of it (its digest comes first) \
               and, if that is not enough, its lines with get-container-logs, and name \
               the cause in one sentence with the line that shows it. Then mend the cause in the code or in polytope.yml, run \
               the step's tool again, and repeat until it succeeds. Do not hide the failure (no retries, no disabled tests).",
    },
    Workflow {
        name: "run-and-check",
        title: "Run something and check it",
        info: "Runs a tool, template or module and checks that it does what it should.",
        arguments: &[Argument { name: "target", info: "what to run", required: true, without: "" }],
        text: "Run {target} with the tool run. Wait with wait-until until its services are ready. Check each service from \
               outside (its address is in list-services) and look for errors in get-container-logs. Tell me what works and \
               what does not.",
    },
];

/// The workflow with this name.
pub(crate) fn named(name: &str) -> Option<&'static Workflow> {
    let name = crate::arguments::kebab(name);
    WORKFLOWS.iter().find(|workflow| workflow.name == name)
}

impl Workflow {
    /// What the agent is told.
    ///
    /// # Errors
    /// An argument that is needed was not given.
    pub(crate) fn text(&self, given: &Arguments) -> Result<String, String> {
        let mut text = self.text.to_owned();
        for argument in self.arguments {
            let value = match given.text(&[argument.name]) {
                Some(value) => value,
                None if argument.required => {
                    return Err(format!("Missing argument: {} ({})", argument.name, argument.info));
                }
                None => argument.without.to_owned(),
            };
            text = text.replace(&format!("{{{}}}", argument.name), &value);
        }
        Ok(text)
    }
}

/// What an argument of a workflow may be.
pub(crate) fn candidates(server: &Inner, workflow: &str, argument: &str) -> Vec<String> {
    if named(workflow).is_none() {
        return Vec::new();
    }
    match argument {
        "blueprint" => server.documents.ids_for("bluetext://blueprints/{id}"),
        "target" => {
            let Ok(project) = server.sandbox.project.get() else { return Vec::new() };
            let known = project.loaded.project.definitions();
            let open = known.filter(|known| known.kind != Kind::Tool || !known.id.text.starts_with('_'));
            open.map(|known| known.id.text.clone()).collect()
        }
        "step" => {
            let job = server.sandbox.job_state().unwrap_or_default();
            job.steps.keys().rev().map(ToString::to_string).collect()
        }
        _ => Vec::new(),
    }
}
