//! Screens: a board and a monitor together.

use super::{Options, part};

part! {
    /// A board and a monitor together.
    Screen {
        /// What a layout calls it.
        "Identifier" identifier: String = identifier,
        /// The board.
        "Device" device: Option<String> = text,
        /// Boards that help with drawing or output, 4 at most.
        "GPUDevice" gpu_devices: Vec<String> = each,
        /// The monitor.
        "Monitor" monitor: Option<String> = text,
        /// Overlays.
        "VideoAdaptor" video_adaptors: Vec<String> = distinct,
        /// Bits of colour in a pixel.
        "DefaultDepth" default_depth: Option<u32> = depth,
        /// Bits in a pixel.
        "DefaultBPP" default_bits_per_pixel: Option<u32> = number,
        /// Bits in a pixel of the frame buffer.
        "DefaultFbBPP" default_framebuffer_bits: Option<u32> = number,
        /// Width and height of the desktop, where no `Display` says it.
        "Virtual" virtual_size: Option<[u32; 2]> = pair,
        /// The seat for which this section is.
        "MatchSeat" match_seat: Option<String> = text,
        /// Options.
        "Option" options: Options = options,
        /// What holds at one depth.
        "SubSection" displays: Vec<Display> = displays,
    }
}

part! {
    /// What holds for a screen at one depth.
    Display {
        /// The name behind `SubSection`: `Display`, though the server takes any.
        "SubSection" name: String = name,
        /// Bits of colour in a pixel.
        "Depth" depth: Option<u32> = number,
        /// Bits in a pixel of the frame buffer.
        "FbBPP" framebuffer_bits: Option<u32> = number,
        /// Width and height of the desktop.
        "Virtual" virtual_size: Option<[u32; 2]> = pair,
        /// Where the picture begins on the desktop.
        "ViewPort" viewport: Option<[u32; 2]> = pair,
        /// Names of modes, the first one to start with.
        "Modes" modes: Vec<String> = names,
        /// The visual of the root window.
        "Visual" visual: Option<String> = text,
        /// Bits of red, green and blue.
        "Weight" weight: Option<[u32; 3]> = triple,
        /// Red, green and blue of black.
        "Black" black: Option<[u32; 3]> = triple,
        /// Red, green and blue of white.
        "White" white: Option<[u32; 3]> = triple,
        /// Options.
        "Option" options: Options = options,
    }
}
