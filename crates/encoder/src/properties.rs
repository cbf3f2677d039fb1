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
