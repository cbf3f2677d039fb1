//! The page's own files, which lie in this binary.

use std::{
    borrow::Cow,
    collections::HashMap,
    hash::{DefaultHasher, Hasher},
    io::Write,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use rust_embed::Embed;
use serde_json::{Map, Value};

use super::{
    Site,
    bundle::{BundleError, bundle},
};
use crate::PageConfig;

#[derive(Embed)]
#[folder = "../../web/js"]
struct Scripts;

#[derive(Embed)]
#[folder = "../../web/css"]
struct Styles;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const INDEX: &[u8] = include_bytes!("../../../../web/index.html");
const ICON: &[u8] = include_bytes!("../../../../web/icon.svg");
const MANIFEST: &[u8] = include_bytes!("../../../../web/manifest.webmanifest");

/// What a browser reads that installs the page.
pub(super) struct Manifest(Bytes);

impl Manifest {
    /// The page's own, with other names.
    pub(super) fn new(page: &PageConfig) -> Self {
        let mut manifest: Map<String, Value> =
            serde_json::from_slice(MANIFEST).expect("the manifest in this program is an object");
        for (key, value) in
            [("name", &page.name), ("short_name", &page.short_name), ("start_url", &page.start_url)]
        {
            manifest.insert(key.to_owned(), value.as_str().into());
        }
        Self(Value::from(manifest).to_string().into())
    }
}

/// Answers with the manifest.
pub(super) async fn manifest(State(site): State<Arc<Site>>) -> Response {
    fixed(site.manifest.0.clone(), "application/manifest+json")
}

/// Answers with a file of the page.
pub(super) async fn file(uri: Uri, headers: HeaderMap) -> Response {
    match FILES.get(uri.path()) {
        Some(file) => file.answer(&headers),
        None => super::refuse(StatusCode::NOT_FOUND, "there is no such page"),
    }
}

/// The page itself.
pub(super) fn index(headers: &HeaderMap) -> Response {
    FILES["/"].answer(headers)
}

pub(super) fn fixed(bytes: impl Into<axum::body::Body>, kind: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes.into()).into_response()
}

/// All files, by their paths. They are packed when the first of them is asked for, which takes some milliseconds.
static FILES: LazyLock<HashMap<String, File>> = LazyLock::new(|| {
    let scripts = embedded::<Scripts>("/js/", SCRIPT);
    let styles = embedded::<Styles>("/css/", "text/css; charset=utf-8");
    let main = script(MAIN).map(|file| (format!("/js/{MAIN}"), file));
    let index = || File::new(INDEX.into(), "text/html; charset=utf-8");
    let alone =
        [("/", index()), ("/index.html", index()), ("/icon.svg", File::new(ICON.into(), "image/svg+xml"))];
    let alone = alone.into_iter().map(|(path, file)| (path.to_owned(), file));
    scripts.chain(styles).chain(main).chain(alone).collect()
});

/// The script of the page, which is served with all that it imports.
const MAIN: &str = "main.js";

/// A script and all that it imports, in one; nothing where each has to be asked for.
fn script(name: &str) -> Option<File> {
    match bundled(name) {
        Ok(text) => Some(File::new(text.into_bytes().into(), SCRIPT)),
        Err(why) => {
            tracing::warn!(%why, "the page is loaded module by module");
            None
        }
    }
}

fn bundled(name: &str) -> Result<String, BundleError> {
    bundle(name, &|name| match Scripts::get(name)?.data {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    })
}

fn embedded<Folder: Embed>(below: &str, kind: &'static str) -> impl Iterator<Item = (String, File)> {
    Folder::iter().filter_map(move |name| {
        let bytes = Folder::get(&name)?.data;
        Some((format!("{below}{name}"), File::new(bytes, kind)))
    })
}

struct File {
    kind: &'static str,
    /// As it is, and by gzip.
    forms: [Form; 2],
}

struct Form {
    bytes: Bytes,
    tag: HeaderValue,
}

impl File {
    fn new(bytes: Cow<'static, [u8]>, kind: &'static str) -> Self {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let packed = packer.write_all(&bytes).and_then(|()| packer.finish()).unwrap_or_default();
        let plain = match bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => bytes.into(),
        };
        Self { kind, forms: [plain, packed.into()].map(Form::new) }
    }

    /// The file, in fewer bytes for those who unpack it, or that the one they have is this one (RFC 9110, 8.8.3 and 12.5.3).
    fn answer(&self, headers: &HeaderMap) -> Response {
        let packed = unpacks(headers);
        let form = &self.forms[usize::from(packed)];
        let fields = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (header::VARY, HeaderValue::from_static("Accept-Encoding")),
            (header::ETAG, form.tag.clone()),
        ];
        if headers.get(header::IF_NONE_MATCH) == Some(&form.tag) {
            return (StatusCode::NOT_MODIFIED, fields).into_response();
        }
        let packing = packed.then_some([(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))]);
        let mut answer = (fields, form.bytes.clone()).into_response();
        answer.headers_mut().extend(packing.into_iter().flatten());
        answer
    }
}

impl Form {
    fn new(bytes: Bytes) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(&bytes);
        let tag = format!("\"{:016x}\"", hash.finish());
        Self { bytes, tag: HeaderValue::from_str(&tag).expect("digits are a tag") }
    }
}

/// Whether what was asked for may be packed by gzip.
fn unpacks(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().trim_start_matches("q=").trim_end_matches(['0', '.']);
        name.trim().eq_ignore_ascii_case("gzip") && !(one.contains(';') && weight.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn the_script_of_the_page_can_be_one() {
        let text = bundled(MAIN).map_err(|why| why.to_string());
        let modules = Scripts::iter()
            .filter(|name| text.as_ref().is_ok_and(|text| text.contains(&format!("// {name}\n"))));
        // Two are for other pages, or for before there are modules.
        assert_eq!(modules.count(), Scripts::iter().count() - 2, "{:?}", text.err());
    }

    #[test]
    fn files_are_packed_for_those_who_unpack_them() {
        for (accepts, packed) in [
            (None, false),
            (Some("gzip, deflate, br, zstd"), true),
            (Some("br, gzip;q=0.5"), true),
            (Some("gzip;q=0"), false),
            (Some("identity"), false),
        ] {
            let headers: HeaderMap = accepts
                .map(|value| (header::ACCEPT_ENCODING, HeaderValue::from_static(value)))
                .into_iter()
                .collect();
            assert_eq!(unpacks(&headers), packed, "{accepts:?}");
            let answer = FILES["/css/base.css"].answer(&headers);
            assert_eq!(answer.headers().contains_key(header::CONTENT_ENCODING), packed, "{accepts:?}");
        }
        let [plain, packed] = &FILES["/css/base.css"].forms;
        let mut unpacked = Vec::new();
        GzDecoder::new(&*packed.bytes).read_to_end(&mut unpacked).expect("it is packed");
        assert_eq!(unpacked, plain.bytes);
        assert!(packed.bytes.len() * 2 < plain.bytes.len());
    }

    #[test]
    fn what_a_browser_has_is_not_sent_again() {
        let file = &FILES["/js/main.js"];
        let tagged = |form: &Form| HeaderMap::from_iter([(header::IF_NONE_MATCH, form.tag.clone())]);
        assert_eq!(file.answer(&tagged(&file.forms[0])).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(file.answer(&tagged(&file.forms[1])).status(), StatusCode::OK, "it is another form");
        assert_eq!(file.answer(&HeaderMap::new()).status(), StatusCode::OK);
    }
}
