//! Two peers, a virtual clock and a seeded lossy link.
