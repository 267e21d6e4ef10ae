//! What a command writes, as anyone may see it.

use std::io::{self, Write};

use pt_model::Masker;

/// Passes bytes on as they come, but for the secrets in them: only what may be the beginning of one waits for more.
pub(super) struct Masked<'m> {
    masker: &'m Masker,
    held: Vec<u8>,
}

impl<'m> Masked<'m> {
    pub(super) fn new(masker: &'m Masker) -> Self {
        Self { masker, held: Vec::new() }
    }

    /// Shows what came.
    pub(super) fn show(&mut self, bytes: &[u8], to: &mut dyn Write) -> io::Result<()> {
        if self.masker.is_empty() {
            to.write_all(bytes)?;
            return to.flush();
        }
        self.held.extend_from_slice(bytes);
        let rest = self.held.split_off(self.masker.place_to_wait(&self.held));
        self.finish(to)?;
        self.held = rest;
        Ok(())
    }

    /// Shows what waited for more.
    pub(super) fn finish(&mut self, to: &mut dyn Write) -> io::Result<()> {
        to.write_all(&self.masker.mask_bytes(&std::mem::take(&mut self.held)))?;
        to.flush()
    }
}
