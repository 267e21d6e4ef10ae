//! A language server for polytope files.
//!
//! [`serve`] speaks the Language Server Protocol over a connection until the editor takes its leave. The texts that are
//! open in the editor lie over the files on the disk ([`Surroundings::world`]), so what is said of a project is said of
//! what its author sees.
//!
//! One walk over a document says of each word what it is (`site`), a second step what it stands for (`subject`); hover,
//! definition, references and rename only ask. While somebody types, the document is wrong most of the time: completion
//! puts a mark where the cursor is and believes as little of what follows as it must (`typing`).
//!
//! It starts nothing and writes no file itself: "Run" is a command that the editor carries out.

mod complete;
mod declare;
mod diagnose;
mod docs;
mod hover;
mod keys;
mod locate;
mod mend;
mod mention;
mod names;
mod outline;
mod server;
mod shape;
mod site;
mod subject;
mod text;
mod typing;
mod workspace;

use std::path::{Path, PathBuf};

use pt_plan::Named;
use pt_spec::World;

pub use lsp_server::Connection;
pub use server::{ServeError, serve, serve_stdio};

/// What surrounds the editor's texts.
pub trait Surroundings {
    /// The files on the disk, for the project whose root file lies in `dir`. Other repositories must not be fetched:
    /// their names are being typed.
    fn world(&self, dir: &Path) -> Box<dyn World + '_>;

    /// The values and secrets of the project whose root file lies in `dir`.
    fn named(&self, dir: &Path) -> Box<dyn Named + Sync + '_>;

    /// The home directory of who types.
    fn home(&self) -> Option<PathBuf>;

    /// The names of its values.
    fn values(&self, dir: &Path) -> Vec<String>;

    /// A file to show the text of a standard module in, named like it, or of a file of another repository.
    fn standard_file(&self, name: &str, text: &str) -> Option<PathBuf>;

    /// The names in a directory, those of directories with `/` at their end.
    fn names_in(&self, dir: &Path) -> Vec<String>;

    /// The names of its secrets.
    fn secrets(&self, dir: &Path) -> Vec<String>;
}
