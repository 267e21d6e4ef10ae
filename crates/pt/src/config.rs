//! The config file: which contexts there are, and which one is current.

use std::env;
use std::path::PathBuf;

use pt_model::Data;
use pt_syntax::suggest;

use crate::cli::GlobalArgs;
use crate::failure::Failure;
use crate::output;

/// The context that is always there.
pub(crate) const LOCAL: &str = "local";

/// What the config file says; without one, the defaults.
#[derive(Debug)]
pub(crate) struct Config {
    path: PathBuf,
    current_context: String,
    contexts: Vec<String>,
    /// The port that `mcp: {port: …}` names.
    pub(crate) mcp_port: Option<u16>,
}

impl Config {
    /// Reads the file. Only one that was named must be there.
    pub(crate) fn read(global: &GlobalArgs) -> Result<Self, Failure> {
        let path = global
            .config_file
            .clone()
            .unwrap_or_else(|| path_in("XDG_CONFIG_HOME", ".config", "config.yaml"));
        let wanted = global.config_file.is_some() || path.exists();
        let data = if wanted { output::read_file(&path)? } else { Data::Null };
        let contexts =
            data.get("contexts").as_map().into_iter().flat_map(|contexts| contexts.keys().cloned());
        let current_context = data.get("current-context").as_str().unwrap_or(LOCAL).to_owned();
        let contexts = [LOCAL.to_owned()].into_iter().chain(contexts).collect();
        let mcp_port = data.get("mcp").get("port");
        let no_port = || Failure::usage(format!("{}: mcp.port: {mcp_port} is no port.", path.display()));
        let port = mcp_port.to_text().masked().parse().map_err(|_| no_port());
        let mcp_port = if mcp_port.is_null() { None } else { Some(port?) };
        Ok(Self { path, current_context, contexts, mcp_port })
    }

    /// The context that was asked for, or the current one.
    pub(crate) fn context(&self, wanted: Option<&str>) -> Result<String, Failure> {
        let name = wanted.unwrap_or(&self.current_context);
        if self.contexts.iter().any(|context| context == name) {
            return Ok(name.to_owned());
        }
        let near = suggest(name, self.contexts.iter().map(String::as_str));
        let near = near.map(|near| format!("Did you mean '{near}'? ")).unwrap_or_default();
        let hint = format!("{near}Contexts are listed in {}, under `contexts`.", self.path.display());
        Err(Failure::usage(format!("There is no context '{name}'.")).hint(hint))
    }
}

/// A file of ours below the directory that the variable names, or below this one at home.
pub(crate) fn path_in(variable: &str, below_home: &str, file: &str) -> PathBuf {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set(variable).or_else(|| Some(set("HOME")?.join(below_home)));
    base.unwrap_or_default().join("polytope").join(file)
}
