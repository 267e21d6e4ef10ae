//! What all parts of one job share.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::engine::{Engine, Notice, Options};
use crate::mask::Mask;
use crate::name::Names;

/// What the dispatcher of a job, its steps and its containers share. Nothing of it changes but the counters.
pub(crate) struct JobContext {
    pub(crate) engine: Engine,
    pub(crate) options: Options,
    pub(crate) names: Names,
    pub(crate) mask: Mask,
    pub(crate) runtime: Handle,
    /// Closed with the dispatcher, though code may be left that has not heard of the end.
    pub(crate) notices: mpsc::WeakUnboundedSender<Notice>,
    /// How many volumes without a name there have been.
    pub(crate) anonymous_volumes: AtomicU32,
    /// The versions of datasets that were read, as `id@version`.
    pub(crate) datasets_read: Mutex<BTreeSet<String>>,
}

/// A handle.
pub(crate) type Context = Arc<JobContext>;
