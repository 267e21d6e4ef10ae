//! What containers use up.

use std::time::Duration;

use bollard::models::ContainerStatsResponse;
use bollard::query_parameters::StatsOptionsBuilder;
use futures_util::StreamExt;

use super::Docker;
use super::error::is_missing;
use crate::backend::{BackendError, Usage};

impl Docker {
    pub(super) async fn usage_of(&self, id: &str) -> Result<Option<Usage>, BackendError> {
        let options = StatsOptionsBuilder::new().stream(false).one_shot(true).build();
        match self.client.stats(id, Some(options)).next().await {
            Some(Ok(stats)) => Ok(usage(&stats)),
            None => Ok(None),
            Some(Err(error)) if is_missing(&error) => Ok(None),
            Some(Err(error)) => Err(self.failed("ask what the container uses up", error)),
        }
    }
}

/// A container that does not run is said to use no memory at all.
fn usage(stats: &ContainerStatsResponse) -> Option<Usage> {
    let memory = stats.memory_stats.as_ref()?;
    let used = memory.usage?;
    // What the kernel gives back as soon as it is wanted: in version 2 of cgroups, in version 1.
    let kept = memory.stats.as_ref();
    let cache = kept.and_then(|kept| kept.get("inactive_file").or_else(|| kept.get("total_inactive_file")));
    let cpu = stats.cpu_stats.as_ref().and_then(|cpu| cpu.cpu_usage.as_ref()?.total_usage).unwrap_or(0);
    let networks = || stats.networks.iter().flat_map(|networks| networks.values());
    let io = stats.blkio_stats.as_ref().and_then(|io| io.io_service_bytes_recursive.as_deref());
    let io = |wanted: &str| {
        let of_kind = io
            .unwrap_or_default()
            .iter()
            .filter(|entry| entry.op.as_deref().is_some_and(|op| op.eq_ignore_ascii_case(wanted)));
        of_kind.filter_map(|entry| entry.value).sum()
    };
    Some(Usage {
        cpu: Duration::from_nanos(cpu),
        memory: used.saturating_sub(cache.copied().unwrap_or(0)),
        memory_limit: memory.limit,
        received: networks().filter_map(|network| network.rx_bytes).sum(),
        sent: networks().filter_map(|network| network.tx_bytes).sum(),
        read: io("read"),
        written: io("write"),
    })
}
