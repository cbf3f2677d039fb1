//! Looks through files and says what is wrong with them.

use std::{
    fs,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

use cosmos_host::settings::lint::{Document, Level, Options, Report, lint, migrate, render};

use crate::args::Lint;

/// One file that was looked through.
struct Looked {
    name: String,
    text: String,
    report: Report,
}

/// Looks through all files. One that cannot be read does not keep the others from it.
pub fn run(wanted: &Lint) -> ExitCode {
    let options = wanted.options();
    let mut worst = OK;
    let mut looked = Vec::new();
    for path in &wanted.files {
        let name = path.display().to_string();
        match read(path).and_then(|text| look(wanted, &options, path, name.clone(), text)) {
            Ok(file) => {
                worst = worst.max(code(&file.report));
                looked.push(file);
            }
            Err(error) => {
                eprintln!("cosmos-launch: {name}: {error}");
                worst = CHECK_FAILED;
            }
        }
    }
    match tell(wanted, &looked) {
        Ok(()) => worst.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => worst.into(),
        Err(error) => {
            eprintln!("cosmos-launch: cannot write: {error}");
            CHECK_FAILED.into()
        }
    }
}

/// With `--migrate` the new text is looked through.
fn look(wanted: &Lint, options: &Options, path: &Path, name: String, text: String) -> io::Result<Looked> {
    if !wanted.migrate {
        let report = lint(&text, options);
        return Ok(Looked { name, text, report });
    }
    let new = migrate(&text, options);
    let report = lint(&new.text, options);
    if wanted.write && new.changes > 0 && path != Path::new("-") {
        replace(path, &new.text)?;
    }
    eprintln!("{name}: {} changed", new.changes);
    Ok(Looked { name, text: new.text, report })
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    let limited = |input: &mut dyn Read, bytes: &mut Vec<u8>| input.take(MOST + 1).read_to_end(bytes);
    match path == Path::new("-") {
        true => limited(&mut io::stdin().lock(), &mut bytes)?,
        false => limited(&mut fs::File::open(path)?, &mut bytes)?,
    };
    if bytes.len() as u64 > MOST {
        return Err(io::Error::other("larger than 4 MiB, so it is none of the files looked for"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::other("not UTF-8 text"))
}

/// Readers see the old text or the new one, and the permissions stay.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}.draft", std::process::id()));
    let permissions = fs::metadata(&path)?.permissions();
    let written = private_file(&draft).and_then(|mut file| file.write_all(text.as_bytes()));
    let placed = written
        .and_then(|()| fs::set_permissions(&draft, permissions))
        .and_then(|()| fs::rename(&draft, &path));
    placed.inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

/// The text may hold secrets.
fn private_file(path: &Path) -> io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn tell(wanted: &Lint, looked: &[Looked]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if wanted.json {
        let document = Document::of(looked.iter().map(|file| (file.name.as_str(), &file.report)));
        serde_json::to_writer_pretty(&mut out, &document)?;
        return writeln!(out);
    }
    for file in looked {
        let findings = render(&file.name, &file.text, &file.report);
        match wanted.migrate {
            true if wanted.write => eprint!("{findings}"),
            true => {
                eprint!("{findings}");
                out.write_all(file.text.as_bytes())?;
            }
            false => out.write_all(findings.as_bytes())?,
        }
    }
    let all = || looked.iter().flat_map(|file| &file.report.findings);
    let count = |level| all().filter(|finding| finding.level == level).count();
    if !wanted.migrate {
        let [errors, warnings, notes] = [Level::Error, Level::Warning, Level::Note].map(count);
        writeln!(out, "{errors} errors, {warnings} warnings, {notes} notes in {} files", looked.len())?;
    }
    Ok(())
}

fn code(report: &Report) -> u8 {
    match report.worst() {
        Some(Level::Error) => ERRORS,
        Some(Level::Warning) => WARNINGS,
        Some(Level::Note) | None => OK,
    }
}

const OK: u8 = 0;
const WARNINGS: u8 = 1;
const ERRORS: u8 = 2;
const CHECK_FAILED: u8 = 3;
/// In bytes.
const MOST: u64 = 4 << 20;
