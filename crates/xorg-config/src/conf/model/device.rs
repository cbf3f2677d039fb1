//! Graphics boards and video adaptors.

use super::{Options, part};
use crate::units::PixelClock;

part! {
    /// A graphics board, or one head of it.
    Device {
        /// What a screen calls it.
        "Identifier" identifier: String = identifier,
        /// The driver.
        "Driver" driver: Option<String> = text,
        /// Where it sits, as [`BusId`](crate::BusId) prints it.
        "BusID" bus_id: Option<String> = text,
        /// Who made it.
        "VendorName" vendor: Option<String> = text,
        /// What its maker calls it.
        "BoardName" board: Option<String> = text,
        /// The chip, where the driver cannot tell.
        "Chipset" chipset: Option<String> = text,
        /// An entry of an old database of boards.
        "Card" card: Option<String> = text,
        /// The converter, where the driver cannot tell.
        "Ramdac" ramdac: Option<String> = text,
        /// The clock chip, where the driver cannot tell.
        "ClockChip" clock_chip: Option<String> = text,
        /// The seat for which this section is.
        "MatchSeat" match_seat: Option<String> = text,
        /// Memory, in kibibytes.
        "VideoRam" video_ram: Option<u32> = number,
        /// The highest clocks, at 8, 16, 24 and 32 bits for a pixel.
        "DacSpeed" dac_speeds: Vec<PixelClock> = speeds,
        /// Fixed clocks, 128 at most.
        "Clocks" clocks: Vec<PixelClock> = clocks,
        /// The head, where a board has several.
        "Screen" screen: Option<u32> = number,
        /// The interrupt.
        "IRQ" irq: Option<u32> = number,
        /// The chip's number in place of the one that it gives.
        "ChipID" chip_id: Option<u32> = number,
        /// The chip's revision in place of the one that it gives.
        "ChipRev" chip_revision: Option<u32> = number,
        /// Where its memory begins.
        "MemBase" memory_base: Option<u32> = number,
        /// Where its ports begin.
        "IOBase" port_base: Option<u32> = number,
        /// Options.
        "Option" options: Options = options,
    }
}

part! {
    /// A video overlay.
    VideoAdaptor {
        /// What a screen calls it.
        "Identifier" identifier: String = identifier,
        /// The driver.
        "Driver" driver: Option<String> = text,
        /// Where it sits.
        "BusID" bus_id: Option<String> = text,
        /// Who made it.
        "VendorName" vendor: Option<String> = text,
        /// What its maker calls it.
        "BoardName" board: Option<String> = text,
        /// Options.
        "Option" options: Options = options,
        /// Its ports.
        "SubSection" ports: Vec<VideoPortSection> = ports,
    }
}

part! {
    /// One port of a video overlay.
    VideoPortSection {
        /// The name behind `SubSection`.
        "SubSection" name: String = name,
        /// What it is called.
        "Identifier" identifier: Option<String> = text,
        /// Options.
        "Option" options: Options = options,
    }
}
