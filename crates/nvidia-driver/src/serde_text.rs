//! Values that stand in a report as their text.

use serde::{Serialize, Serializer};

use crate::{CudaVersion, DriverVersion, GpuUuid, PciAddress};

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

as_text!(CudaVersion, DriverVersion, GpuUuid, PciAddress);
