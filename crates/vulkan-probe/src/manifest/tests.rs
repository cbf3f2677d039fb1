#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use proptest::prelude::*;

use super::*;

fn places(variables: &[(&str, &str)]) -> Vec<String> {
    let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    vulkan_manifests(find).iter().map(|path| path.to_string_lossy().into_owned()).collect()
}

#[test]
fn drivers_of_vulkan_are_looked_for_where_the_loader_does() {
    assert_eq!(
        places(&[]),
        [
            "/etc/xdg/vulkan/icd.d",
            "/usr/local/etc/vulkan/icd.d",
            "/etc/vulkan/icd.d",
            "/usr/local/share/vulkan/icd.d",
            "/usr/share/vulkan/icd.d"
        ]
    );
    assert_eq!(places(&[("VK_ICD_FILENAMES", "/a.json:/b.json"), ("HOME", "/h")]), ["/a.json", "/b.json"]);
    assert_eq!(places(&[("VK_ICD_FILENAMES", "/a.json"), ("VK_DRIVER_FILES", "/n.json")]), ["/n.json"]);
    let home = places(&[("HOME", "/h"), ("XDG_DATA_DIRS", "/d"), ("VK_ADD_DRIVER_FILES", "/more")]);
    assert_eq!(home.first().map(String::as_str), Some("/more"));
    assert!(
        home.contains(&"/h/.config/vulkan/icd.d".to_owned()) && home.contains(&"/d/vulkan/icd.d".to_owned())
    );
    assert!(!home.iter().any(|path| path.starts_with("/usr/share")), "XDG_DATA_DIRS replaces the usual ones");
}

#[test]
fn manifests_tell_what_is_wrong_with_them() {
    let directory = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
    put("1.json", r#"{"ICD":{"library_path":"libcosmos-none.so.0","api_version":"1.4.312"}}"#);
    put("2.json", "{");
    put("3.json", r#"{"ICD":{}}"#);
    put("4.json", r#"{"ICD":{"library_path":"./broken.so"}}"#);
    put("broken.so", "not a library");
    put("ignored.txt", "{");
    let mut found = read_all(&[directory.path().to_owned(), directory.path().join("1.json"), "/none".into()]);
    found.iter_mut().for_each(Manifest::try_library);
    let errors = found.iter().map(|manifest| manifest.error.clone().unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(found.len(), 4, "a file named twice is read once");
    assert_eq!(found[0].api_version.as_deref(), Some("1.4.312"));
    assert_eq!((found[0].opens, found[1].opens), (Some(false), None));
    for (error, part) in
        errors.iter().zip(["libcosmos-none.so.0: ", "no JSON", "library_path", "broken.so: "])
    {
        assert!(error.contains(part), "{error}");
    }
    let absent = read_all(&["/none/absent.json".into()]);
    assert!(absent[0].error.is_some(), "a file that was named and is not there is told");
}

proptest! {
    #[test]
    fn no_text_makes_a_manifest_panic(text in ".{0,200}") {
        read(Path::new("/none.json")).parse(&text);
    }
}
