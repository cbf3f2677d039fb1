//! Resolution identifiers of CTA-861-I, which name a size for an optimised timing.

/// A size that televisions know by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rid {
    /// The resolution identifier, 1 to 28.
    pub id: u8,
    /// Pixels of a line.
    pub width: u16,
    /// Lines of a frame.
    pub height: u16,
    /// Width to height of the picture, whose pixels need not be square.
    pub aspect: (u16, u16),
}

impl Rid {
    /// All sizes, by number.
    ///
    /// ```
    /// use cosmos_xorg_config::Rid;
    /// assert_eq!(Rid::all().len(), 28);
    /// ```
    pub const fn all() -> &'static [Self] {
        &ROWS
    }

    /// The size with this number.
    ///
    /// ```
    /// use cosmos_xorg_config::Rid;
    /// assert_eq!(Rid::by_id(4).map(|size| (size.width, size.height)), Some((1920, 1080)));
    /// ```
    pub fn by_id(id: u8) -> Option<&'static Self> {
        Self::all().iter().find(|size| size.id == id)
    }
}

const fn row(id: u8, width: u16, height: u16, aspect: (u16, u16)) -> Rid {
    Rid { id, width, height, aspect }
}

const ROWS: [Rid; 28] = [
    row(1, 1280, 720, (16, 9)),
    row(2, 1280, 720, (64, 27)),
    row(3, 1680, 720, (64, 27)),
    row(4, 1920, 1080, (16, 9)),
    row(5, 1920, 1080, (64, 27)),
    row(6, 2560, 1080, (64, 27)),
    row(7, 3840, 1080, (32, 9)),
    row(8, 2560, 1440, (16, 9)),
    row(9, 3440, 1440, (64, 27)),
    row(10, 5120, 1440, (32, 9)),
    row(11, 3840, 2160, (16, 9)),
    row(12, 3840, 2160, (64, 27)),
    row(13, 5120, 2160, (64, 27)),
    row(14, 7680, 2160, (32, 9)),
    row(15, 5120, 2880, (16, 9)),
    row(16, 5120, 2880, (64, 27)),
    row(17, 6880, 2880, (64, 27)),
    row(18, 10_240, 2880, (32, 9)),
    row(19, 7680, 4320, (16, 9)),
    row(20, 7680, 4320, (64, 27)),
    row(21, 10_240, 4320, (64, 27)),
    row(22, 15_360, 4320, (32, 9)),
    row(23, 11_520, 6480, (16, 9)),
    row(24, 11_520, 6480, (64, 27)),
    row(25, 15_360, 6480, (64, 27)),
    row(26, 15_360, 8640, (16, 9)),
    row(27, 15_360, 8640, (64, 27)),
    row(28, 20_480, 8640, (64, 27)),
];
