//! Whole configurations for machines without a screen.

use std::fmt;

use thiserror::Error;

use crate::bus_id::BusId;
use crate::conf::Document;
use crate::modeline::Modeline;

mod compat;
mod dummy;
mod nvidia;

pub use dummy::SoftwareDummy;
pub use nvidia::{Compat, HeadlessNvidia, NvidiaGpu, NvidiaHead};

/// What a recipe makes: the file, and what people should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The file.
    pub document: Document,
    /// What was changed, or set in a way that may surprise, and why.
    pub notes: Vec<Note>,
}

/// A setting that was changed or that may surprise.
///
/// ```
/// use cosmos_xorg_config::SoftwareDummy;
/// let notes = SoftwareDummy::for_size(1920, 1080)?.prepare()?.notes;
/// assert!(notes.iter().any(|note| note.setting == "ReducedBlanking"));
/// # Ok::<(), cosmos_xorg_config::RecipeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The keyword or the option.
    pub setting: &'static str,
    /// What it was set to.
    pub value: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.setting, self.value, self.reason)
    }
}

/// Why no file can be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecipeError {
    /// A depth that no driver has.
    #[error("depth {given}: expected {accepted}")]
    Depth {
        /// What was given.
        given: u8,
        /// What there is.
        accepted: &'static str,
    },
    /// A desktop that X cannot hold.
    #[error("size {width}x{height}: expected 1 to {} in both directions", MAX_SIDE)]
    Size {
        /// Pixels.
        width: u32,
        /// Lines.
        height: u32,
    },
    /// No board, or a board without a mode.
    #[error("there is no {missing}; expected one at least")]
    Missing {
        /// `gpu` or `head`.
        missing: &'static str,
    },
    /// A board has more modes than outputs, or is asked for twice.
    #[error("gpu {gpu}: {heads} modes for {ports} outputs; expected one for each output, or one for all")]
    Heads {
        /// The board.
        gpu: BusId,
        /// How many modes there are.
        heads: usize,
        /// How many outputs there are.
        ports: usize,
    },
    /// Two descriptions of one board.
    #[error("gpu {gpu} stands twice; expected all its outputs together")]
    Twice {
        /// The board.
        gpu: BusId,
    },
    /// A path that the `CustomEDID` option cannot hold.
    #[error("EDID file {path:?}: expected an absolute path without quotes, semicolons and line ends")]
    EdidPath {
        /// The path.
        path: String,
    },
    /// The scripts know one board with one mode.
    #[error(
        "{compat:?} makes files for one board, one mode and depths 8 to 30 only; expected no more, and no EDID"
    )]
    Compat {
        /// The script.
        compat: Compat,
    },
}

fn check_depth(given: u8) -> Result<(), RecipeError> {
    match [8, 15, 16, 24, 30].contains(&given) {
        true => Ok(()),
        false => Err(RecipeError::Depth { given, accepted: "8, 15, 16, 24 or 30" }),
    }
}

/// The desktop that holds both what was asked for and the mode, and a note where these differ.
fn desktop(asked: [u32; 2], mode: &Modeline, notes: &mut Vec<Note>) -> Result<[u32; 2], RecipeError> {
    let timing = mode.timing();
    let shown = [timing.horizontal.active, timing.vertical.active];
    let size = [asked[0].max(shown[0]), asked[1].max(shown[1])];
    check_size(size)?;
    if size != asked {
        notes.push(Note {
            setting: "Virtual",
            value: format!("{} {}", size[0], size[1]),
            reason: format!(
                "{}x{} was asked for, but mode {:?} shows {}x{}, and a server refuses a mode larger than its desktop",
                asked[0],
                asked[1],
                mode.name(),
                shown[0],
                shown[1],
            ),
        });
    }
    Ok(size)
}

fn check_size([width, height]: [u32; 2]) -> Result<(), RecipeError> {
    match (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) {
        true => Ok(()),
        false => Err(RecipeError::Size { width, height }),
    }
}

/// Coordinates of X are 16 bits with a sign.
const MAX_SIDE: u32 = 32_767;
