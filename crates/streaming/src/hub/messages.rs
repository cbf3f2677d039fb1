//! What pages are told of the encoder and of the pointer.

use cosmos_desktop::{CursorImage, Size};
use cosmos_encoder::{EncoderInfo, Sampling};
use cosmos_protocol::ServerMessage;

pub(super) fn encoder_message(info: &EncoderInfo) -> ServerMessage {
    ServerMessage::Encoder {
        element: info.element.to_string(),
        codec: match info.sampling {
            Sampling::Half => info.codec.to_string(),
            Sampling::Full => format!("{} {}", info.codec, info.sampling),
        },
        reason: info.reason.clone(),
    }
}

/// The largest pointer that is told, in columns and rows.
const MAX_CURSOR: u16 = 128;

pub(super) fn cursor_message(cursor: &CursorImage) -> ServerMessage {
    let size = Size::new(cursor.size.width.min(MAX_CURSOR), cursor.size.height.min(MAX_CURSOR));
    let row = 4 * usize::from(cursor.size.width);
    let rows = cursor.rgba.chunks(row.max(1)).take(size.height.into());
    let rgba = rows.flat_map(|row| &row[..4 * usize::from(size.width)]).copied().collect();
    ServerMessage::Cursor { size, hot: cursor.hot, rgba }
}
