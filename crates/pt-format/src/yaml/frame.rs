//! What is open while a text is walked.

/// An open collection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Frame {
    /// A list of dashes.
    List(Block),
    /// A map of lines.
    Map {
        /// Where it stands.
        block: Block,
        /// Whether the next node is a value.
        value: bool,
    },
    /// `[…]`
    FlowList {
        /// How its lines are indented.
        flow: Flow,
        /// Whether it has no item yet.
        first: bool,
    },
    /// `{…}`
    FlowMap {
        /// How its lines are indented.
        flow: Flow,
        /// Whether it has no entry yet.
        first: bool,
        /// Whether the next node is a value.
        value: bool,
    },
    /// The pair in `[a: b]`.
    Pair {
        /// How its lines are indented.
        flow: Flow,
        /// Whether the next node is the value.
        value: bool,
    },
}

/// The column of a collection without brackets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    /// In the text as given.
    pub(super) was: usize,
    /// In the text as it comes out.
    pub(super) is: usize,
}

/// Columns of lines inside brackets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flow {
    /// Of items.
    pub(super) items: usize,
    /// Of the closing bracket.
    pub(super) close: usize,
}

impl Frame {
    /// The column, if this is no bracket.
    pub(super) fn block(&self) -> Option<Block> {
        match self {
            Self::List(block) | Self::Map { block, .. } => Some(*block),
            Self::FlowList { .. } | Self::FlowMap { .. } | Self::Pair { .. } => None,
        }
    }

    /// The column of a part of this that begins on a line of its own.
    pub(super) fn part(&self) -> usize {
        match self {
            Self::List(block) | Self::Map { block, value: true } => block.is + 2,
            Self::Map { block, value: false } => block.is,
            Self::FlowList { flow, .. } | Self::FlowMap { flow, .. } | Self::Pair { flow, .. } => flow.items,
        }
    }

    /// Whether it stands in brackets.
    pub(super) fn is_flow(&self) -> bool {
        self.block().is_none()
    }
}
