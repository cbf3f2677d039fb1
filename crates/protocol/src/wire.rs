//! Fields as bytes.

use crate::DecodeError;

/// Takes fields off the front of a message.
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(DecodeError::Short)?;
        self.0 = rest;
        Ok(*field)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.take().map(|[byte]: [u8; 1]| byte)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.take().map(u16::from_be_bytes)
    }

    pub(crate) fn i16(&mut self) -> Result<i16, DecodeError> {
        self.take().map(i16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.take().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.take().map(u64::from_be_bytes)
    }

    pub(crate) fn bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(DecodeError::Value(field)),
        }
    }

    pub(crate) fn tail(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn text_tail(&mut self) -> Result<&'a str, DecodeError> {
        str::from_utf8(self.tail()).map_err(|_| DecodeError::Utf8)
    }

    pub(crate) fn short_text(&mut self) -> Result<String, DecodeError> {
        let length = self.u8()?.into();
        let (text, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Short)?;
        self.0 = rest;
        str::from_utf8(text).map(str::to_owned).map_err(|_| DecodeError::Utf8)
    }

    pub(crate) fn end<T>(&self, message: T) -> Result<T, DecodeError> {
        if self.0.is_empty() { Ok(message) } else { Err(DecodeError::Long) }
    }
}

/// Puts fields behind a kind.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(kind: u8) -> Self {
        Self(vec![kind])
    }

    pub(crate) fn with_room(kind: u8, bytes: usize) -> Self {
        let mut message = Vec::with_capacity(1 + bytes);
        message.push(kind);
        Self(message)
    }

    pub(crate) fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(self, value: u8) -> Self {
        self.put(&[value])
    }

    pub(crate) fn u16(self, value: u16) -> Self {
        self.put(&value.to_be_bytes())
    }

    pub(crate) fn i16(self, value: i16) -> Self {
        self.put(&value.to_be_bytes())
    }

    pub(crate) fn u32(self, value: u32) -> Self {
        self.put(&value.to_be_bytes())
    }

    pub(crate) fn u64(self, value: u64) -> Self {
        self.put(&value.to_be_bytes())
    }

    /// At most 255 bytes of `text`, cut between characters.
    pub(crate) fn short_text(self, text: &str) -> Self {
        let cut = &text[..text.floor_char_boundary(255)];
        self.u8(cut.len() as u8).put(cut.as_bytes())
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}
