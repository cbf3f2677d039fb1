//! The modules of the page as one: a browser asks for each of them apart, and forty requests are a third of what a person
//! waits for the first picture, more where the way is long.
//!
//! It knows what our modules say, and refuses the rest: `import { NAME, NAME as OTHER } from './FILE';` and
//! `export` before a function, a class or a constant, each at the beginning of a line. Every module becomes a function
//! that is called once and returns what it exports, after those that it imports (ECMA-262, 16.2.1.5).

use std::{borrow::Cow, fmt::Write};

/// Why there is no bundle.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum BundleError {
    #[error("{module} is imported and not there")]
    Missing { module: String },
    #[error("{module} imports itself by way of others")]
    Circle { module: String },
    #[error("{module} says what is not understood: {line}")]
    Unknown { module: String, line: String },
}

/// One module in place of `entry` and all that it imports; `read` gives the text of one.
pub(super) fn bundle(
    entry: &str,
    read: &dyn Fn(&str) -> Option<Cow<'static, str>>,
) -> Result<String, BundleError> {
    let mut bundle = Bundle { read, modules: Vec::new(), text: String::new() };
    bundle.add(entry, true)?;
    Ok(bundle.text)
}

struct Bundle<'a> {
    read: &'a dyn Fn(&str) -> Option<Cow<'static, str>>,
    /// The names of those that were begun; whether they were finished.
    modules: Vec<(String, bool)>,
    text: String,
}

impl Bundle<'_> {
    /// Adds a module behind those that it imports, unless it is there. Returns its number.
    fn add(&mut self, name: &str, is_entry: bool) -> Result<usize, BundleError> {
        if let Some(at) = self.modules.iter().position(|(known, _)| known == name) {
            let circle = || BundleError::Circle { module: name.to_owned() };
            return self.modules[at].1.then_some(at).ok_or_else(circle);
        }
        let text = (self.read)(name).ok_or_else(|| BundleError::Missing { module: name.to_owned() })?;
        let module = Module::read(name, &text)?;
        let number = self.modules.len();
        self.modules.push((name.to_owned(), false));
        let mut imports = String::new();
        for (names, from) in &module.imports {
            let from = self.add(from, false)?;
            let _ = writeln!(imports, "const {{{names}}} = ${from};");
        }
        let Module { body, exports, .. } = module;
        let _ = match is_entry {
            true => write!(self.text, "// {name}\n{imports}{body}"),
            false => write!(
                self.text,
                "// {name}\nconst ${number} = (() => {{\n{imports}{body}return {{ {} }};\n}})();\n",
                exports.join(", ")
            ),
        };
        self.modules[number].1 = true;
        Ok(number)
    }
}

/// What one module says.
#[derive(Default)]
struct Module {
    /// Names as a pattern takes them apart, and the file they come from.
    imports: Vec<(String, String)>,
    exports: Vec<String>,
    body: String,
}

impl Module {
    fn read(name: &str, text: &str) -> Result<Self, BundleError> {
        let mut module = Self::default();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let unknown = || BundleError::Unknown { module: name.to_owned(), line: line.to_owned() };
            if line.starts_with("import ") {
                let mut statement = line.to_owned();
                while !statement.ends_with(';') {
                    statement += lines.next().ok_or_else(unknown)?;
                }
                module.imports.push(imported(&statement).ok_or_else(unknown)?);
            } else if let Some(declaration) = line.strip_prefix("export ") {
                module.exports.push(declared(declaration).ok_or_else(unknown)?.to_owned());
                module.body += declaration;
                module.body.push('\n');
            } else if line.starts_with("await ") || (line.contains(" = await ") && !line.starts_with(' ')) {
                // A function that is called at once cannot wait.
                return Err(unknown());
            } else {
                module.body += line;
                module.body.push('\n');
            }
        }
        Ok(module)
    }
}

/// The pattern and the file of `import { … } from './…';`.
fn imported(statement: &str) -> Option<(String, String)> {
    let (names, from) = statement.strip_prefix("import {")?.split_once("} from './")?;
    let from = from.strip_suffix("';")?;
    Some((names.replace(" as ", ": "), from.to_owned()))
}

/// The name of what is declared: one that keeps its value, as it is copied.
fn declared(declaration: &str) -> Option<&str> {
    let rest = declaration.strip_prefix("async ").unwrap_or(declaration);
    let rest =
        ["function* ", "function ", "class ", "const "].iter().find_map(|kind| rest.strip_prefix(kind))?;
    let end = rest.find(|sign: char| !sign.is_ascii_alphanumeric() && !"_$".contains(sign))?;
    (end > 0).then(|| &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundled(modules: &'static [(&str, &str)]) -> Result<String, BundleError> {
        bundle("a.js", &|name| {
            modules.iter().find(|(known, _)| *known == name).map(|(_, text)| (*text).into())
        })
    }

    #[test]
    fn each_module_comes_once_and_behind_what_it_imports() {
        let text = bundled(&[
            ("a.js", "import { B } from './b.js';\nimport {\n  c, d as e,\n} from './c.js';\nnew B(c, e);\n"),
            ("b.js", "import { c } from './c.js';\nexport class B {}\n"),
            ("c.js", "export const c = 1;\nexport async function d() {}\nexport function* f(x) {}\n"),
        ]);
        let expected = "\
// c.js
const $2 = (() => {
const c = 1;
async function d() {}
function* f(x) {}
return { c, d, f };
})();
// b.js
const $1 = (() => {
const { c } = $2;
class B {}
return { B };
})();
// a.js
const { B } = $1;
const {  c, d: e,} = $2;
new B(c, e);
";
        assert_eq!(text.as_deref(), Ok(expected));
    }

    #[test]
    fn what_it_would_change_the_sense_of_is_refused() {
        for text in [
            "import './b.js';",
            "import a from './b.js';",
            "import { b",
            "export let a = 1;",
            "export default 1;",
            "await x;",
            "const a = await x;",
        ] {
            let modules: &[(&str, &str)] = Box::leak(Box::new([("a.js", text)]));
            assert!(matches!(bundled(modules), Err(BundleError::Unknown { .. })), "{text}");
        }
        let circle = &[("a.js", "import { b } from './b.js';"), ("b.js", "import { a } from './a.js';")];
        assert_eq!(bundled(circle), Err(BundleError::Circle { module: "a.js".into() }));
        let missing = &[("a.js", "import { b } from './b.js';")];
        assert_eq!(bundled(missing), Err(BundleError::Missing { module: "b.js".into() }));
    }
}
