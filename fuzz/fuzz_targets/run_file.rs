//! `.run` files: no bytes bring the reader down, and no name that it gives leads out of a folder.

#![no_main]

use cosmos_nvidia_driver::run_file::{CopyError, Limits, RunFile, RunFileError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let _ = unpack(input);
    let mut wrapped = HEADER.to_vec();
    wrapped.extend_from_slice(input);
    let _ = unpack(&wrapped);
});

fn unpack(file: &[u8]) -> Result<(), RunFileError> {
    let file = RunFile::open(file)?;
    let _ = file.header().identity();
    let mut bytes = 0;
    file.unpack(Limits { bytes: LIMIT, members: 100 }, |member| {
        let path = member.path.as_str();
        assert!(!path.is_empty() && !path.starts_with('/') && path.split('/').all(|name| name != ".."));
        let mut contents = Vec::new();
        let outcome = member.copy_to(&mut contents);
        bytes += contents.len() as u64;
        assert!(bytes <= LIMIT);
        match outcome {
            Err(CopyError::Archive(error)) => Err(error),
            _ => Ok(()),
        }
    })
    .map(drop)
}

const LIMIT: u64 = 1 << 20;
const HEADER: &[u8] = b"#! /bin/sh\nCRCsum=1\nMD5=0123456789abcdef0123456789abcdef\nskip=5\n\n";
