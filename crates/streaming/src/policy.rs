//! What the server lets pages do, whoever they are.

use serde::Serialize;

/// What pages may do. Each has its right by its role besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Policy {
    /// Change the size of the screen.
    pub resize: bool,
    /// Be told the shape of the desktop's pointer; they show their own otherwise.
    pub cursors: bool,
    /// Give texts to the desktop's clipboard.
    pub clipboard_in: bool,
    /// Get the texts of the desktop's clipboard.
    pub clipboard_out: bool,
}

impl Default for Policy {
    /// Everything.
    fn default() -> Self {
        Self { resize: true, cursors: true, clipboard_in: true, clipboard_out: true }
    }
}
