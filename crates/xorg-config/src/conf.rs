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
mod view;

pub use config::Config;
pub use document::{Document, MAX_BYTES};
pub use edit::{EditError, Place};
pub use error::{ParseError, Problem, ValidationError, ValidationProblem};
pub use grammar::SectionKind;
pub use model::*;
pub use name::{boolean, same_name};
pub use search::*;
pub use view::{EntryView, SectionView, Value};
