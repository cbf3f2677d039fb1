//! Links that let somebody in without a password: signed, narrowed, for a while, and until they are revoked.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::account::MAX_USER;
use crate::secret::random_bytes;
use crate::{Rights, Role};

/// The most links at a time.
pub const MAX_LINKS: usize = 256;
/// How often a link can be narrowed and passed on.
pub const MAX_DEPTH: usize = 8;
/// The longest that a link lasts, in seconds.
pub const MAX_LINK: u64 = 90 * 24 * 3600;

/// The number of a link, drawn at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId([u8; 8]);

impl LinkId {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If the operating system gives no random bytes.
    pub fn random() -> Self {
        Self(random_bytes())
    }

    /// The number of these bytes.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Display for LinkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(self.0))
    }
}

impl FromStr for LinkId {
    type Err = BadLink;

    fn from_str(text: &str) -> Result<Self, BadLink> {
        let bytes = BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(BadLink::Unknown)
    }
}

/// A link that was made and not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The link that it was narrowed from.
    pub parent: Option<LinkId>,
    /// What whoever opens it may do.
    pub rights: Rights,
    /// The first second in which it is no longer valid, in seconds since 1970.
    pub expires: u64,
    /// What whoever opens it is called.
    pub name: String,
    /// Who made it.
    pub maker: String,
}

/// All links of a server. A link that is not among them lets nobody in, whoever signed it.
///
/// ```
/// use cosmos_auth::{Links, Rights, Role};
///
/// let (mut links, now) = (Links::default(), 1_800_000_000);
/// let link = links.make(None, "carol", "ada", Rights::of(Role::Viewer), now + 3600, now)?;
/// assert!(links.get(link, now).is_some());
/// links.revoke(link);
/// assert!(links.get(link, now).is_none());
/// # Ok::<(), cosmos_auth::BadLink>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links(HashMap<LinkId, Link>);

impl Links {
    /// Makes a link, which is never wider nor longer than the one that it is narrowed from, and never lets anybody in as
    /// an owner. `now` is in seconds since 1970.
    ///
    /// # Errors
    ///
    /// [`BadLink`], which says what cannot be.
    pub fn make(
        &mut self,
        parent: Option<LinkId>,
        name: &str,
        maker: &str,
        rights: Rights,
        expires: u64,
        now: u64,
    ) -> Result<LinkId, BadLink> {
        self.0.retain(|_, link| now < link.expires);
        let sound =
            |text: &str| !text.is_empty() && text.len() <= MAX_USER && !text.chars().any(char::is_control);
        if !sound(name) || !sound(maker) {
            return Err(BadLink::Name);
        }
        if rights.role >= Role::Owner {
            return Err(BadLink::Wider);
        }
        if expires <= now || expires > now.saturating_add(MAX_LINK) {
            return Err(BadLink::Time);
        }
        if let Some(parent) = parent {
            let limit = self.get(parent, now).ok_or(BadLink::Unknown)?;
            if !limit.rights.covers(rights) {
                return Err(BadLink::Wider);
            }
            if expires > limit.expires {
                return Err(BadLink::Time);
            }
            if self.line(parent).count() >= MAX_DEPTH {
                return Err(BadLink::Deep);
            }
        }
        if self.0.len() >= MAX_LINKS {
            return Err(BadLink::TooMany);
        }
        let id = LinkId::random();
        let link = Link { parent, rights, expires, name: name.to_owned(), maker: maker.to_owned() };
        self.0.insert(id, link);
        Ok(id)
    }

    /// The link of this number, while it is valid.
    pub fn get(&self, id: LinkId, now: u64) -> Option<&Link> {
        self.0.get(&id).filter(|link| now < link.expires)
    }

    /// All that are valid, the first to expire first.
    pub fn all(&self, now: u64) -> Vec<(LinkId, &Link)> {
        let mut all: Vec<_> =
            self.0.iter().filter(|(_, link)| now < link.expires).map(|(id, link)| (*id, link)).collect();
        all.sort_by_key(|(id, link)| (link.expires, *id));
        all
    }

    /// Whether `id` was narrowed from `above`, once or several times.
    pub fn is_below(&self, id: LinkId, above: LinkId) -> bool {
        self.line(id).skip(1).any(|parent| parent == above)
    }

    /// Revokes a link and all that were narrowed from it. Returns which.
    pub fn revoke(&mut self, id: LinkId) -> Vec<LinkId> {
        let gone = |known: &LinkId| *known == id || self.is_below(*known, id);
        let gone: Vec<LinkId> = self.0.keys().copied().filter(gone).collect();
        gone.iter().for_each(|id| drop(self.0.remove(id)));
        gone
    }

    /// A link and those that it was narrowed from.
    fn line(&self, id: LinkId) -> impl Iterator<Item = LinkId> {
        let parent = |id: &LinkId| self.0.get(id).and_then(|link| link.parent);
        std::iter::successors(Some(id), parent).take(MAX_DEPTH + 1)
    }
}

impl fmt::Display for Links {
    /// A line for each: number, parent or `-`, rights, end, maker and name, with tabs between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.all(0).into_iter().try_for_each(|(id, link)| {
            let parent = link.parent.map_or("-".to_owned(), |parent| parent.to_string());
            writeln!(f, "{id}\t{parent}\t{}\t{}\t{}\t{}", link.rights, link.expires, link.maker, link.name)
        })
    }
}

impl FromStr for Links {
    type Err = BadLink;

