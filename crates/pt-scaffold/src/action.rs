//! What is to be copied where.

use pt_model::Data;

/// What one scaffold action asks for, apart from the template itself.
#[derive(Clone, Debug, Default)]
pub struct Action {
    /// Where the files go, from the root of the project. The last part is the name of what is made.
    pub path: String,
    /// What happens to files that are there already.
    pub on_conflict: Conflict,
    /// Steps that tools of the root file get.
    pub add_to_tools: Vec<ToolStep>,
    /// Whether the root file is to include the polytope file that the template brings.
    pub auto_include: bool,
    /// Files of the result that are shown; without, its README.
    pub print_files: Option<Vec<String>>,
    /// Whether the tree of the result is shown.
    pub print_tree: bool,
    /// What paths of the template lose at their beginning.
    pub strip_path_prefix: Option<String>,
    /// What stands for words in double braces; none: nothing is filled in.
    pub values: Option<Vec<(String, String)>>,
    /// Names at the top of the template that are left out; one that ends with `*` means all that begin so.
    pub leave_out: Vec<String>,
    /// Whether there must be nothing yet where the files go.
    pub must_be_new: bool,
}

/// What happens to files that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflict {
    /// Nothing is written at all.
    #[default]
    Fail,
    /// They stay.
    Skip,
    /// They are replaced.
    Overwrite,
}

/// A step that a tool of the root file gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolStep {
    /// The tool.
    pub tool: String,
    /// What its new step calls.
    pub call: String,
}

impl Action {
    /// Reads an action as `polytope/scaffold` takes it; what its types have checked is not checked again.
    ///
    /// # Errors
    /// Says what is missing or cannot be.
    pub fn read(data: &Data) -> Result<Self, String> {
        let text = |key: &str| data.get(key).as_str().map(str::to_owned);
        let flag = |key: &str, usual: bool| if let Data::Bool(flag) = data.get(key) { *flag } else { usual };
        let texts = |key: &str| -> Option<Vec<String>> {
            let list = data.get(key).as_list()?;
            Some(list.iter().filter_map(Data::as_str).map(str::to_owned).collect())
        };
        let path = text("path").filter(|path| !path.trim_matches('/').is_empty());
        let path = path.ok_or("`path` is missing: where the files go, from the root of the project")?;
        let on_conflict = match text("on-conflict").or_else(|| text("on-exists")).as_deref() {
            None | Some("fail") => Conflict::Fail,
            Some("skip") => Conflict::Skip,
            Some("overwrite") => Conflict::Overwrite,
            Some(other) => return Err(format!("on-conflict: must be fail, skip or overwrite (got {other})")),
        };
        let steps = data.get("add-to-tools").as_list().unwrap_or_default();
        let add_to_tools = steps
            .iter()
            .filter_map(|step| {
                let (tool, call) = (step.get("tool").as_str()?, step.get("call").as_str()?);
                Some(ToolStep { tool: tool.to_owned(), call: call.to_owned() })
            })
            .collect();
        // Secrets do not become part of files: they show as what they are.
        let values = data.get("template-values").as_map();
        let values = values
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.to_string(), value.to_text().masked()))
            .collect();
        Ok(Self {
            path,
            on_conflict,
            add_to_tools,
            auto_include: flag("auto-include", true),
            print_files: texts("print-files"),
            print_tree: flag("print-tree", true),
            strip_path_prefix: text("strip-path-prefix"),
            values: flag("fill", true).then_some(values),
            leave_out: texts("leave-out").unwrap_or_default(),
            must_be_new: flag("must-be-new", false),
        })
    }

    /// The name of what is made: the last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }

    pub(crate) fn leaves_out(&self, path: &str) -> bool {
        let top = path.split('/').next().unwrap_or(path);
        self.leave_out.iter().any(|name| match name.strip_suffix('*') {
            Some(beginning) => top.starts_with(beginning),
            None => top == name,
        })
    }
}
