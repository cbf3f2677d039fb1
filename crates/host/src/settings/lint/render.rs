//! Reports for people and for programs.

use std::{fmt::Write as _, ops::Range};

use super::{Finding, InputKind, Report, lines::Lines};

/// The schema of [`Document`].
pub const SCHEMA: &str = "cosmos.lint/1";

/// All reports, for `--json`.
#[derive(Debug, serde::Serialize)]
pub struct Document<'a> {
    schema: &'static str,
    files: Vec<FileReport<'a>>,
}

#[derive(Debug, serde::Serialize)]
struct FileReport<'a> {
    file: &'a str,
    kind: Option<InputKind>,
    findings: &'a [Finding],
}

impl<'a> Document<'a> {
    /// The reports of files, by their names.
    pub fn of(reports: impl IntoIterator<Item = (&'a str, &'a Report)>) -> Self {
        let file = |(file, report): (&'a str, &'a Report)| FileReport {
            file,
            kind: report.kind,
            findings: &report.findings,
        };
        Self { schema: SCHEMA, files: reports.into_iter().map(file).collect() }
    }
}

/// A report as compilers write theirs: the line, the place in it, what, why and what to do. Secrets are shown as
/// stars.
pub fn render(file: &str, text: &str, report: &Report) -> String {
    let lines = Lines::of(text);
    let mut written = String::new();
    for finding in &report.findings {
        let _ = writeln!(written, "{}[{}]: {}", finding.level, finding.rule.id(), finding.what);
        let _ = writeln!(written, "  --> {file}:{}:{}", finding.line, finding.column);
        written.push_str(&excerpt(text, &lines, finding, &report.secrets));
        let _ = writeln!(written, "   = why: {}", finding.why);
        let _ = writeln!(written, "   = fix: {}\n", finding.fix);
    }
    written
}

fn excerpt(text: &str, lines: &Lines<'_>, finding: &Finding, secrets: &[Range<usize>]) -> String {
    let line = lines.line(finding.span.start);
    let end = finding.span.end.clamp(finding.span.start, line.end.max(finding.span.start));
    let Some(before) = masked(text, line.start..finding.span.start, secrets) else { return String::new() };
    let Some(marked) = masked(text, finding.span.start..end, secrets) else { return String::new() };
    let after = masked(text, end..line.end.max(end), secrets).unwrap_or_default();
    let number = finding.line.to_string();
    let gutter = " ".repeat(number.len());
    let indent: String = before.chars().map(|sign| if sign == '\t' { '\t' } else { ' ' }).collect();
    let marks = "^".repeat(marked.chars().count().max(1));
    format!("{gutter} |\n{number} | {before}{marked}{after}\n{gutter} | {indent}{marks}\n")
}

/// A part of the text in which each secret is three stars.
fn masked(text: &str, range: Range<usize>, secrets: &[Range<usize>]) -> Option<String> {
    let mut shown = String::new();
    let mut at = range.start;
    for secret in secrets.iter().filter(|secret| secret.start < range.end && secret.end > range.start) {
        if secret.start > at {
            shown.push_str(text.get(at..secret.start)?);
        }
        if secret.end > at {
            shown.push_str("***");
            at = secret.end.min(range.end);
        }
    }
    shown.push_str(text.get(at..range.end)?);
    Some(shown.trim_end_matches('\r').to_owned())
}
