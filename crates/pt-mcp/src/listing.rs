//! The tools as agents see them listed.

use pt_server::LoadedProject;
use pt_spec::{Definition, args_schema};
use rmcp::model::{Tool, ToolAnnotations};

use crate::project::{listed_tools, tool};
use crate::server::Inner;
use crate::tools::{BUILT_INS, BuiltIn, Effect};

/// All tools: the project's, then the built-in ones that none of them replaces.
pub(crate) fn tools(server: &Inner) -> Vec<Tool> {
    let project = server.sandbox.project.get().ok();
    let mut tools: Vec<Tool> = project
        .iter()
        .flat_map(|project| listed_tools(project).map(project_tool).collect::<Vec<_>>())
        .collect();
    let built_in = BUILT_INS.iter().filter(|built_in| {
        project.as_deref().is_none_or(|project: &LoadedProject| tool(project, built_in.name).is_none())
    });
    tools.extend(built_in.map(built_in_tool));
    tools
}

fn project_tool(definition: &Definition) -> Tool {
    let schema = args_schema(&definition.params).as_object().cloned().unwrap_or_default();
    let info = definition.info.as_deref().map(|info| info.trim().to_owned().into());
    let tool = Tool::new_with_raw(definition.id.text.clone(), info, schema);
    match &definition.name {
        Some(name) => tool.with_title(name),
        None => tool,
    }
}

/// A built-in tool as it is listed.
fn built_in_tool(built_in: &BuiltIn) -> Tool {
    let annotations = match built_in.effect {
        Effect::Reads => ToolAnnotations::new().read_only(true),
        Effect::Changes => ToolAnnotations::new().destructive(false),
        Effect::Destroys => ToolAnnotations::new().destructive(true),
    };
    Tool::new(built_in.name, built_in.info, built_in.schema()).with_annotations(annotations)
}
