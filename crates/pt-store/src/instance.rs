//! Instances: one checkout of a project on this machine.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pt_model::{InstanceId, id_of_dir};
use rusqlite::named_params;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::value::timestamp;
use crate::{Scope, Store, StoreError, private};

/// A checkout of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The real path of the directory that holds its root polytope file.
    pub root: PathBuf,
    /// The project's name: the directory's, made an id.
    pub project: String,
    /// When it was last used, to the minute.
    pub used_ts: Timestamp,
    /// Whether it is a sandbox of agents beside the checkout.
    #[serde(default)]
    pub isolated: bool,
}

/// A sandbox of its own, as long as this lives: the kernel lets go of it however the process ends.
#[derive(Clone, Debug)]
pub struct Apart {
    /// What it runs as.
    pub instance: Instance,
    _lock: Arc<File>,
}

impl Store {
    /// The instance whose root polytope file lies in this directory, used now.
    pub fn instance(&self, root: &Path, at: Timestamp) -> Result<Instance, StoreError> {
        self.instance_in(Scope::LOCAL, root, at)
    }

    /// The same in a context: each has jobs, networks and volumes of its own.
    pub fn instance_in(&self, context: &str, root: &Path, at: Timestamp) -> Result<Instance, StoreError> {
        let root = fs::canonicalize(root).map_err(StoreError::file("find the project's directory", root))?;
        let mut what = root.as_os_str().as_bytes().to_vec();
        if context != Scope::LOCAL {
            what.push(0);
            what.extend_from_slice(context.as_bytes());
        }
        let (id, project) = (id_of(&what), id_of_dir(&root));
        self.note_instance(Instance { id, root, project, used_ts: at, isolated: false })
    }

    /// A sandbox beside this instance, of the same files: what runs in it has networks, volumes and job ids of its own.
    /// Each that lives is another one; who comes when one has ended takes over that, with the volumes that it left.
    pub fn instance_beside(&self, of: &Instance, at: Timestamp) -> Result<Apart, StoreError> {
        let dir = self.dir().join("runners");
        private::create_dir(&dir)?;
        let mut number = 1;
        loop {
            // Names in the backend begin with a piece of the id, so that it must differ from the beginning.
            let id = id_beside(of, number);
            let path = private::file_for(&dir, &format!("{id}-apart"), ".lock");
            let file = private::open_lock(&path)?;
            match file.try_lock() {
                Ok(()) => {
                    let instance =
                        self.note_instance(Instance { id, used_ts: at, isolated: true, ..of.clone() })?;
                    return Ok(Apart { instance, _lock: Arc::new(file) });
                }
                Err(TryLockError::WouldBlock) => number += 1,
                Err(TryLockError::Error(cause)) => return Err(StoreError::file("lock", &path)(cause)),
            }
        }
    }

    /// The sandboxes that there ever were beside this instance.
    pub fn instances_beside(&self, of: &Instance) -> Result<Vec<Instance>, StoreError> {
        let all = self.instances()?;
        let one = |id: &InstanceId| all.iter().find(|instance| instance.id == *id).cloned();
        Ok(ids_beside(of, &all).iter().filter_map(one).collect())
    }

    /// Commands come in quick succession: only the first of a minute writes, and waits for the disk.
    fn note_instance(&self, instance: Instance) -> Result<Instance, StoreError> {
        let Instance { id, root, project, used_ts, isolated: _ } = &instance;
        let minute_ago = *used_ts - SignedDuration::from_mins(1);
        self.database().write("note the use of a project", |tx| {
            tx.prepare_cached(
                "INSERT INTO instance (id, root, project, used_ts) VALUES (:id, :root, :project, :at)
                 ON CONFLICT DO UPDATE SET
                 root = excluded.root, project = excluded.project, used_ts = excluded.used_ts
                 WHERE root <> excluded.root OR used_ts NOT BETWEEN :minute_ago AND :at",
            )?
            .execute(named_params! {
                ":id": id.as_str(), ":root": root.to_string_lossy(), ":project": project, ":at": used_ts.to_string(),
                ":minute_ago": minute_ago.to_string(),
            })?;
            Ok(())
        })?;
        Ok(instance)
    }

    /// All instances, the last used first.
    pub fn instances(&self) -> Result<Vec<Instance>, StoreError> {
        let mut instances: Vec<Instance> = self.database().read("read the projects used", |tx| {
            tx.prepare_cached("SELECT id, root, project, used_ts FROM instance ORDER BY used_ts DESC, id")?
                .query_map([], |row| {
                    let (id, root): (String, String) = (row.get(0)?, row.get(1)?);
                    let (id, root) = (InstanceId::new(id), PathBuf::from(root));
                    let (project, used_ts) = (row.get(2)?, timestamp(row, 3)?);
                    Ok(Instance { id, root, project, used_ts, isolated: false })
                })?
                .collect()
        })?;
        let beside: HashSet<InstanceId> =
            instances.iter().flat_map(|of| ids_beside(of, &instances)).collect();
        instances.iter_mut().for_each(|instance| instance.isolated = beside.contains(&instance.id));
        Ok(instances)
    }
}

/// The id of the sandbox with this number beside an instance.
fn id_beside(of: &Instance, number: u32) -> InstanceId {
    let name = if number == 1 { "agents".to_owned() } else { format!("agents {number}") };
    id_of(format!("{} {name}", of.id).as_bytes())
}

/// The ids of those that there are beside an instance.
fn ids_beside(of: &Instance, all: &[Instance]) -> Vec<InstanceId> {
    let is_there = |id: &InstanceId| all.iter().any(|instance| instance.id == *id);
    (1..).map(|number| id_beside(of, number)).take_while(is_there).collect()
}

fn id_of(what: &[u8]) -> InstanceId {
    let hash = Sha256::digest(what);
    InstanceId::new(hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_name_is_its_directorys_made_an_id() {
        for (root, name) in [
            ("/home/me/My Shop (new)", "my-shop--new"),
            ("/srv/webapp_2", "webapp_2"),
            ("/", "project"),
            ("/x/日本", "project"),
        ] {
            assert_eq!(id_of_dir(Path::new(root)), name);
        }
    }
}
