//! The description of a monitor, from which an EDID is written.

use super::base::{Date, Manufacturer};
use super::displayid_timing::DisplayIdTiming;
use super::document::Edid;
use super::error::{EdidSpecError, cut};
use super::{layout, modes, recover, write};
use crate::timing::{Axis, Scan, Timing};

/// A monitor that does not exist: what its EDID shall say.
///
/// Timings are written where they fit: as video codes, as detailed timings, or, above 655.35 MHz and 4095 pixels, in
/// DisplayID 2.0 extensions. A timing that is given twice is written once. 640x480 at 60 Hz is always possible. Two
/// descriptions are equal if they differ in the order of the further timings only.
///
/// ```
/// use cosmos_xorg_config::edid::{Edid, EdidSpec, LinkProfile, Serial};
/// use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
/// let timing = Timing {
///     clock: PixelClock::from_khz(138_500),
///     horizontal: Axis { active: 1920, sync_start: 1968, sync_end: 2000, total: 2080 },
///     vertical: Axis { active: 1080, sync_start: 1083, sync_end: 1088, total: 1111 },
///     hsync: Polarity::Positive,
///     vsync: Polarity::Negative,
///     scan: Scan::Progressive,
/// };
/// let edid = EdidSpec::new(LinkProfile::DisplayPort, timing)?.name("Desk")?.audio(true).to_edid();
/// assert_eq!(Edid::parse(edid.as_bytes()), Ok(edid.clone()));
/// assert_eq!(edid.name().as_deref(), Some("Desk"));
/// assert_eq!(edid.preferred_timing(), Some(timing));
/// # Ok::<(), cosmos_xorg_config::edid::EdidSpecError>(())
/// ```
#[derive(Debug, Clone, Eq)]
pub struct EdidSpec {
    pub(super) profile: LinkProfile,
    pub(super) manufacturer: Manufacturer,
    pub(super) product: u16,
    pub(super) serial: Serial,
    pub(super) name: String,
    pub(super) size_mm: (u16, u16),
    pub(super) date: Date,
    pub(super) audio: bool,
    pub(super) preferred: Timing,
    pub(super) timings: Vec<Timing>,
}

/// The kind of link for which an EDID is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkProfile {
    /// EDID 1.4.
    DisplayPort,
    /// EDID 1.3, as HDMI demands, with the data blocks of HDMI and of the HDMI Forum: 600 MHz TMDS, and above that
    /// fixed rate links of four lanes of 12 Gbit/s.
    Hdmi,
}

/// The serial number of a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Serial {
    /// It has none.
    #[default]
    None,
    /// A number; 0 is the same as none.
    Number(u32),
    /// Text of 1 to 13 printable ASCII characters, no space at the end.
    Text(String),
}

impl EdidSpec {
    /// The most timings that one EDID may list, the preferred one included.
    pub const MAX_TIMINGS: usize = 64;

