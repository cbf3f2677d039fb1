//! A chart as JSON in, as SVG out: `{"title": "…", "x": "seconds", "y": "ms", "curves": [["name", [[0, 1], [2, 3]]]]}`.

use std::{error::Error, io};

use cosmos_benches::plot::{Axis, Chart};

#[derive(serde::Deserialize)]
struct Asked {
    title: String,
    x: String,
    y: String,
    curves: Vec<(String, Vec<(f64, f64)>)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Asked { title, x, y, curves } = serde_json::from_reader(io::stdin())?;
    let axis = |name| Axis { name, logarithmic: false };
    print!("{}", Chart { title: &title, x: axis(&x), y: axis(&y), curves }.svg());
    Ok(())
}
