//! Which of the GPUs that are here `NVIDIA_VISIBLE_DEVICES` means.

use thiserror::Error;

use crate::{DeviceEntry, Gpu, GpuUuid, GpuUuidStart, MigUuid, VisibleDevices};

/// The GPUs that a value of `NVIDIA_VISIBLE_DEVICES` means among those that can be seen.
///
/// The variable counts the GPUs of the *host*, and it stays set inside the container, where NVML counts those that
/// were let in from 0: with `3`, the container's only GPU has index 0. So an index is never looked up in the
/// container's own count. Where as many GPUs can be seen as are listed, they are those of the list. Where not, the
/// minor number decides, which a container keeps.
///
/// ```
/// use cosmos_nvidia_driver::{Gpu, Selection};
/// let mut only = Gpu::at("0000:af:00.0".parse()?);
/// only.index = Some(0);
/// only.minor = Some(3);
/// let gpus = [only];
/// let selection = Selection::of(&"3".parse()?, &gpus)?;
/// assert_eq!(selection.gpus, [&gpus[0]]);
/// assert_eq!(selection.for_display()?.unwrap().address.xorg(), "PCI:175@0:0:0");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection<'a> {
    /// The GPUs, each once. They stand in the order of the list; where only the list as a
    /// whole could be told, in that of the bus.
    pub gpus: Vec<&'a Gpu>,
    /// The entries that are slices of GPUs. The GPUs of those that tell it are among [`gpus`](Self::gpus).
    pub mig: Vec<DeviceEntry>,
    /// What was guessed.
    pub guesses: Vec<Guess>,
}

impl<'a> Selection<'a> {
    /// The GPUs that are meant, out of those that this process can use.
    ///
    /// Where nothing was asked for (`void`, `none`, not set, a list given by mounts) it is all that are there, and no
    /// GPU at all is a normal answer.
    ///
    /// # Errors
    /// [`SelectionError::NotVisible`] where a GPU is named that is not among them, and
    /// [`SelectionError::Ambiguous`] where the start of a UUID is that of several.
    pub fn of(devices: &VisibleDevices, visible: &'a [Gpu]) -> Result<Self, SelectionError> {
        let VisibleDevices::List(entries) = devices else {
            return Ok(Self { gpus: visible.iter().collect(), mig: Vec::new(), guesses: Vec::new() });
        };
        let mut selection = Self { gpus: Vec::new(), mig: Vec::new(), guesses: Vec::new() };
        let renumbered = is_the_whole_list(entries, visible);
        for entry in entries {
            selection.add(entry, visible, renumbered)?;
        }
        Ok(selection)
    }

