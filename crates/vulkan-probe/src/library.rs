//! Libraries that are opened at run time.

mod ffi;

pub(crate) use ffi::{Library, open, symbol, text_at};

/// The library that an error of the dynamic loader names as missing, unless that is the one that was opened.
pub(crate) fn missing(opened: &str, error: &str) -> Option<String> {
    let (name, rest) = error.split_once(": ")?;
    let is_missing = rest.contains("cannot open shared object file") && name != opened;
    is_missing.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_missing_one_is_named() {
        let absent = "libXext.so.6: cannot open shared object file: No such file or directory";
        assert_eq!(missing("libGLX_nvidia.so.0", absent).as_deref(), Some("libXext.so.6"));
        assert_eq!(missing("libXext.so.6", absent), None);
        assert_eq!(missing("/a.so", "/a.so: invalid ELF header"), None);
        assert_eq!(missing("/a.so", "/a.so: undefined symbol: foo"), None);
    }

    #[test]
    fn a_library_that_is_not_there_is_an_error_which_names_it() {
        let error = open("libcosmos-no-such.so.1").err();
        assert!(error.is_some_and(|error| error.starts_with("libcosmos-no-such.so.1: ")));
    }
}
