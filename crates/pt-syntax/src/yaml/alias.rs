//! Anchors and what their aliases cost.

use std::collections::HashMap;

use crate::Node;

/// How much text and how many nodes anchors and aliases may copy, in bytes. Nine lines of nested aliases can stand for
/// billions of nodes.
const BUDGET: usize = 64 << 20;

/// What a node counts beside its text.
const NODE: usize = 64;

/// How large a subtree is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// Roughly the bytes of a copy.
    pub(super) bytes: usize,
    /// Levels, one for a scalar.
    pub(super) depth: usize,
}

impl Size {
    /// A scalar.
    pub(super) fn scalar(text: &str) -> Self {
        Self { bytes: NODE + text.len(), depth: 1 }
    }

    /// A collection before its children.
    pub(super) fn collection() -> Self {
        Self { bytes: NODE, depth: 1 }
    }

    /// Takes a child in.
    pub(super) fn add(&mut self, child: Self) {
        self.bytes = self.bytes.saturating_add(child.bytes);
        self.depth = self.depth.max(child.depth + 1);
    }
}

/// The values behind the anchors of a text.
#[derive(Debug)]
pub(super) struct Anchors {
    values: HashMap<usize, (Node, Size)>,
    left: usize,
}

/// Copying would exceed what aliases may cost.
#[derive(Debug)]
pub(super) struct TooMuch;

impl Default for Anchors {
    fn default() -> Self {
        Self { values: HashMap::new(), left: BUDGET }
    }
}

impl Anchors {
    /// Whether no anchor has been defined.
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Keeps the value of an anchor.
    pub(super) fn define(&mut self, anchor: usize, node: &Node, size: Size) -> Result<(), TooMuch> {
        self.pay(size)?;
        self.values.insert(anchor, (node.clone(), size));
        Ok(())
    }

    /// A copy of the value of an anchor; `None` inside the anchored value itself.
    pub(super) fn copy(&mut self, anchor: usize) -> Result<Option<(Node, Size)>, TooMuch> {
        let Some(size) = self.size(anchor) else { return Ok(None) };
        self.pay(size)?;
        Ok(self.values.get(&anchor).cloned())
    }

    /// How large the value of an anchor is.
    pub(super) fn size(&self, anchor: usize) -> Option<Size> {
        self.values.get(&anchor).map(|(_, size)| *size)
    }

    fn pay(&mut self, size: Size) -> Result<(), TooMuch> {
        self.left = self.left.checked_sub(size.bytes).ok_or(TooMuch)?;
        Ok(())
    }
}