    /// The GPU for an X screen: the first. `None` where there is no GPU.
    ///
    /// # Errors
    /// [`SelectionError::Mig`] where the first GPU is a slice, or cut into slices.
    pub fn for_display(&self) -> Result<Option<&'a Gpu>, SelectionError> {
        if let Some(entry) = self.mig.first() {
            return Err(SelectionError::Mig { entry: entry.to_string() });
        }
        match self.gpus.first() {
            Some(gpu) if gpu.mig == Some(true) => Err(SelectionError::Mig { entry: gpu.address.to_string() }),
            first => Ok(first.copied()),
        }
    }

    fn add(
        &mut self,
        entry: &DeviceEntry,
        visible: &'a [Gpu],
        renumbered: bool,
    ) -> Result<(), SelectionError> {
        let missing = || SelectionError::NotVisible { entry: entry.to_string(), visible: visible.len() };
        match entry {
            DeviceEntry::Index(_) | DeviceEntry::MigIndex { .. } if renumbered => self.take(visible),
            DeviceEntry::Index(index) => self.add_index(*index, visible).ok_or_else(missing)?,
            DeviceEntry::MigIndex { gpu, .. } => self.add_index(*gpu, visible).ok_or_else(missing)?,
            DeviceEntry::Uuid(uuid) => self.take([with_uuid(visible, *uuid).ok_or_else(missing)?]),
            DeviceEntry::UuidStart(start) => {
                self.take([with_start(visible, *start)?.ok_or_else(missing)?]);
            }
            DeviceEntry::Mig(MigUuid::Of { gpu, .. }) => {
                self.take([with_uuid(visible, *gpu).ok_or_else(missing)?]);
            }
            DeviceEntry::Pci(address) => {
                self.take([visible.iter().find(|gpu| gpu.address == *address).ok_or_else(missing)?]);
            }
            DeviceEntry::Mig(MigUuid::Own(_)) | DeviceEntry::Cdi(_) => self.take(visible),
        }
        if entry.is_mig() {
            self.mig.push(entry.clone());
        }
        Ok(())
    }

    /// The GPU with this index on the host, told by its minor number; else a guess. `None` where there is no GPU.
    fn add_index(&mut self, index: u32, visible: &'a [Gpu]) -> Option<()> {
        if let Some(gpu) = visible.iter().find(|gpu| gpu.minor == Some(index)) {
            self.take([gpu]);
            return Some(());
        }
        self.take([visible.first()?]);
        self.guesses.push(Guess { index, visible: visible.len() });
        Some(())
    }

    fn take(&mut self, gpus: impl IntoIterator<Item = &'a Gpu>) {
        for gpu in gpus {
            if !self.gpus.iter().any(|known| known.address == gpu.address) {
                self.gpus.push(gpu);
            }
        }
    }
}

/// An index that no GPU could be found for, so that the first one was taken. The text does not tell where the list
/// comes from: its caller knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "GPU {index} of the host is named, and none of the {visible} visible here has that number: the first was taken; \
     name GPUs by UUID to be exact"
)]
pub struct Guess {
    /// The index in the list.
    pub index: u32,
    /// How many GPUs can be seen.
    pub visible: usize,
}

/// Why no GPU could be chosen. The texts do not tell where the list comes from: their caller knows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// A GPU is named that cannot be seen from here.
    #[error("{entry} is not among the {visible} GPUs visible here")]
    NotVisible {
        /// The entry.
        entry: String,
        /// How many GPUs can be seen.
        visible: usize,
    },
    /// The start of a UUID is that of more than one GPU.
    #[error("{entry} is the start of the UUIDs of {matching} GPUs: name more digits")]
    Ambiguous {
        /// The entry.
        entry: String,
        /// How many GPUs have such a UUID.
        matching: usize,
    },
    /// Slices of GPUs have no display and no graphics.
    #[error(
        "{entry} is a MIG slice or cut into them: these run CUDA only, no X screen and no graphics; name a whole GPU"
    )]
    Mig {
        /// The entry, or the address of the GPU.
        entry: String,
    },
}

/// Whether the GPUs that can be seen are just those that indexes name, each counted once.
fn is_the_whole_list(entries: &[DeviceEntry], visible: &[Gpu]) -> bool {
    let mut hosts: Vec<u32> = Vec::new();
    for entry in entries {
        match entry {
            DeviceEntry::Index(index) | DeviceEntry::MigIndex { gpu: index, .. } => hosts.push(*index),
            _ => return false,
        }
    }
    hosts.sort_unstable();
    hosts.dedup();
    hosts.len() == visible.len()
}

fn with_uuid(visible: &[Gpu], uuid: GpuUuid) -> Option<&Gpu> {
    visible.iter().find(|gpu| gpu.uuid == Some(uuid))
}

/// The only GPU whose UUID begins so.
fn with_start(visible: &[Gpu], start: GpuUuidStart) -> Result<Option<&Gpu>, SelectionError> {
    let begins = |gpu: &&Gpu| gpu.uuid.is_some_and(|uuid| start.begins(uuid));
    let matching: Vec<&Gpu> = visible.iter().filter(begins).collect();
    match matching[..] {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(SelectionError::Ambiguous { entry: start.to_string(), matching: matching.len() }),
    }
}

#[cfg(test)]
mod tests;
