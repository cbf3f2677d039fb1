//! How the GPU of a machine is used: facts, a plan that is a function of them, and what the plan needs.
//!
//! There are three ways, best first: an X server on the GPU; a software X server whose programs draw on the GPU; and
//! all of it on the processor. Each that is not taken has its reasons, which go wherever the mode is shown.

mod arrange;
mod facts;
mod mode;
mod places;
mod plan;
mod reason;
mod rendering;
mod report;
mod screen;
mod userspace;

pub(crate) use arrange::with_sources;
pub use arrange::{Arrangement, System, arrange};
pub use facts::Facts;
pub use mode::Mode;
pub use plan::{Plan, Refusal, plan};
pub use reason::Reason;
pub use rendering::{BadAnswer, Drawn, Rendering};
pub use report::GraphicsReport;
pub use screen::Screen;
pub(crate) use userspace::LIBRARY_PATH;
pub use userspace::Userspace;

use std::path::PathBuf;

use cosmos_desktop::Size;
use cosmos_nvidia_driver::VisibleDevices;
use cosmos_xorg_config::{RefreshRate, VideoPorts};

/// What is wanted of the GPU.
#[derive(Clone, Debug)]
pub struct Graphics {
    /// Whether the GPU may be used at all.
    pub wanted: Wanted,
    /// Which GPU, by index, UUID or PCI address; anything but a list means the first that this process may use.
    pub gpu: VisibleDevices,
    /// What it was named by, as `--gpu`, for people.
    pub named_by: String,
    /// The outputs of the GPU that count as connected; `None` takes the first, or a DisplayPort where the mode is
    /// too fast for it.
    pub ports: Option<VideoPorts>,
    /// Pictures per second; `None` takes 60.
    pub refresh: Option<RefreshRate>,
    /// A directory that all containers of this machine share, in which X servers mark their GPUs. `None` takes
    /// `/run/lock/cosmos-gpu`, and where that cannot be used a directory that only this container sees.
    pub leases: Option<PathBuf>,
    /// Where NVIDIA's `.run` files lie and drivers are installed from them, with names as
    /// `NVIDIA-Linux-x86_64-580.95.05.run`. `None` installs nothing.
    pub drivers: Option<PathBuf>,
    /// The folder that stands for `/` where the driver and its GPUs are looked for.
    pub root: PathBuf,
    /// `cosmos-probe`, which sees what programs draw on. Without it nothing is drawn on the GPU in a software X
    /// server.
    pub probe: Option<PathBuf>,
}

/// What is wanted of the GPU for a screen of this size.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The settings.
    pub graphics: &'a Graphics,
    /// The size of the screen in pixels.
    pub size: Size,
}

/// Whether the GPU may or must be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// As well as it goes.
    #[default]
    Best,
    /// Not at all.
    Software,
    /// There is no desktop without it.
    Required,
}

impl Default for Graphics {
    fn default() -> Self {
        Self {
            wanted: Wanted::Best,
            gpu: VisibleDevices::Void,
            named_by: "the list of GPUs".to_owned(),
            ports: None,
            refresh: None,
            leases: None,
            drivers: None,
            root: PathBuf::from("/"),
            probe: None,
        }
    }
}

#[cfg(test)]
mod tests;
