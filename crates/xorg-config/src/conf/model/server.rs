//! Sections of which there is one: files, modules, flags, extensions, direct rendering; and vendors' own.

use super::field::{options, quoted, strings};
use super::{Options, Part, Writer, part};
use crate::conf::number::whole;
use crate::conf::view::{SectionView, Value};

part! {
    /// Where fonts, modules and the log are.
    Files {
        /// Where fonts are; each may name several places with commas between.
        "FontPath" font_path: Vec<String> = each,
        /// Where modules are; each may name several places with commas between.
        "ModulePath" module_path: Vec<String> = each,
        /// Where keyboard layouts are.
        "XkbDir" keyboard_directory: Option<String> = text,
        /// Where the log goes.
        "LogFile" log_file: Option<String> = text,
    }
}

part! {
    /// X extensions to switch on or off.
    Extensions {
        /// The name of an extension, and whether it is wanted.
        "Option" options: Options = options,
    }
}

part! {
    /// What only one vendor's driver understands.
    Vendor {
        /// Whose it is.
        "Identifier" identifier: String = identifier,
        /// Options.
        "Option" options: Options = options,
        /// Subsections.
        "SubSection" subsections: Vec<VendorSubsection> = vendor_subsections,
    }
}

part! {
    /// A part of a vendor's section.
    VendorSubsection {
        /// The name behind `SubSection`.
        "SubSection" name: String = name,
        /// Options.
        "Option" options: Options = options,
    }
}

/// Options of the whole server. Old keywords, as `DontZap`, are read as the options that they became.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerFlags {
    /// Options.
    pub options: Options,
}

/// Modules to load, or not to load.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Module {
    /// Modules to load.
    pub loads: Vec<Load>,
    /// Modules not to load, though the server would.
    pub disabled: Vec<String>,
}

/// A module to load.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Its name.
    pub name: String,
    /// How it is asked for.
    pub kind: LoadKind,
    /// Options, where a subsection asks for it.
    pub options: Options,
}

/// How a module is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadKind {
    /// `Load`
    Module,
    /// `LoadDriver`
    Driver,
    /// `SubSection`, with options.
    Subsection,
}

/// Who may use direct rendering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dri {
    /// The group that owns the devices.
    pub group: Option<DriGroup>,
    /// Permissions of the devices.
    pub mode: Option<u32>,
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DriGroup {
    /// By name.
    Name(String),
    /// By number.
    Number(u32),
}

impl Part for ServerFlags {
    fn read(section: SectionView<'_>) -> Self {
        Self { options: Options::read(section, |keyword| Some(keyword.to_owned())) }
    }

    fn write(&self, out: &mut Writer) {
        options::write(&self.options, "Option", out);
    }
}

impl Part for Module {
    /// A subsection with something unfit in it empties the list so far, as in the server.
    fn read(section: SectionView<'_>) -> Self {
        let mut module = Self::default();
        for entry in section.entries() {
            let name = strings(&entry).first().map(|name| (*name).to_owned()).unwrap_or_default();
            let mut load =
                |kind| module.loads.push(Load { name: name.clone(), kind, options: Options::new() });
            match (entry.keyword(), entry.section()) {
                ("Load", _) => load(LoadKind::Module),
                ("LoadDriver", _) => load(LoadKind::Driver),
                ("Disable", _) => module.disabled.push(name),
                (_, Some(inner)) => module.loads.push(Load {
                    name: inner.name().to_owned(),
                    kind: LoadKind::Subsection,
                    options: options::read(inner, "Option"),
                }),
                (_, None) => module.loads.clear(),
            }
        }
        module
    }

    fn write(&self, out: &mut Writer) {
        for load in &self.loads {
            match load.kind {
                LoadKind::Module => out.line("Load", &quoted(&load.name)),
                LoadKind::Driver => out.line("LoadDriver", &quoted(&load.name)),
                LoadKind::Subsection => {
                    let name = load.name.replace(['"', '\n', '\r', '\0'], "");
                    out.section("SubSection", &name, |out| options::write(&load.options, "Option", out));
                }
            }
        }
        self.disabled.iter().for_each(|name| out.line("Disable", &quoted(name)));
    }
}

impl Part for Dri {
    /// A name wins over a number, wherever the two stand.
    fn read(section: SectionView<'_>) -> Self {
        let mut dri = Self::default();
        for entry in section.entries() {
            let Some(value) = entry.values().next() else { continue };
            match (entry.keyword(), value) {
                ("Mode", mode) => dri.mode = Some(whole(mode.as_str())),
                (_, Value::Number(_)) if matches!(dri.group, Some(DriGroup::Name(_))) => {}
                (_, Value::Number(number)) => dri.group = Some(DriGroup::Number(whole(number))),
                (_, name) => dri.group = Some(DriGroup::Name(name.as_str().to_owned())),
            }
        }
        dri
    }

    fn write(&self, out: &mut Writer) {
        match &self.group {
            Some(DriGroup::Name(name)) => out.line("Group", &quoted(name)),
            Some(DriGroup::Number(number)) => out.line("Group", &number.to_string()),
            None => {}
        }
        self.mode.iter().for_each(|mode| out.line("Mode", &format!("0{mode:o}")));
    }
}