    /// Reads what `Display` wrote.
    fn from_str(text: &str) -> Result<Self, BadLink> {
        let links = text.lines().take(MAX_LINKS).map(|line| parse_line(line).ok_or(BadLink::Unknown));
        links.collect::<Result<_, _>>().map(Self)
    }
}

fn parse_line(line: &str) -> Option<(LinkId, Link)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let [id, parent, rights, expires, maker, name] = fields[..] else { return None };
    let parent = if parent == "-" { None } else { Some(parent.parse().ok()?) };
    let (rights, expires) = (rights.parse().ok()?, expires.parse().ok()?);
    let link = Link { parent, rights, expires, name: name.to_owned(), maker: maker.to_owned() };
    Some((id.parse().ok()?, link))
}

/// Why there is no such link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLink {
    /// It was revoked, has expired, or never was.
    #[error("there is no such link; it may have been revoked or have expired")]
    Unknown,
    /// A name cannot be used.
    #[error("a name has 1 to {MAX_USER} bytes and no control characters")]
    Name,
    /// It would allow more than whoever makes it may hand on.
    #[error("a link allows no more than its maker may hand on, and never makes anybody an owner")]
    Wider,
    /// It would have expired, or last too long.
    #[error("a link lasts for a second to 90 days, and no longer than the one it is narrowed from")]
    Time,
    /// It was narrowed too often.
    #[error("a link can be passed on {MAX_DEPTH} times")]
    Deep,
    /// There are too many.
    #[error("there are {MAX_LINKS} links already; revoke one first")]
    TooMany,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn make(
        links: &mut Links,
        parent: Option<LinkId>,
        rights: &str,
        seconds: u64,
    ) -> Result<LinkId, BadLink> {
        links.make(parent, "carol", "ada", rights.parse().unwrap(), NOW + seconds, NOW)
    }

    #[test]
    fn a_link_holds_until_it_expires_or_is_revoked() {
        let mut links = Links::default();
        let id = make(&mut links, None, "viewer", 60).unwrap();
        assert!(links.get(id, NOW + 59).is_some() && links.get(id, NOW + 60).is_none());
        assert!(links.get(LinkId::random(), NOW).is_none());
        assert_eq!(links.revoke(id), [id]);
        assert!(links.get(id, NOW).is_none() && links.revoke(id).is_empty());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut links = Links::default();
        let parent = make(&mut links, None, "controller+picture+sound", 60).unwrap();
        for (parent, rights, seconds, expected) in [
            (None, "owner", 60, BadLink::Wider),
            (None, "viewer", 0, BadLink::Time),
            (None, "viewer", MAX_LINK + 1, BadLink::Time),
            (Some(LinkId::random()), "viewer", 60, BadLink::Unknown),
            (Some(parent), "viewer+clipboard-out", 60, BadLink::Wider),
            (Some(parent), "controller", 60, BadLink::Wider),
            (Some(parent), "viewer", 61, BadLink::Time),
        ] {
            assert_eq!(make(&mut links, parent, rights, seconds), Err(expected), "{rights} {seconds}");
        }
        for name in ["", "a\tb", &"x".repeat(MAX_USER + 1)] {
            let rights = Rights::of(Role::Viewer);
            assert_eq!(links.make(None, name, "ada", rights, NOW + 1, NOW), Err(BadLink::Name), "{name:?}");
        }
    }

    #[test]
    fn what_is_narrowed_ends_with_what_it_was_narrowed_from() {
        let mut links = Links::default();
        let top = make(&mut links, None, "controller", 60).unwrap();
        let mut line = vec![top];
        for _ in 1..MAX_DEPTH {
            line.push(make(&mut links, line.last().copied(), "viewer", 60).unwrap());
        }
        assert_eq!(make(&mut links, line.last().copied(), "viewer", 60), Err(BadLink::Deep));
        let other = make(&mut links, None, "viewer", 60).unwrap();
        assert!(links.is_below(line[5], top) && !links.is_below(top, line[5]) && !links.is_below(other, top));
        let mut gone = links.revoke(line[1]);
        gone.sort();
        line[1..].sort();
        assert_eq!(gone, line[1..]);
        assert_eq!(links.all(NOW).len(), 2);
    }

    #[test]
    fn links_are_bounded_and_those_that_expired_make_room() {
        let mut links = Links::default();
        for _ in 0..MAX_LINKS {
            make(&mut links, None, "viewer", 60).unwrap();
        }
        assert_eq!(make(&mut links, None, "viewer", 60), Err(BadLink::TooMany));
        let rights = Rights::of(Role::Viewer);
        assert!(links.make(None, "carol", "ada", rights, NOW + 120, NOW + 60).is_ok());
    }

    #[test]
    fn links_are_read_as_they_are_written() {
        let mut links = Links::default();
        let top = make(&mut links, None, "controller+sound", 60).unwrap();
        links
            .make(Some(top), "the guest from Åbo", "ada: l", "viewer+sound".parse().unwrap(), NOW + 9, NOW)
            .unwrap();
        assert_eq!(links.to_string().parse(), Ok(links.clone()));
        for text in
            ["x", "AAAAAAAAAAA\t-\tviewer\t1\ta", "AAAAAAAAAAA\t-\troot\t1\ta\tb", "AAAA\t-\tviewer\t1\ta\tb"]
        {
            assert_eq!(text.parse::<Links>(), Err(BadLink::Unknown), "{text}");
        }
    }
}
