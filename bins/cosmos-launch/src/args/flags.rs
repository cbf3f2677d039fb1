//! The flags of the settings, made from their table.

use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, builder::PossibleValuesParser};
use cosmos_host::settings::{Consumer, Kind, Setting, help, settings};

/// What was typed for settings: the key of each, and the text.
#[derive(Debug, Default)]
pub struct SettingFlags(pub Vec<(&'static str, String)>);

impl SettingFlags {
    /// Takes out what was typed for one setting.
    pub fn take(&mut self, key: &str) -> Vec<String> {
        let (taken, kept) = self.0.drain(..).partition(|(typed, _)| *typed == key);
        self.0 = kept;
        let taken: Vec<(&str, String)> = taken;
        taken.into_iter().map(|(_, text)| text).collect()
    }
}

impl Args for SettingFlags {
    fn augment_args(command: Command) -> Command {
        settings().filter_map(flag).fold(command, Command::arg)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let typed = |setting: &'static Setting| {
            let texts = setting.flag.and_then(|_| matches.get_many::<String>(setting.key));
            texts.into_iter().flatten().map(|text| (setting.key, text.clone()))
        };
        Ok(Self(settings().flat_map(typed).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

fn flag(setting: &'static Setting) -> Option<Arg> {
    let arg = Arg::new(setting.key)
        .long(setting.flag?)
        .help(help(setting))
        .value_name(value_name(setting))
        .action(if setting.kind == Kind::Devices { ArgAction::Append } else { ArgAction::Set })
        .allow_negative_numbers(true)
        .help_heading(heading(setting));
    Some(match setting.kind {
        // "--audio" alone says yes, and what follows it is the next argument.
        Kind::Boolean => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        Kind::Word(words) => arg.value_parser(PossibleValuesParser::new(words.iter().copied())),
        _ => arg,
    })
}

const fn heading(setting: &Setting) -> &'static str {
    match setting.consumer {
        Consumer::Stream => "Stream",
        Consumer::XServer => "Screen",
        Consumer::Launch | Consumer::Session | Consumer::Runtime => "Desktop",
    }
}

const fn value_name(setting: &Setting) -> &'static str {
    match setting.kind {
        Kind::Secret => "FILE",
        Kind::Path => "PATH",
        Kind::Boolean => "BOOLEAN",
        Kind::Integer(..) | Kind::Depth => "NUMBER",
        Kind::Word(_) => "WORD",
        Kind::Size => "WxH",
        Kind::Listen => "ADDRESS:PORT",
        Kind::Address | Kind::Public | Kind::Devices => "ADDRESS",
        Kind::Display => ":NUMBER",
        Kind::Refresh => "HERTZ",
        Kind::Ports => "OUTPUT",
        Kind::Encoder => "ENCODER",
        Kind::Clipboard => "DIRECTION",
        _ => "TEXT",
    }
}
