//! Configuration files: any bytes are judged; what is read prints as it was, its meaning prints to a file of the same
//! meaning, and an edit is seen and changes nothing the second time.

#![no_main]

use cosmos_xorg_config::{Config, Document, EditError, Place, SectionKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = Document::parse_bytes(bytes) else { return };
    assert_eq!(document.as_str().as_bytes(), bytes);
    edit(document.clone());
    let Ok(config) = Config::read(&[document]) else { return };
    let printed = Document::parse(config.to_string()).expect("a printed configuration is one");
    assert!(printed.warnings().is_empty());
    let again = Config::read(&[printed]).expect("a printed configuration holds together");
    assert_eq!(again, config);
});

fn edit(mut document: Document) {
    let place = Place::only(SectionKind::ServerFlags);
    let before = document.to_string();
    let set = document.ensure_section(place).and_then(|_| document.set_option(place, "DontZap", Some("no")));
    match set {
        Ok(_) => {
            assert_eq!(document.set_option(place, "dont_zap", Some("no")), Ok(false));
            let flags =
                document.sections().filter(|section| section.kind() == Some(SectionKind::ServerFlags)).last();
            assert_eq!(flags.and_then(|flags| flags.option("DontZap")), Some("no"));
        }
        Err(EditError::Result(_)) => assert!(document.to_string().starts_with(&before)),
        Err(error) => panic!("{error}"),
    }
}
