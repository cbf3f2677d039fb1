//! `xorg.conf`: a lossless document, its typed meaning, and edits (the grammar of xorg-server 21.1).

mod config;
mod document;
mod edit;
mod error;
mod grammar;
mod lexer;
mod model;
mod name;
mod number;
mod parser;
mod search;
mod shapes;
mod tree;

pub use config::Config;
pub use document::{Document, EntryView, MAX_BYTES, SectionView, Value};
pub use edit::{EditError, Place};
pub use error::{ParseError, Problem, ValidationError, ValidationProblem};
pub use grammar::SectionKind;
pub use model::*;
pub use name::{boolean, same_name};
pub use search::*;
