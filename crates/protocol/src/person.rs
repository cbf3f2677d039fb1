//! Who is on the desktop.

use crate::{
    DecodeError,
    wire::{Reader, Writer},
};

/// The most people that one message tells of.
pub const MAX_PEOPLE: usize = 255;

/// One page that is connected, and whoever sits before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The number by which the control is given to them.
    pub id: u32,
    /// What they are.
    pub standing: Standing,
    /// Whether this is the page that is told.
    pub you: bool,
    /// Whether they have taken the control for themselves.
    pub holds: bool,
    /// Whether they ask for it.
    pub asks: bool,
    /// Whether their keys and pointer reach the desktop.
    pub drives: bool,
    /// Their name, at most 255 bytes.
    pub name: String,
}

/// What somebody is, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Sees and hears.
    Viewer,
    /// Also drives.
    Controller,
    /// Also decides about the others.
    Owner,
}

const YOU: u8 = 1;
const HOLDS: u8 = 2;
const ASKS: u8 = 4;
const DRIVES: u8 = 8;

pub(crate) fn encode(people: &[Person]) -> Writer {
    let people = &people[..people.len().min(MAX_PEOPLE)];
    people.iter().fold(Writer::new(0x8b).u8(people.len() as u8), |writer, person| {
        let marks = [(person.you, YOU), (person.holds, HOLDS), (person.asks, ASKS), (person.drives, DRIVES)];
        let marks = marks.iter().filter(|(holds, _)| *holds).fold(0, |sum, (_, mark)| sum | mark);
        writer.u32(person.id).u8(person.standing as u8).u8(marks).short_text(&person.name)
    })
}

pub(crate) fn decode(fields: &mut Reader<'_>) -> Result<Vec<Person>, DecodeError> {
    (0..fields.u8()?).map(|_| decode_one(fields)).collect()
}

fn decode_one(fields: &mut Reader<'_>) -> Result<Person, DecodeError> {
    let id = fields.u32()?;
    let standings = [Standing::Viewer, Standing::Controller, Standing::Owner];
    let standing = standings.get(usize::from(fields.u8()?)).copied().ok_or(DecodeError::Value("standing"))?;
    let marks = fields.u8()?;
    if marks & !(YOU | HOLDS | ASKS | DRIVES) != 0 {
        return Err(DecodeError::Value("marks"));
    }
    let has = |mark| marks & mark != 0;
    let (you, holds, asks, drives) = (has(YOU), has(HOLDS), has(ASKS), has(DRIVES));
    Ok(Person { id, standing, you, holds, asks, drives, name: fields.short_text()? })
}
