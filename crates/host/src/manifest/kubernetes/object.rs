//! Objects on their way from the types of Kubernetes to text.

use k8s_openapi::{Metadata, Resource, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use serde::Serialize;
use serde_json::Value;

use crate::manifest::{ManifestError, compose::yaml};

/// One object, with the parts by which it is found.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) value: Value,
}

impl Object {
    pub(super) fn of<T>(object: &T) -> Result<Self, ManifestError>
    where
        T: Resource + Metadata<Ty = ObjectMeta> + Serialize,
    {
        let name = object.metadata().name.clone().unwrap_or_default();
        Ok(Self { kind: T::KIND, name, value: value(object)? })
    }
}

/// One text of several documents.
pub(super) fn documents(objects: &[Object]) -> Result<String, ManifestError> {
    let texts: Result<Vec<String>, _> = objects.iter().map(|object| yaml(&object.value)).collect();
    Ok(texts?.join("---\n"))
}

pub(super) fn value(object: &impl Serialize) -> Result<Value, ManifestError> {
    serde_json::to_value(object).map_err(|error| ManifestError::Print(Box::new(error)))
}
