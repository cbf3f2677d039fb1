//! Which X server drives a GPU: one lease for each GPU, in a directory that the containers of a machine share.
//!
//! A lease is a lock of the kernel on an open file, as `flock(2)` makes it. It holds across containers, whatever they
//! call the directory and however they number their processes, and it ends with its holder, however that ends. The
//! text in the file only tells who the holder is: it never decides, so what a killed holder left there is no harm.
//! The file is named by the PCI address, which all containers of a machine see alike. The UUID would not do: the
//! kernel module does not tell it before the GPU was used for the first time.
//! The directory must be on a file system of this machine's own.

mod folder;
mod holder;
mod sharing;

use std::{
    fs::{self, File, Permissions},
    io::{self, ErrorKind, Read, Seek, SeekFrom, Write},
    os::{
        fd::OwnedFd,
        unix::fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use cosmos_nvidia_driver::PciAddress;
use rustix::fs::{FlockOperation, flock};

use folder::Folder;
pub use holder::Holder;
pub(crate) use sharing::is_private;

/// The right to run an X server on a GPU; given back when dropped and by every process that it was
/// [shared](Self::share) with, or when these end.
#[derive(Debug)]
pub struct Lease {
    file: File,
    path: PathBuf,
}

/// Why a GPU cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// An X server drives it.
    #[error("GPU {gpu} is driven by another X server: {}", told(holder.as_deref()))]
    Held {
        /// Where the GPU is.
        gpu: PciAddress,
        /// Who has it; unknown where the holder had not written it yet.
        holder: Option<Box<Holder>>,
        /// The file that is locked.
        path: PathBuf,
    },
    /// The directory is not there.
    #[error(
        "the directory of leases {} is not there: make it with mode 1777 on the host, and mount it in each container",
        directory.display()
    )]
    Missing {
        /// The directory.
        directory: PathBuf,
    },
    /// Others could take leases away.
    #[error(
        "the directory of leases {} {why}: name one that belongs to root and has mode 1777, by a path that is no link",
        directory.display()
    )]
    Unsafe {
        /// The directory.
        directory: PathBuf,
        /// What is wrong with it, to be read after its path.
        why: String,
    },
    /// The directory cannot be written to at all.
    #[error("the directory of leases {} is mounted read-only: mount it writable", directory.display())]
    ReadOnly {
        /// The directory.
        directory: PathBuf,
    },
    /// This user may not write there.
    #[error(
        "user {user} may not write {}: give the directory of leases mode 1777, and the files in it mode 666",
        path.display()
    )]
    Denied {
        /// The file.
        path: PathBuf,
        /// The number of the user.
        user: u32,
    },
    /// Something else is in the file's place.
    #[error("{} is no plain file of one name: remove it", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The system refused something.
    #[error("cannot lock {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Lease {
    /// Takes the lease of the GPU at this address, or gives up at once.
    ///
    /// # Errors
    /// [`LeaseError::Held`] where somebody has it; else what is wrong with the directory.
    pub fn take(directory: &Path, gpu: PciAddress, holder: &Holder) -> Result<Self, LeaseError> {
        let name = format!("{gpu}.lease");
        let (folder, path) = (Folder::open(directory)?, directory.join(&name));
        for _ in 0..TRIES {
            let mut file = folder.file(&name)?;
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if folder.has(&name, &file) => {
                    holder.write(&mut file).map_err(failed(&path))?;
                    return Ok(Self { file, path });
                }
                // Somebody removed the file after it was opened: whoever comes next would lock another one.
                Ok(()) => {}
                Err(rustix::io::Errno::WOULDBLOCK) => return Err(held(gpu, &mut file, path)),
                Err(error) => return Err(failed(&path)(error.into())),
            }
        }
        Err(failed(&path)(ErrorKind::Interrupted.into()))
    }

    /// A descriptor for the process that uses the GPU: the lease lasts as long as any process has one of it.
    ///
    /// # Errors
    /// What the system says when there are no more descriptors.
    pub fn share(&self) -> io::Result<OwnedFd> {
        Ok(self.file.try_clone()?.into())
    }

    /// The file that is locked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a directory for leases in which every user may make files and nobody may remove those of others. One
    /// that is there stays as it is.
    ///
    /// # Errors
    /// What the file system says.
    pub fn make_directory(directory: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(directory) {
            // The mask of the process would take rights away.
            Ok(()) => fs::set_permissions(directory, Permissions::from_mode(0o1777)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The file stays: were it removed, two processes could lock two files of one name.
        let _ = self.file.set_len(0);
    }
}

fn held(gpu: PciAddress, file: &mut File, path: PathBuf) -> LeaseError {
    let holder = holder_of(file).map(Box::new);
    LeaseError::Held { gpu, holder, path }
}

/// The holder's facts. It writes them right after it took the lock, so a reader may come too early.
fn holder_of(file: &mut File) -> Option<Holder> {
    for _ in 0..TRIES {
        let mut bytes = Vec::new();
        let read =
            file.seek(SeekFrom::Start(0)).and_then(|_| (&*file).take(MOST_BYTES).read_to_end(&mut bytes));
        if let Some(holder) = read.ok().and_then(|_| Holder::read(&bytes)) {
            return Some(holder);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

fn told(holder: Option<&Holder>) -> String {
    holder.map_or_else(|| "it has not said who it is yet".to_owned(), ToString::to_string)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> LeaseError + use<> {
    let path = path.to_owned();
    move |source| LeaseError::Io { path, source }
}

impl Holder {
    fn write(&self, file: &mut File) -> io::Result<()> {
        let text = self.to_json();
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(text.as_bytes())
    }
}

const TRIES: usize = 10;
const MOST_BYTES: u64 = 4096;
