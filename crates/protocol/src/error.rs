//! Why a message is refused.

/// Why a message is refused. None of these is worth more than dropping the message and counting it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It ends before its last field.
    #[error("the message ends before its last field")]
    Short,
    /// It goes on after its last field.
    #[error("the message goes on after its last field")]
    Long,
    /// Its kind is not known.
    #[error("there is no message of kind {0:#04x}")]
    Kind(u8),
    /// A field has a value that means nothing.
    #[error("the field \"{0}\" has a value that means nothing")]
    Value(&'static str),
    /// A text is not UTF-8.
    #[error("a text is not UTF-8")]
    Utf8,
}
