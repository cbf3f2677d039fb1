//! What is wrong with the text from which a desktop is to be started: a `docker run` line, a compose file, a
//! manifest of Kubernetes, or a file of environment variables.
//!
//! ```
//! use cosmos_host::settings::lint::{InputKind, Options, Rule, lint};
//! let report = lint("docker run --net=host -p 8080:8080 -e SIZEW=wide cosmos", &Options::default());
//! assert_eq!(report.kind, Some(InputKind::Docker));
//! let rules: Vec<Rule> = report.findings.iter().map(|finding| finding.rule).collect();
//! assert_eq!(rules, [Rule::PublishWithHostNetwork, Rule::DeprecatedName, Rule::BadValue]);
//! assert_eq!((report.findings[0].line, report.findings[0].column), (1, 23));
//! ```

mod check;
mod detect;
mod finding;
mod gpu;
mod lines;
mod migrate;
mod model;
mod read;
mod render;
mod secrets;
mod steps;
mod words;
mod yaml;

use std::ops::Range;

pub use detect::{BadKind, InputKind};
pub use finding::{Finding, Level, Rule};
pub use gpu::{GpuModel, UnknownModel};
pub use migrate::{Migration, migrate};
pub use render::{Document, SCHEMA, redacted, render};

use finding::Draft;
use lines::Lines;
use model::Deployment;

/// What the linter cannot see in the text.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the text is; `None` tells it from what it holds.
    pub kind: Option<InputKind>,
    /// The GPU on which the desktop is to run.
    pub gpu: Option<GpuModel>,
    /// The version of the driver there, as in 535.129.3.
    pub driver: Option<(u16, u16, u16)>,
}

/// What was found in one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What the text was taken for.
    pub kind: Option<InputKind>,
    /// The findings in the order of their places.
    pub findings: Vec<Finding>,
    /// Where secrets stand in the text, in bytes and in the order of the text.
    pub secrets: Vec<Range<usize>>,
    /// Where secrets stand or may stand, in bytes, in the order of the text and apart from each other: nobody should
    /// print these. Names that look like those of secrets count, and what could not be read.
    pub hidden: Vec<Range<usize>>,
}

impl Report {
    /// The gravest level.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.level).max()
    }
}

/// Looks through a text.
pub fn lint(text: &str, options: &Options) -> Report {
    let (kind, deployment, mut drafts) = examine(text, options);
    let hidden = secrets::places(text, kind, &deployment);
    drafts.iter_mut().for_each(|draft| draft.hide(&hidden));
    drafts.sort_by_key(|draft| (draft.span.start, draft.rule));
    let lines = Lines::of(text);
    let mut walk = lines.walk();
    let mut findings: Vec<Finding> = drafts.into_iter().map(|draft| draft.at(&mut walk)).collect();
    findings.dedup();
    Report { kind, findings, secrets: deployment.secrets(), hidden }
}

/// What the text says, and what is wrong with it.
fn examine(text: &str, options: &Options) -> (Option<InputKind>, Deployment, Vec<Draft>) {
    let Some(kind) = options.kind.or_else(|| detect::kind(text)) else {
        let what = "this is no docker command, compose file, manifest or environment file".to_owned();
        let draft = Draft::new(Rule::Syntax, 0..0, what, "say what it is with --kind".to_owned());
        return (None, Deployment::default(), vec![draft]);
    };
    let deployment = read::read(kind, text);
    let mut drafts = deployment.drafts.clone();
    for container in deployment.desktops() {
        drafts.extend(check::check(container, options));
    }
    (Some(kind), deployment, drafts)
}

#[cfg(test)]
mod tests;