    /// A monitor that prefers this timing: named "COSMOS", of manufacturer "CSM", product 1, made in 2024, without
    /// serial number and sound, and so large that it shows 96 pixels per inch.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::{EdidSpec, LinkProfile};
    /// # use cosmos_xorg_config::{Axis, PixelClock, Polarity, Scan, Timing};
    /// # let mut timing = Timing {
    /// #     clock: PixelClock::from_khz(138_500),
    /// #     horizontal: Axis { active: 1920, sync_start: 1968, sync_end: 2000, total: 2080 },
    /// #     vertical: Axis { active: 1080, sync_start: 1083, sync_end: 1088, total: 1111 },
    /// #     hsync: Polarity::Positive,
    /// #     vsync: Polarity::Negative,
    /// #     scan: Scan::Progressive,
    /// # };
    /// let edid = EdidSpec::new(LinkProfile::Hdmi, timing)?.to_edid();
    /// assert_eq!(edid.version(), (1, 3));
    /// assert_eq!(edid.physical_size_mm(), Some((508, 286)));
    /// timing.clock = PixelClock::from_hz(138_500_001);
    /// let refused = EdidSpec::new(LinkProfile::Hdmi, timing).map(|_| ());
    /// assert!(refused.is_err_and(|error| error.to_string().contains("whole kHz")));
    /// # Ok::<(), cosmos_xorg_config::edid::EdidSpecError>(())
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Timing`] where no descriptor holds the timing, or EDID 1.3 not its frequencies.
    pub fn new(profile: LinkProfile, preferred: Timing) -> Result<Self, EdidSpecError> {
        check(profile, &preferred)?;
        let at_96_dpi = |pixels: u32| ((u64::from(pixels) * 254 + 480) / 960).clamp(10, 2550) as u16;
        Ok(Self {
            profile,
            manufacturer: Manufacturer([0x0e, 0x6d]),
            product: 1,
            serial: Serial::None,
            name: "COSMOS".to_owned(),
            size_mm: (at_96_dpi(preferred.horizontal.active), at_96_dpi(preferred.vertical.active)),
            date: Date::Made { week: None, year: 2024 },
            audio: false,
            preferred,
            timings: Vec::new(),
        })
    }

    /// Sets the name: 1 to 13 printable ASCII characters, no space at the end.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.name("Virtual 1")
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Name`].
    pub fn name(self, name: &str) -> Result<Self, EdidSpecError> {
        match is_text(name) {
            true => Ok(Self { name: name.to_owned(), ..self }),
            false => Err(EdidSpecError::Name { given: cut(name) }),
        }
    }

    /// Sets the manufacturer: three letters A to Z.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.manufacturer("LNX")
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Manufacturer`].
    pub fn manufacturer(self, letters: &str) -> Result<Self, EdidSpecError> {
        Ok(Self { manufacturer: letters.parse()?, ..self })
    }

    /// Sets the manufacturer's number of the product.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> EdidSpec {
    /// spec.product(0x1234)
    /// # }
    /// ```
    #[must_use]
    pub fn product(self, product: u16) -> Self {
        Self { product, ..self }
    }

    /// Sets the serial number. As text it is in the base block alone: no EDID should state two.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::{EdidSpec, Serial};
    /// # fn with(spec: EdidSpec) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.serial(Serial::Text("A-17".into()))
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Serial`].
    pub fn serial(self, serial: Serial) -> Result<Self, EdidSpecError> {
        match serial {
            Serial::Text(text) if !is_text(&text) => Err(EdidSpecError::Serial { given: cut(&text) }),
            Serial::Number(0) => Ok(Self { serial: Serial::None, ..self }),
            serial => Ok(Self { serial, ..self }),
        }
    }

    /// Sets width and height of the picture in millimetres: 0 x 0 for unknown, or 10 to 2550 each.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.size_mm(597, 336)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Size`].
    pub fn size_mm(self, width: u16, height: u16) -> Result<Self, EdidSpecError> {
        let known = (10..=2550).contains(&width) && (10..=2550).contains(&height);
        match known || (width, height) == (0, 0) {
            true => Ok(Self { size_mm: (width, height), ..self }),
            false => Err(EdidSpecError::Size { width, height }),
        }
    }

    /// Sets when it was made: week 1 to 53 or none, year 2000 to 2245.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.made(Some(47), 2025)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Date`].
    pub fn made(self, week: Option<u8>, year: u16) -> Result<Self, EdidSpecError> {
        match week.is_none_or(|week| (1..=53).contains(&week)) && (2000..=2245).contains(&year) {
            true => Ok(Self { date: Date::Made { week, year }, ..self }),
            false => Err(EdidSpecError::Date { week: week.unwrap_or(0), year }),
        }
    }

    /// Sets whether sound can be sent: two channels of up to 24 bits at 32, 44.1 and 48 kHz.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> EdidSpec {
    /// spec.audio(true)
    /// # }
    /// ```
    #[must_use]
    pub fn audio(self, audio: bool) -> Self {
        Self { audio, ..self }
    }

    /// Adds a timing that is possible too.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec, timing: cosmos_xorg_config::Timing) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.timing(timing)
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::Timing`] as for [`new`](Self::new); [`EdidSpecError::TooManyTimings`].
    pub fn timing(mut self, timing: Timing) -> Result<Self, EdidSpecError> {
        check(self.profile, &timing)?;
        if timing == self.preferred || self.timings.contains(&timing) {
            return Ok(self);
        }
        self.timings.push(timing);
        match self.timings.len() + 1 {
            given if given > Self::MAX_TIMINGS => Err(EdidSpecError::TooManyTimings { given }),
            _ => Ok(self),
        }
    }

    /// Adds the timings of CTA-861 that programs ask for: 3840x2160, 1920x1080, 1280x720 and 640x480 at 60 Hz, as
    /// far as they are not larger and not faster than the preferred timing.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::EdidSpec;
    /// # fn with(spec: EdidSpec) -> Result<EdidSpec, cosmos_xorg_config::edid::EdidSpecError> {
    /// spec.common_timings()
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`EdidSpecError::TooManyTimings`].
    pub fn common_timings(self) -> Result<Self, EdidSpecError> {
        let most = self.preferred;
        let within = |timing: &Timing| {
            timing.clock <= most.clock
                && timing.horizontal.active <= most.horizontal.active
                && timing.vertical.active <= most.vertical.active
        };
        COMMON_VICS.iter().filter_map(|vic| modes::of_vic(*vic)).filter(within).try_fold(self, Self::timing)
    }

    /// The EDID: a base block, CTA-861, and DisplayID 2.0 where a timing needs it.
    ///
    /// ```
    /// # use cosmos_xorg_config::edid::{Edid, EdidSpec};
    /// # fn with(spec: EdidSpec) -> Edid {
    /// spec.to_edid()
    /// # }
    /// ```
    pub fn to_edid(&self) -> Edid {
        write::edid(self, &layout::Layout::of(self))
    }
}

