//! The dynamic loader.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char};

pub(crate) use libloading::Library;

/// Opens a library by name or path and keeps it open until the process ends: what it has registered elsewhere may
/// point into it. Its constructors run, which is why only children do this.
///
/// # Errors
///
/// The words of the dynamic loader.
pub(crate) fn open(name: &str) -> Result<&'static Library, String> {
    // SAFETY: the constructors are foreign code that may do anything; the process exists to find out what.
    let library = unsafe { Library::new(name) };
    match library {
        Ok(library) => Ok(Box::leak(Box::new(library))),
        Err(libloading::Error::DlOpen { desc }) => Err(format!("{desc:?}").trim_matches('"').to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A function of a library that stays open.
///
/// # Safety
///
/// `F` is a type of function pointer with the very signature of the function.
pub(crate) unsafe fn symbol<F: Copy>(library: &'static Library, name: &str) -> Result<F, String> {
    // SAFETY: the caller vouches for the type; the library is never closed.
    let found = unsafe { library.get::<F>(name.as_bytes()) };
    found.map(|function| *function).map_err(|_| format!("{name} is not in the library"))
}

/// The text at a pointer, or `None` where it is null.
///
/// # Safety
///
/// The pointer is null or leads to a text that ends in a zero byte.
pub(crate) unsafe fn text_at(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: it is not null, and the caller vouches for the rest.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
