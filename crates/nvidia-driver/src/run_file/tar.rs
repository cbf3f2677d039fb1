//! The members of the archive in the payload, with names that were checked.

use std::io::{self, Write};

use tar::{EntryType, Header, PaxExtensions};

use super::error::shown;
use super::payload::Payload;
use super::{Limits, RelativePath, RunFileError};

/// One member of the archive. What of its contents is not read is passed over.
pub struct Member<'a, 's> {
    /// Its name below the archive's root.
    pub path: RelativePath,
    /// What it is.
    pub kind: MemberKind,
    /// Permission bits, with neither set-user nor sticky bits: 0 to 0o777.
    pub mode: u32,
    /// How many bytes of contents it has.
    pub size: u64,
    payload: &'a mut Payload<'s>,
    left: u64,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link to another name of the archive.
    Symlink(RelativePath),
    /// A second name of a file of the archive.
    HardLink(RelativePath),
}

/// Why the contents of a member could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The archive is at fault.
    #[error(transparent)]
    Archive(#[from] RunFileError),
    /// The destination is.
    #[error("cannot write")]
    Write(#[source] io::Error),
}

impl Member<'_, '_> {
    /// Copies the contents.
    ///
    /// # Errors
    /// Says whether reading or writing failed.
    pub fn copy_to(&mut self, out: &mut impl Write) -> Result<(), CopyError> {
        let mut buffer = vec![0; CHUNK];
        while self.left > 0 {
            let length = self.next_chunk(&mut buffer)?;
            out.write_all(&buffer[..length]).map_err(CopyError::Write)?;
        }
        Ok(())
    }

    /// Counts the size of a file that is about to be copied towards the limit on what is unpacked.
    ///
    /// # Errors
    /// [`RunFileError::TooLarge`].
    pub fn charge(&mut self, bytes: u64) -> Result<(), RunFileError> {
        self.payload.charge(bytes)
    }

    fn pass(&mut self) -> Result<(), RunFileError> {
        let mut buffer = vec![0; CHUNK.min(usize::try_from(self.left).unwrap_or(CHUNK))];
        while self.left > 0 {
            self.next_chunk(&mut buffer)?;
        }
        let padding = usize::try_from(self.size.wrapping_neg() % BLOCK as u64).unwrap_or(0);
        self.payload.exactly(&mut [0; BLOCK][..padding])
    }

    fn next_chunk(&mut self, buffer: &mut [u8]) -> Result<usize, RunFileError> {
        let length = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.payload.exactly(&mut buffer[..length])?;
        self.left -= length as u64;
        Ok(length)
    }
}

/// Calls `visit` for each member in turn.
pub(super) fn members<E: From<RunFileError>>(
    payload: &mut Payload<'_>,
    limits: Limits,
    mut visit: impl FnMut(&mut Member<'_, '_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut count = 0;
    let mut long = LongNames::default();
    while let Some(block) = header_block(payload)? {
        let header = Header::from_byte_slice(&block);
        let size = long.size.take().map_or_else(|| header.entry_size(), Ok);
        let size = size.map_err(|_| malformed(payload, "a size that is no number"))?;
        if long.take_in(payload, header.entry_type(), size)? {
            continue;
        }
        count += 1;
        if count > limits.members {
            return Err(RunFileError::TooMany { limit: limits.members }.into());
        }
        if let Some(mut member) = member(payload, header, size, std::mem::take(&mut long))? {
            visit(&mut member)?;
            member.pass()?;
        }
    }
    Ok(())
}

/// The names that a header of 512 bytes cannot hold, announced by members before the one they belong to.
#[derive(Default)]
struct LongNames {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl LongNames {
    /// Takes in a member that only announces another; says whether it was one.
    fn take_in(
        &mut self,
        payload: &mut Payload<'_>,
        kind: EntryType,
        size: u64,
    ) -> Result<bool, RunFileError> {
        if kind.is_gnu_longname() {
            self.path = Some(until_zero(announcement(payload, size)?));
        } else if kind.is_gnu_longlink() {
            self.link = Some(until_zero(announcement(payload, size)?));
        } else if kind.is_pax_local_extensions() {
            let records = announcement(payload, size)?;
            self.take_pax(&records).ok_or_else(|| malformed(payload, "a malformed pax record"))?;
        } else if kind.is_pax_global_extensions() {
            announcement(payload, size)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    fn take_pax(&mut self, records: &[u8]) -> Option<()> {
        for record in PaxExtensions::new(records) {
            let record = record.ok()?;
            match record.key_bytes() {
                b"path" => self.path = Some(record.value_bytes().to_vec()),
                b"linkpath" => self.link = Some(record.value_bytes().to_vec()),
                b"size" => self.size = Some(record.value().ok()?.parse().ok()?),
                key if key.starts_with(b"GNU.sparse") => return None,
                _ => {}
            }
        }
        Some(())
    }
}

/// The member that a header describes, unless it is the archive's root.
fn member<'a, 's>(
    payload: &'a mut Payload<'s>,
    header: &Header,
    size: u64,
    long: LongNames,
) -> Result<Option<Member<'a, 's>>, RunFileError> {
    let name = long.path.unwrap_or_else(|| header.path_bytes().into_owned());
    if header.entry_type().is_dir()
        && name.iter().all(|byte| b"./".contains(byte))
        && !name.starts_with(b"..")
    {
        return Ok(None);
    }
    let text = || shown(&String::from_utf8_lossy(&name));
    let path =
        RelativePath::from_bytes(&name).map_err(|problem| RunFileError::Member { path: text(), problem })?;
    let link =
        long.link.or_else(|| header.link_name_bytes().map(|link| link.into_owned())).unwrap_or_default();
    let kind = kind(header.entry_type(), &path, &link)?;
    // Only files have contents; others may state a size all the same.
    let size = if kind == MemberKind::File { size } else { 0 };
    let mode = header.mode().map_err(|_| malformed(payload, "a mode that is no number"))? & 0o777;
    Ok(Some(Member { path, kind, mode, size, payload, left: size }))
}

fn kind(kind: EntryType, path: &RelativePath, link: &[u8]) -> Result<MemberKind, RunFileError> {
    let target = String::from_utf8_lossy(link);
    let refused =
        |problem| RunFileError::Link { path: path.as_str().to_owned(), target: shown(&target), problem };
    match kind {
        EntryType::Regular | EntryType::Continuous => Ok(MemberKind::File),
        EntryType::Directory => Ok(MemberKind::Folder),
        EntryType::Symlink => path.leads_to(&target).map(MemberKind::Symlink).map_err(refused),
        EntryType::Link => RelativePath::new(&target).map(MemberKind::HardLink).map_err(refused),
        other => Err(RunFileError::SpecialMember {
            path: path.as_str().to_owned(),
            kind: char::from(other.as_byte()),
        }),
    }
}

/// The next header; nothing at the end of the archive.
fn header_block(payload: &mut Payload<'_>) -> Result<Option<[u8; BLOCK]>, RunFileError> {
    let mut block = [0; BLOCK];
    match payload.fill(&mut block)? {
        0 => return Ok(None),
        BLOCK => {}
        _ => return Err(malformed(payload, "the archive ends within a header")),
    }
    if block == [0; BLOCK] {
        return Ok(None);
    }
    let around = block[..148].iter().chain(&block[156..]).map(|byte| u32::from(*byte)).sum::<u32>();
    let stated = Header::from_byte_slice(&block).cksum();
    match stated.is_ok_and(|sum| sum == around + 8 * u32::from(b' ')) {
        true => Ok(Some(block)),
        false => Err(malformed(payload, "the checksum of a header is wrong")),
    }
}

/// The contents of a member that announces another, with their padding.
fn announcement(payload: &mut Payload<'_>, size: u64) -> Result<Vec<u8>, RunFileError> {
    let size = usize::try_from(size).ok().filter(|size| *size <= LONGEST_ANNOUNCEMENT);
    let size = size.ok_or_else(|| malformed(payload, "a long name of more than 64 KiB"))?;
    let mut contents = vec![0; size.next_multiple_of(BLOCK)];
    payload.exactly(&mut contents)?;
    contents.truncate(size);
    Ok(contents)
}

fn malformed(payload: &Payload<'_>, what: &'static str) -> RunFileError {
    RunFileError::Tar { offset: payload.produced(), what }
}

fn until_zero(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

const BLOCK: usize = 512;
const CHUNK: usize = 64 * 1024;
const LONGEST_ANNOUNCEMENT: usize = 64 * 1024;
