//! Which files the server reads, and in which order. Nothing here looks at a disk.

/// What decides where the server looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search<'a> {
    /// Whether the server has more rights than who starts it: run as set-user-id root by somebody else. Root itself,
    /// and a server without that bit, are not elevated and may read any path.
    pub elevated: bool,
    /// What `-config` or `-configdir` names.
    pub named: Option<&'a str>,
    /// What `XORGCONFIG` names.
    pub environment: Option<&'a str>,
    /// The name of the host.
    pub host: Option<&'a str>,
    /// Where the server was built to be.
    pub prefixes: Prefixes<'a>,
}

/// Where a server was built to be.
#[derive(Clone, Copy, Debug)]
pub struct Prefixes<'a> {
    /// Its root.
    pub root: &'a str,
    /// Where configuration is.
    pub configuration: &'a str,
    /// Where data is.
    pub data: &'a str,
}

/// As Debian and most others build it.
impl Default for Prefixes<'_> {
    fn default() -> Self {
        Self { root: "/usr", configuration: "/etc", data: "/usr/share" }
    }
}

impl Search<'_> {
    /// The files among which the first that can be opened is the configuration file, in order.
    ///
    /// ```
    /// use cosmos_xorg_config::Search;
    /// let named = Search { named: Some("my.conf"), ..Search::default() };
    /// assert_eq!(named.files(), ["my.conf", "/etc/X11/my.conf", "/usr/etc/X11/my.conf"]);
    /// assert_eq!(Search { elevated: true, named: Some("/tmp/my.conf"), ..Search::default() }.files(), [""; 0]);
    /// assert_eq!(Search::default().files()[0], "/etc/X11/xorg.conf");
    /// ```
    pub fn files(&self) -> Vec<String> {
        self.expand(if self.elevated { ELEVATED_FILES } else { FILES }, "xorg.conf")
    }

    /// The directories among which the first that holds a file that can be opened is the configuration directory, in
    /// order.
    ///
    /// ```
    /// use cosmos_xorg_config::Search;
    /// assert_eq!(Search::default().directories(), ["/etc/X11/xorg.conf.d", "/etc/X11/xorg.conf.d"]);
    /// ```
    pub fn directories(&self) -> Vec<String> {
        self.expand(if self.elevated { ELEVATED_DIRECTORIES } else { DIRECTORIES }, "xorg.conf.d")
    }

    /// The directory of the distribution's own files, read before all others.
    ///
    /// ```
    /// use cosmos_xorg_config::Search;
    /// assert_eq!(Search::default().system_directory(), "/usr/share/X11/xorg.conf.d");
    /// ```
    pub fn system_directory(&self) -> String {
        format!("{}/X11/xorg.conf.d", self.prefixes.data)
    }

    fn expand(&self, templates: &[&str], default: &str) -> Vec<String> {
        templates.iter().filter_map(|template| self.path(template, default)).collect()
    }

    /// A template with every `%` replaced; `None` where it does not apply. Where a file is named, only templates
    /// that hold its name do.
    fn path(&self, template: &str, default: &str) -> Option<String> {
        let (mut path, mut uses_name) = (String::new(), false);
        let mut parts = template.split('%');
        path += parts.next()?;
        for part in parts {
            let (escape, rest) = part.split_at_checked(1)?;
            uses_name |= matches!(escape, "A" | "R" | "S");
            path += self.escape(escape, default)?;
            path += rest;
        }
        (uses_name || self.named.is_none()).then_some(path)
    }

    fn escape<'b>(&'b self, escape: &str, default: &'b str) -> Option<&'b str> {
        match escape {
            "A" => self.named.filter(|path| path.starts_with('/')),
            "R" => self.named.filter(|path| !path.starts_with('/')),
            "S" => self.named.filter(|path| is_safe(path)),
            "E" => self.environment.filter(|path| path.starts_with('/')),
            "F" => self.environment.filter(|path| !path.starts_with('/')),
            "G" => self.environment.filter(|path| is_safe(path)),
            "X" => Some(default),
            "H" => Some(self.host.unwrap_or_default()),
            "P" => Some(self.prefixes.root),
            "C" => Some(self.prefixes.configuration),
            _ => None,
        }
    }
}

