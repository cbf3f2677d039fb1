//! What GStreamer remembers of its plugins, where that is no longer true.

use std::path::Path;

use gstreamer as gst;

use crate::table::{self, Maker};

/// Files that are there where a GPU of NVIDIA's can be used; the second is that of WSL.
const GPU: [&str; 2] = ["/dev/nvidiactl", "/dev/dxg"];
/// The plugin that holds the elements of NVENC.
const PLUGIN: &str = "nvcodec";

/// Looks for NVENC anew where [`it may have been forgotten`](is_forgetful). The plugin asks the driver then, which takes
/// seconds on some machines.
pub(crate) fn wake() {
    if is_forgetful() {
        load(PLUGIN);
    }
}

/// Whether there may be NVENC though GStreamer remembers none. The plugin offers what it finds when it is looked at for
/// the first time, and does not say that this depends on the GPU: what was remembered without one, as in an image that
/// is made elsewhere, hides the encoders for ever.
pub(crate) fn is_forgetful() -> bool {
    let nvenc = table::rows().filter(|row| row.maker == Maker::Nvidia);
    let remembered = nvenc.map(|row| row.element).any(is_there);
    !remembered && GPU.iter().any(|path| Path::new(path).exists())
}

/// Whether GStreamer offers this element.
pub(crate) fn is_there(element: &str) -> bool {
    gst::ElementFactory::find(element).is_some()
}

/// Lets a plugin say again what it offers, unless it has done so in this process.
fn load(plugin: &str) {
    if let Err(error) = gst::Plugin::load_by_name(plugin) {
        tracing::debug!(plugin, %error, "not loaded");
    }
}

#[cfg(test)]
mod tests {
    use gstreamer::prelude::*;

    use super::*;

    /// What was remembered without a GPU: a plugin without its elements. It is made of one that no other test uses, as
    /// this is the memory of the whole process.
    #[test]
    fn what_a_plugin_offers_is_found_though_it_was_forgotten() {
        gst::init().unwrap();
        let Some(factory) = gst::ElementFactory::find("flacenc") else {
            eprintln!("SKIPPED forgetting an element: flacenc is not installed");
            return;
        };
        gst::Registry::get().remove_feature(&factory);
        assert!(!is_there("flacenc"), "{}", factory.name());
        load("flac");
        assert!(is_there("flacenc"));
    }

    #[test]
    fn a_plugin_that_is_not_there_is_left_alone() {
        gst::init().unwrap();
        load("no-such-plugin");
        wake();
    }
}