impl PartialEq for EdidSpec {
    fn eq(&self, other: &Self) -> bool {
        let key = |spec: &Self| {
            let texts = (spec.name.clone(), spec.serial.clone(), spec.manufacturer);
            (texts, spec.profile, spec.product, spec.size_mm, spec.date, spec.audio, spec.preferred)
        };
        let timings = self.timings.len() == other.timings.len()
            && self.timings.iter().all(|timing| other.timings.contains(timing));
        timings && key(self) == key(other)
    }
}

/// From an EDID of another origin, as far as it can be written again: its name, size, date, sound and timings.
impl TryFrom<&Edid> for EdidSpec {
    type Error = EdidSpecError;

    fn try_from(edid: &Edid) -> Result<Self, EdidSpecError> {
        recover::spec_of(edid)
    }
}

fn is_text(text: &str) -> bool {
    let printable = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    (1..=13).contains(&text.len()) && printable && !text.ends_with(' ')
}

/// Every timing must fit into DisplayID, which holds all that the other places hold.
fn check(profile: LinkProfile, timing: &Timing) -> Result<(), EdidSpecError> {
    let refuse = |field, value, accepted| Err(EdidSpecError::Timing { field, value, accepted });
    let clock = timing.clock.hz();
    if !clock.is_multiple_of(1000) || !(1000..=16_777_216_000).contains(&clock) {
        return refuse("pixel clock in Hz", clock, "whole kHz up to 16777216");
    }
    check_axis(
        ["active pixels", "front porch of a line", "sync pulse of a line", "pixels of a line"],
        timing.horizontal,
    )?;
    check_axis(
        ["active lines", "front porch of a frame", "sync pulse of a frame", "lines of a frame"],
        timing.vertical,
    )?;
    if timing.scan == Scan::Double || !DisplayIdTiming::fits(timing) {
        return refuse("lines sent twice", timing.vertical.active.into(), "progressive or interlaced");
    }
    let Some(rate) = timing.refresh_rate() else {
        return refuse("refresh rate of lines", timing.vertical.total.into(), "1 to 1000 Hz");
    };
    let (line_hz, hdmi) = (clock / u64::from(timing.horizontal.total), profile == LinkProfile::Hdmi);
    if hdmi && line_hz > layout::MOST_KHZ * 1000 {
        return refuse(
            "horizontal frequency in Hz",
            line_hz,
            "510000 at most in EDID 1.3 (DisplayPort has no limit)",
        );
    }
    if hdmi && rate.millihertz() > layout::MOST_HZ * 1000 {
        return refuse("refresh rate in mHz", rate.millihertz().into(), "510000 at most in EDID 1.3");
    }
    Ok(())
}

fn check_axis([active, front, sync, total]: [&'static str; 4], axis: Axis) -> Result<(), EdidSpecError> {
    let refuse =
        |field, value: u32, accepted| Err(EdidSpecError::Timing { field, value: value.into(), accepted });
    match axis {
        axis if !(1..=65_536).contains(&axis.active) => refuse(active, axis.active, "1 to 65536"),
        axis if !axis.is_ordered() => {
            refuse(total, axis.total, "active, then front porch, sync and back porch")
        }
        axis if !(1..=32_768).contains(&axis.front_porch()) => {
            refuse(front, axis.front_porch(), "1 to 32768")
        }
        axis if axis.sync() == 0 => refuse(sync, 0, "1 at least"),
        axis if axis.back_porch() == 0 => refuse(total, axis.total, "more than the end of its sync pulse"),
        axis if axis.blank() > 65_536 => refuse(total, axis.total, "65536 more than active at most"),
        _ => Ok(()),
    }
}

const COMMON_VICS: [u8; 4] = [97, 16, 4, 1];