/// The files that are read, in order: those of the system directory, those of the configuration directory, the
/// configuration file.
///
/// Of a directory, names that end in `.conf` and begin with no dot are read, in the order of their bytes. The server
/// takes [`MAX_FILES`] from the directories together.
///
/// ```
/// use cosmos_xorg_config::reading_order;
/// let system = ("/usr/share/X11/xorg.conf.d", &["40-b.conf", "10-a.conf", "README", ".hidden.conf"][..]);
/// let order = reading_order(&[system, ("/etc/X11/xorg.conf.d", &["9.conf"])], Some("/etc/X11/xorg.conf"));
/// assert_eq!(order, [
///     "/usr/share/X11/xorg.conf.d/10-a.conf",
///     "/usr/share/X11/xorg.conf.d/40-b.conf",
///     "/etc/X11/xorg.conf.d/9.conf",
///     "/etc/X11/xorg.conf",
/// ]);
/// ```
pub fn reading_order(directories: &[(&str, &[&str])], file: Option<&str>) -> Vec<String> {
    let listed = directories.iter().flat_map(|(directory, names)| {
        let mut names: Vec<&str> = names.iter().copied().filter(|name| is_configuration(name)).collect();
        names.sort_unstable();
        names.into_iter().map(move |name| format!("{directory}/{name}"))
    });
    listed.take(MAX_FILES).chain(file.map(str::to_owned)).collect()
}

fn is_configuration(name: &str) -> bool {
    !name.starts_with('.') && name.len() > ".conf".len() && name.ends_with(".conf")
}

/// Relative, and never upwards.
fn is_safe(path: &str) -> bool {
    !path.starts_with('/') && path.split('/').all(|part| part != "..")
}

/// How many files the server takes from its directories together.
pub const MAX_FILES: usize = 64;

const FILES: &[&str] = &[
    "%A",
    "%R",
    "/etc/X11/%R",
    "%P/etc/X11/%R",
    "%E",
    "%F",
    "/etc/X11/%F",
    "%P/etc/X11/%F",
    "/etc/X11/%X",
    "/etc/%X",
    "%P/etc/X11/%X.%H",
    "%P/etc/X11/%X",
    "%P/lib/X11/%X.%H",
    "%P/lib/X11/%X",
];

const ELEVATED_FILES: &[&str] = &[
    "/etc/X11/%S",
    "%P/etc/X11/%S",
    "/etc/X11/%G",
    "%P/etc/X11/%G",
    "/etc/X11/%X",
    "/etc/%X",
    "%P/etc/X11/%X.%H",
    "%P/etc/X11/%X",
    "%P/lib/X11/%X.%H",
    "%P/lib/X11/%X",
];

const DIRECTORIES: &[&str] = &["%A", "%R", "/etc/X11/%R", "%C/X11/%R", "/etc/X11/%X", "%C/X11/%X"];

const ELEVATED_DIRECTORIES: &[&str] = &["/etc/X11/%R", "%C/X11/%R", "/etc/X11/%X", "%C/X11/%X"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_elevated_server_reads_no_path_that_leads_out() {
        for (name, files) in [
            ("a.conf", 2),
            ("dir/a.conf", 2),
            ("..", 0),
            ("../a.conf", 0),
            ("dir/../a.conf", 0),
            ("dir/..", 0),
            ("/etc/X11/a.conf", 0),
            ("..a/b..conf", 2),
        ] {
            let search = Search { elevated: true, named: Some(name), ..Search::default() };
            assert_eq!(search.files().len(), files, "{name}");
        }
    }

    #[test]
    fn the_environment_comes_before_the_default_and_after_the_command_line() {
        let search = Search { environment: Some("/tmp/e.conf"), host: Some("box"), ..Search::default() };
        assert_eq!(search.files()[..2], ["/tmp/e.conf", "/etc/X11/xorg.conf"]);
        assert!(search.files().contains(&"/usr/etc/X11/xorg.conf.box".to_owned()));
        assert_eq!(Search { named: Some("/a"), ..search }.files(), ["/a"]);
        assert_eq!(Search { elevated: true, ..search }.files()[0], "/etc/X11/xorg.conf");
    }

    #[test]
    fn directories_give_sixty_four_files_and_the_file_comes_on_top() {
        let names: Vec<String> = (0..100).map(|number| format!("{number:03}.conf")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let order = reading_order(&[("/d", &names)], Some("/f"));
        assert_eq!((order.len(), order[63].as_str(), order[64].as_str()), (65, "/d/063.conf", "/f"));
    }
}
