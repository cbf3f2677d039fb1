//! Why a viewer is sent away.

/// Why a viewer is sent away: after any of these the two sides no longer agree on where a message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RfbError {
    /// The first twelve bytes are no version.
    #[error("it does not begin with \"RFB 003.008\" or another version")]
    Version,
    /// The viewer chose a security type that was not offered.
    #[error("the security type {0} was not offered")]
    Security(u32),
    /// The viewer speaks a version of VeNCrypt that is not known.
    #[error("version {0}.{1} of VeNCrypt is not known")]
    VeNCrypt(u8, u8),
    /// Bytes came between the choice of TLS and its handshake.
    #[error("bytes came before TLS began")]
    BeforeTls,
    /// There is no message of this type.
    #[error("there is no message of type {0}")]
    Message(u8),
    /// There is no message of this type and subtype.
    #[error("there is no message of type 255 and subtype {0}")]
    Submessage(u8),
    /// A field has a value that means nothing.
    #[error("the field \"{0}\" has a value that means nothing")]
    Value(&'static str),
    /// A field tells more bytes than are taken.
    #[error("\"{field}\" has {length} bytes, more than the {most} that are taken")]
    Long {
        /// The field.
        field: &'static str,
        /// What the viewer said.
        length: u32,
        /// The limit.
        most: u32,
    },
    /// What was compressed cannot be unpacked, or is larger than it may be.
    #[error("the compressed clipboard cannot be unpacked")]
    Compressed,
}
