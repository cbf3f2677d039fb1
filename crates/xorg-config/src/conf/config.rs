//! What one file, or several together, mean to the server.

use super::document::Document;
use super::grammar::SectionKind;
use super::model::{
    Device, Dri, Extensions, Files, InputClass, InputDevice, Modes, Module, Monitor, OutputClass, Part,
    Screen, ServerFlags, ServerLayout, Vendor, VideoAdaptor, Writer,
};
use super::name::same_name;
use super::view::SectionView;
use super::{ValidationError, ValidationProblem};

/// Everything that a server is told: the sections of all files, by their kinds and in order.
///
/// ```
/// use cosmos_xorg_config::{Config, Device, Document};
/// let config = Config {
///     devices: vec![Device { identifier: "gpu".into(), driver: Some("nvidia".into()), ..Device::default() }],
///     ..Config::default()
/// };
/// assert_eq!(Config::read(&[Document::parse(config.to_string())?])?, config);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// Layouts. The first one counts unless the command line names another.
    pub layouts: Vec<ServerLayout>,
    /// Where things are.
    pub files: Option<Files>,
    /// Modules.
    pub module: Option<Module>,
    /// Options of the whole server.
    pub flags: Option<ServerFlags>,
    /// X extensions.
    pub extensions: Option<Extensions>,
    /// Direct rendering.
    pub dri: Option<Dri>,
    /// Input devices.
    pub inputs: Vec<InputDevice>,
    /// Options for input devices found at run time.
    pub input_classes: Vec<InputClass>,
    /// Options for boards found at run time.
    pub output_classes: Vec<OutputClass>,
    /// Modes that monitors share.
    pub modes: Vec<Modes>,
    /// Monitors.
    pub monitors: Vec<Monitor>,
    /// Boards.
    pub devices: Vec<Device>,
    /// Overlays.
    pub video_adaptors: Vec<VideoAdaptor>,
    /// Screens.
    pub screens: Vec<Screen>,
    /// Vendors' own sections.
    pub vendors: Vec<Vendor>,
}

impl Config {
    /// What the documents mean, in the order in which the server reads them: a later section of a kind of which
    /// there is one replaces the earlier one whole, and all others are kept.
    ///
    /// ```
    /// use cosmos_xorg_config::{Config, Document};
    /// let first = Document::parse("Section \"ServerFlags\"\nOption \"DontZap\"\nEndSection")?;
    /// let second = Document::parse("Section \"ServerFlags\"\nOption \"AutoAddGPU\" \"off\"\nEndSection")?;
    /// let flags = Config::read(&[first, second])?.flags.unwrap_or_default();
    /// assert_eq!((flags.options.get("DontZap"), flags.options.get("AutoAddGPU")), (None, Some("off")));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first thing for which the server would refuse them: a name that nothing has, an input device without a
    /// driver.
    pub fn read(documents: &[Document]) -> Result<Self, ValidationError> {
        validate(documents)?;
        let mut config = Self::default();
        documents.iter().flat_map(Document::sections).for_each(|section| config.add(section));
        Ok(config)
    }

    fn add(&mut self, section: SectionView<'_>) {
        let Some(kind) = section.kind() else { return };
        match kind {
            SectionKind::ServerLayout => self.layouts.push(Part::read(section)),
            SectionKind::Files => self.files = Some(Part::read(section)),
            SectionKind::Module => self.module = Some(Part::read(section)),
            SectionKind::ServerFlags => self.flags = Some(Part::read(section)),
            SectionKind::Extensions => self.extensions = Some(Part::read(section)),
            SectionKind::DRI => self.dri = Some(Part::read(section)),
            SectionKind::InputDevice | SectionKind::Pointer => self.inputs.push(Part::read(section)),
            SectionKind::InputClass => self.input_classes.push(Part::read(section)),
            SectionKind::OutputClass => self.output_classes.push(Part::read(section)),
            SectionKind::Device => self.devices.push(Part::read(section)),
            SectionKind::VideoAdaptor => self.video_adaptors.push(Part::read(section)),
            SectionKind::Monitor => self.monitors.push(Part::read(section)),
            SectionKind::Modes => self.modes.push(Part::read(section)),
            SectionKind::Screen => self.screens.push(Part::read(section)),
            SectionKind::Vendor => self.vendors.push(Part::read(section)),
        }
    }
}

/// A file that means this. Characters for which a file has no form (double quotes and line ends) are left out.
impl std::fmt::Display for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = Writer::default();
        print(&mut out, SectionKind::ServerLayout, &self.layouts);
        print(&mut out, SectionKind::Files, &self.files);
        print(&mut out, SectionKind::Module, &self.module);
        print(&mut out, SectionKind::ServerFlags, &self.flags);
        print(&mut out, SectionKind::Extensions, &self.extensions);
        print(&mut out, SectionKind::DRI, &self.dri);
        print(&mut out, SectionKind::InputDevice, &self.inputs);
        print(&mut out, SectionKind::InputClass, &self.input_classes);
        print(&mut out, SectionKind::OutputClass, &self.output_classes);
        print(&mut out, SectionKind::Modes, &self.modes);
        print(&mut out, SectionKind::Monitor, &self.monitors);
        print(&mut out, SectionKind::Device, &self.devices);
        print(&mut out, SectionKind::VideoAdaptor, &self.video_adaptors);
        print(&mut out, SectionKind::Screen, &self.screens);
        print(&mut out, SectionKind::Vendor, &self.vendors);
        f.write_str(&out.finish())
    }
}

