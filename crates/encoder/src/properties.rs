//! Settings of an element, given as text and applied only where the element at hand takes them.

use gstreamer::{glib, prelude::*};

/// Why a setting was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unset {
    #[error("no such property")]
    Missing,
    #[error("the value is not accepted")]
    Value,
}

/// Sets a property, if the element has it and it takes the value; versions differ in both.
pub(crate) fn set(element: &impl IsA<glib::Object>, name: &str, text: &str) -> Result<(), Unset> {
    let spec = element.find_property(name).ok_or(Unset::Missing)?;
    if !spec.flags().contains(glib::ParamFlags::WRITABLE) {
        return Err(Unset::Missing);
    }
    let value = glib::Value::deserialize(text, spec.value_type()).map_err(|_| Unset::Value)?;
    if !in_range(&spec, &value) {
        return Err(Unset::Value);
    }
    element.set_property_from_value(name, &value);
    Ok(())
}

/// GObject clamps a number that is out of range without a word.
fn in_range(spec: &glib::ParamSpec, value: &glib::Value) -> bool {
    macro_rules! within {
        ($($number:ty: $spec:ty),*) => {
            $(if let (Some(spec), Ok(number)) = (spec.downcast_ref::<$spec>(), value.get::<$number>()) {
                return (spec.minimum()..=spec.maximum()).contains(&number);
            })*
        };
    }
    within!(i32: glib::ParamSpecInt, u32: glib::ParamSpecUInt, i64: glib::ParamSpecInt64);
    within!(u64: glib::ParamSpecUInt64, f32: glib::ParamSpecFloat, f64: glib::ParamSpecDouble);
    true
}

#[cfg(test)]
mod tests {
    use gstreamer as gst;

    use super::*;

    #[test]
    fn what_an_element_does_not_take_is_left_alone() {
        gst::init().unwrap();
        let element = gst::ElementFactory::make("capsfilter").build().unwrap();
        for (name, value, expected) in [
            ("no-such-property", "1", Err(Unset::Missing)),
            ("caps-change-mode", "sideways", Err(Unset::Value)),
            ("caps-change-mode", "delayed", Ok(())),
            ("qos", "perhaps", Err(Unset::Value)),
            ("parent", "x", Err(Unset::Value)),
        ] {
            assert_eq!(set(&element, name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        gst::init().unwrap();
        let Ok(element) = gst::ElementFactory::make("vp8enc").build() else {
            eprintln!("SKIPPED ranges: vp8enc is not installed");
            return;
        };
        assert_eq!(set(&element, "cpu-used", "-17"), Err(Unset::Value));
        assert_eq!(set(&element, "cpu-used", "-16"), Ok(()));
        assert_eq!(element.property::<i32>("cpu-used"), -16);
    }
}
