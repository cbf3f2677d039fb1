//! Whose machine this is, by what the firmware says.

use serde::Serialize;

use crate::setup::Tree;

/// A cloud, and which of its machines this is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cloud {
    /// Whose.
    pub provider: Provider,
    /// The kind of machine, as `g5.xlarge`, where anybody says.
    pub instance_type: Option<String>,
}

/// A provider of machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Amazon EC2.
    Aws,
    /// Google Compute Engine.
    Gcp,
    /// Microsoft Azure.
    Azure,
    /// Oracle Cloud.
    Oracle,
    /// Alibaba Cloud.
    Alibaba,
    /// DigitalOcean.
    DigitalOcean,
    /// Hetzner.
    Hetzner,
    /// Anybody's OpenStack.
    OpenStack,
}

impl Cloud {
    /// Reads what the firmware says; `None` for machines of no cloud that is known.
    pub fn of(tree: &Tree) -> Option<Self> {
        let told = |name: &str| {
            tree.text(&format!("/sys/class/dmi/id/{name}")).unwrap_or_default().trim().to_owned()
        };
        let (vendor, product, tag) = (told("sys_vendor"), told("product_name"), told("chassis_asset_tag"));
        let provider = match (vendor.as_str(), tag.as_str()) {
            ("Amazon EC2", _) => Provider::Aws,
            ("Google", _) => Provider::Gcp,
            ("Microsoft Corporation", AZURE) => Provider::Azure,
            (_, "OracleCloud.com") => Provider::Oracle,
            ("Alibaba Cloud", _) => Provider::Alibaba,
            ("DigitalOcean", _) => Provider::DigitalOcean,
            ("Hetzner", _) => Provider::Hetzner,
            ("OpenStack Foundation", _) => Provider::OpenStack,
            ("Xen", _) if told("bios_version").to_ascii_lowercase().ends_with("amazon") => Provider::Aws,
            _ => return None,
        };
        let instance_type = (provider == Provider::Aws && product.contains('.')).then_some(product);
        Some(Self { provider, instance_type })
    }
}

/// The mark of Azure's machines, which other hosts with Hyper-V lack.
const AZURE: &str = "7783-7084-3265-9085-8269-3286-77";
