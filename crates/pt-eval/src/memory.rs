//! How much memory the current thread has taken.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::sync::LazyLock;

/// Tells what the thread that made it has taken since, as far as the process has grown by it.
///
/// Both are read from the kernel: for threads it counts the pages they touched first, for the process the pages it holds.
/// What one thread takes and frees does not make the process grow, and what others take, it did not touch: so the smaller
/// of the two says what it holds. Without `/proc` that is always nothing.
#[derive(Debug)]
pub(crate) struct Meter {
    stat: Option<File>,
    begun: Stat,
}

impl Meter {
    /// A meter of the current thread.
    pub(crate) fn start() -> Self {
        let stat = File::open("/proc/thread-self/stat").ok();
        let begun = stat.as_ref().and_then(Stat::read).unwrap_or_default();
        Self { stat, begun }
    }

    /// Bytes taken so far. Costs some microseconds.
    pub(crate) fn taken(&self) -> usize {
        let Some(now) = self.stat.as_ref().and_then(Stat::read) else { return 0 };
        let touched = now.faults.saturating_sub(self.begun.faults).saturating_mul(*FAULT);
        let grown = now.pages.saturating_sub(self.begun.pages).saturating_mul(PAGE);
        touched.min(grown)
    }
}

/// Bytes of a page. Where pages are larger, less is told than was taken.
const PAGE: usize = 4 << 10;

/// Bytes that the first touch of a page may bring.
static FAULT: LazyLock<usize> = LazyLock::new(|| {
    let huge = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    if huge.is_ok_and(|huge| huge.contains("[always]")) { 2 << 20 } else { PAGE }
});

/// What the kernel counts.
#[derive(Clone, Copy, Debug, Default)]
struct Stat {
    /// Pages that the thread touched first.
    faults: usize,
    /// Pages that the process holds.
    pages: usize,
}

impl Stat {
    fn read(file: &File) -> Option<Self> {
        let mut text = [0; 1024];
        let length = file.read_at(&mut text, 0).ok()?;
        let text = String::from_utf8_lossy(&text[..length]);
        // The second field is a name in parentheses that may hold anything; `man 5 proc` counts from 1.
        let fields: Vec<&str> = text[text.rfind(')')?..].split_whitespace().collect();
        let number = |field: usize| fields.get(field - 2)?.parse().ok();
        Some(Self { faults: number(10)?, pages: number(24)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_counts() {
        let meter = Meter::start();
        let held = vec![1_u8; 32 << 20];
        let taken = meter.taken();
        assert!(taken >= 30 << 20, "{taken}");
        assert!(
            std::thread::scope(|threads| threads.spawn(|| Meter::start().taken()).join().unwrap()) < 8 << 20
        );
        drop(held);
    }
}
