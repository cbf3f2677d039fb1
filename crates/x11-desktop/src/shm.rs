//! Memory that the server writes pixels into.
#![allow(unsafe_code)]

use std::{
    io,
    ops::{Deref, DerefMut},
    os::fd::OwnedFd,
    ptr::{self, NonNull},
    slice,
};

use rustix::{
    fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, ftruncate, memfd_create},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};

/// A piece of memory shared with the server.
///
/// Whoever owns it sees to it that the server writes only while a request of ours waits for its reply, and that no
/// slice of it is lent meanwhile.
pub(crate) struct Shared {
    start: NonNull<u8>,
    len: usize,
    origin: Origin,
}

#[derive(Clone, Copy)]
enum Origin {
    Fd,
    Sysv,
}

impl Shared {
    /// Memory behind a file descriptor that the server gets; it can be neither shortened nor lengthened.
    pub(crate) fn memfd(len: usize) -> io::Result<(Self, OwnedFd)> {
        let fd = memfd_create("cosmos-x11", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        fchmod(&fd, Mode::RUSR | Mode::WUSR)?;
        ftruncate(&fd, len as u64)?;
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
        // SAFETY: a new mapping at a place the kernel chooses touches no memory that exists.
        let start = unsafe {
            mmap(ptr::null_mut(), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &fd, 0)
        }?;
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok((Self { start, len, origin: Origin::Fd }, fd))
    }

    /// System V memory and its identifier. It stays in the system until [`forget`] and the last detaching.
    pub(crate) fn sysv(len: usize) -> io::Result<(Self, u32)> {
        // SAFETY: the call takes numbers only.
        let id = unsafe { libc::shmget(libc::IPC_PRIVATE, len, libc::IPC_CREAT | 0o600) };
        if id < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `id` was just made by `shmget`, and the kernel chooses the place.
        let start = unsafe { libc::shmat(id, ptr::null(), 0) };
        if start.addr() == usize::MAX {
            let error = io::Error::last_os_error();
            forget(id as u32);
            return Err(error);
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok((Self { start, len, origin: Origin::Sysv }, id as u32))
    }
}

/// Gives System V memory back as soon as nobody is attached any more.
pub(crate) fn forget(id: u32) {
    // SAFETY: IPC_RMID reads no buffer.
    unsafe { libc::shmctl(id as i32, libc::IPC_RMID, ptr::null_mut()) };
}

impl Deref for Shared {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `start` begins a mapping of `len` bytes that lives until the drop, and the owner keeps the server
        // from writing while slices are lent.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Shared {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and `&mut self` makes this the only slice on our side.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let start = self.start.as_ptr().cast();
        match self.origin {
            Origin::Fd => {
                // SAFETY: the mapping was made by `mmap` in `memfd` with this length and is removed only here.
                let _ = unsafe { munmap(start, self.len) };
            }
            Origin::Sysv => {
                // SAFETY: the mapping was made by `shmat` in `sysv` and is detached only here.
                unsafe { libc::shmdt(start) };
            }
        }
    }
}

// SAFETY: the memory belongs to no thread, and all access goes through `&self` and `&mut self`.
unsafe impl Send for Shared {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_through_the_descriptor_is_seen_and_the_size_is_sealed() {
        let (memory, fd) = Shared::memfd(8192).unwrap();
        assert_eq!(rustix::io::pwrite(&fd, b"pixels", 4096).unwrap(), 6);
        assert_eq!(&memory[4096..4102], b"pixels");
        assert!(ftruncate(&fd, 0).is_err());
    }

    #[test]
    fn system_v_memory_is_private_and_writable() {
        let (mut memory, id) = match Shared::sysv(4096) {
            Ok(made) => made,
            Err(error) => return eprintln!("SKIPPED no System V shared memory: {error}"),
        };
        forget(id);
        memory[4095] = 7;
        assert_eq!((memory[0], memory[4095]), (0, 7));
    }
}