fn print<'a, P: Part + 'a>(out: &mut Writer, kind: SectionKind, parts: impl IntoIterator<Item = &'a P>) {
    parts.into_iter().for_each(|part| out.section("Section", kind.name(), |out| part.write(out)));
}

/// The sections of all documents.
struct Sections<'a>(Vec<(usize, SectionView<'a>)>);

fn validate(documents: &[Document]) -> Result<(), ValidationError> {
    let all = documents.iter().enumerate();
    let sections =
        Sections(all.flat_map(|(at, document)| document.sections().map(move |s| (at, s))).collect());
    sections.check_screens()?;
    sections.check_inputs()?;
    sections.check_layouts()
}

impl<'a> Sections<'a> {
    fn of(&self, kind: SectionKind) -> impl Iterator<Item = (usize, SectionView<'a>)> {
        self.0.iter().copied().filter(move |(_, section)| section.kind() == Some(kind))
    }

    fn find(&self, kind: SectionKind, name: &str) -> Option<(usize, SectionView<'a>)> {
        self.of(kind).find(|(_, section)| same_name(name, identifier(section)))
    }

    fn need(
        &self,
        (document, section): (usize, SectionView<'a>),
        wanted: SectionKind,
        name: &str,
    ) -> Result<SectionView<'a>, ValidationError> {
        let problem = || ValidationProblem::Undefined {
            kind: section.kind().map_or("", SectionKind::name),
            identifier: identifier(&section).to_owned(),
            wanted: wanted.name(),
            name: name.to_owned(),
        };
        let found = self.find(wanted, name).map(|(_, section)| section);
        found.ok_or_else(|| ValidationError { document, line: section.line(), problem: problem() })
    }

    fn check_screens(&self) -> Result<(), ValidationError> {
        let mut owners: Vec<(u32, &str, &str)> = Vec::new();
        for (document, screen) in self.of(SectionKind::Screen) {
            let monitor = screen.text("Monitor").and_then(|name| self.find(SectionKind::Monitor, name));
            if let Some((place, monitor)) = monitor {
                for modes in values(&monitor, "UseModes") {
                    self.need((place, monitor), SectionKind::Modes, modes)?;
                }
            }
            for adaptor in Screen::read(screen).video_adaptors {
                let found = self.need((document, screen), SectionKind::VideoAdaptor, &adaptor)?;
                let (line, name) = (found.line(), identifier(&found));
                if let Some((_, _, first)) = owners.iter().find(|owner| (owner.0, owner.1) == (line, name)) {
                    let (first, second) = ((*first).to_owned(), identifier(&screen).to_owned());
                    let problem = ValidationProblem::SharedAdaptor { adaptor, first, second };
                    return Err(ValidationError { document, line: screen.line(), problem });
                }
                owners.push((line, name, identifier(&screen)));
            }
        }
        Ok(())
    }

    fn check_inputs(&self) -> Result<(), ValidationError> {
        let mut devices = self.of(SectionKind::InputDevice);
        let Some((document, device)) = devices.find(|(_, device)| device.text("Driver").is_none()) else {
            return Ok(());
        };
        let problem = ValidationProblem::NoDriver { identifier: identifier(&device).to_owned() };
        Err(ValidationError { document, line: device.line(), problem })
    }

    fn check_layouts(&self) -> Result<(), ValidationError> {
        for (document, section) in self.of(SectionKind::ServerLayout) {
            let layout = ServerLayout::read(section);
            let place = (document, section);
            for screen in &layout.screens {
                self.need(place, SectionKind::Screen, &screen.screen)?;
            }
            for device in &layout.inactive {
                self.need(place, SectionKind::Device, device)?;
            }
            for input in &layout.inputs {
                let implicit = same_name(InputDevice::IMPLICIT_POINTER, &input.device);
                if !(implicit && self.of(SectionKind::Pointer).next().is_some()) {
                    self.need(place, SectionKind::InputDevice, &input.device)?;
                }
            }
        }
        Ok(())
    }
}

fn identifier<'a>(section: &SectionView<'a>) -> &'a str {
    section.identifier().unwrap_or_default()
}

fn values<'a>(section: &SectionView<'a>, keyword: &'static str) -> impl Iterator<Item = &'a str> {
    let entries = section.entries().filter(move |entry| entry.keyword() == keyword);
    entries.filter_map(|entry| entry.values().next()).map(|value| value.as_str())
}
