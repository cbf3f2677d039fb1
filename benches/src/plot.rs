//! Curves as SVG: a title, two axes, a line for each series.

use std::{
    fmt::{self, Write as _},
    ops::RangeInclusive,
};

/// One axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis<'a> {
    /// What is counted, with its unit.
    pub name: &'a str,
    /// Whether equal steps are equal ratios; the values are above zero then. Otherwise it begins at zero, or below.
    pub logarithmic: bool,
}

/// A picture of several curves.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// What it shows.
    pub title: &'a str,
    /// To the right.
    pub x: Axis<'a>,
    /// Upwards.
    pub y: Axis<'a>,
    /// The name of each curve and its points, in the order of the line.
    pub curves: Vec<(String, Vec<(f64, f64)>)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
/// Where the curves are: columns from the left, rows from the top.
const COLUMNS: [f64; 2] = [64.0, 560.0];
const ROWS: [f64; 2] = [344.0, 40.0];
/// Told apart by people who do not see all colours too (Okabe and Ito).
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#888888"];
/// About so many marks on an axis.
const MARKS: f64 = 6.0;

/// The values of an axis, and where they lie.
struct Ruler {
    logarithmic: bool,
    values: RangeInclusive<f64>,
    place: [f64; 2],
}

impl Ruler {
    fn new(axis: Axis<'_>, values: impl Iterator<Item = f64> + Clone, place: [f64; 2]) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let most = values.fold(f64::NEG_INFINITY, f64::max);
        let least = if axis.logarithmic { least } else { least.min(0.0) };
        let most = if most > least { most } else { least + 1.0 };
        Self { logarithmic: axis.logarithmic, values: least..=most, place }
    }

    fn at(&self, value: f64) -> f64 {
        let of = |value: f64| if self.logarithmic { value.ln() } else { value };
        let (least, most) = (of(*self.values.start()), of(*self.values.end()));
        let [from, to] = self.place;
        from + (of(value) - least) / (most - least) * (to - from)
    }

    /// Round values: 1, 2 and 5 times the powers of ten.
    fn marks(&self) -> Vec<f64> {
        let (least, most) = (*self.values.start(), *self.values.end());
        if self.logarithmic {
            let decades = least.log10().floor() as i32..=most.log10().ceil() as i32;
            let marks = decades.flat_map(|decade| [1.0, 2.0, 5.0].map(|times| times * 10_f64.powi(decade)));
            return marks.filter(|mark| self.values.contains(mark)).collect();
        }
        let rough = (most - least) / MARKS;
        let decade = 10_f64.powf(rough.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * decade);
        let step = steps.into_iter().find(|step| *step >= rough).unwrap_or(rough);
        let (first, last) = ((least / step).ceil() as i64, (most / step).floor() as i64);
        (first..=last).map(|count| count as f64 * step).collect()
    }
}

impl Chart<'_> {
    /// The picture as a document that stands alone.
    pub fn svg(&self) -> String {
        let mut svg = String::new();
        // Text never refuses to be written to.
        let _infallible = self.draw(&mut svg);
        svg
    }

    fn draw(&self, svg: &mut String) -> fmt::Result {
        let points = || self.curves.iter().flat_map(|(_, points)| points.iter().copied());
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\"><rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>"
        )?;
        text(svg, [WIDTH / 2.0, 22.0], "middle", self.title)?;
        if points().next().is_some() {
            let x = Ruler::new(self.x, points().map(|(x, _)| x), COLUMNS);
            let y = Ruler::new(self.y, points().map(|(_, y)| y), ROWS);
            self.draw_axes(svg, &x, &y)?;
            self.draw_curves(svg, &x, &y)?;
        }
        svg.write_str("</svg>\n")
    }

    fn draw_axes(&self, svg: &mut String, x: &Ruler, y: &Ruler) -> fmt::Result {
        for mark in x.marks() {
            let at = x.at(mark);
            line(svg, "#ddd", &[(at, ROWS[0]), (at, ROWS[1])])?;
            text(svg, [at, ROWS[0] + 18.0], "middle", &label(mark))?;
        }
        for mark in y.marks() {
            let at = y.at(mark);
            line(svg, "#ddd", &[(COLUMNS[0], at), (COLUMNS[1], at)])?;
            text(svg, [COLUMNS[0] - 6.0, at + 4.0], "end", &label(mark))?;
        }
        text(svg, [(COLUMNS[0] + COLUMNS[1]) / 2.0, ROWS[0] + 40.0], "middle", self.x.name)?;
        text(svg, [8.0, ROWS[1] - 8.0], "start", self.y.name)
    }

    fn draw_curves(&self, svg: &mut String, x: &Ruler, y: &Ruler) -> fmt::Result {
        for (index, (name, points)) in self.curves.iter().enumerate() {
            let colour = COLOURS[index % COLOURS.len()];
            let places = points.iter().map(|point| (x.at(point.0), y.at(point.1))).collect::<Vec<_>>();
            line(svg, colour, &places)?;
            let row = ROWS[1] + 8.0 + 20.0 * index as f64;
            line(svg, colour, &[(COLUMNS[1] + 14.0, row), (COLUMNS[1] + 34.0, row)])?;
            text(svg, [COLUMNS[1] + 40.0, row + 4.0], "start", name)?;
        }
        Ok(())
    }
}

fn line(svg: &mut String, colour: &str, places: &[(f64, f64)]) -> fmt::Result {
    write!(svg, "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\" points=\"")?;
    places.iter().try_for_each(|(x, y)| write!(svg, "{x:.1},{y:.1} "))?;
    svg.write_str("\"/>\n")
}

fn text(svg: &mut String, [x, y]: [f64; 2], anchor: &str, text: &str) -> fmt::Result {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>")
}

/// A value of a mark, without what floating point adds to it.
fn label(mark: f64) -> String {
    let text = format!("{mark:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruler(logarithmic: bool, values: &[f64]) -> Ruler {
        Ruler::new(Axis { name: "", logarithmic }, values.iter().copied(), [0.0, 100.0])
    }

    #[test]
    fn marks_are_round_and_within_the_axis() {
        for (logarithmic, values, expected) in [
            (false, [3.0, 60.0], &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0][..]),
            (false, [0.0, 0.9], &[0.0, 0.2, 0.4, 0.6, 0.8]),
            (false, [-4.0, 4.0], &[-4.0, -2.0, 0.0, 2.0, 4.0]),
            (false, [7.0, 0.0], &[0.0, 2.0, 4.0, 6.0]),
            (true, [300.0, 8000.0], &[500.0, 1000.0, 2000.0, 5000.0]),
        ] {
            let marks = ruler(logarithmic, &values).marks();
            let labels = |marks: &[f64]| marks.iter().copied().map(label).collect::<Vec<_>>();
            assert_eq!(labels(&marks), labels(expected), "{values:?}");
        }
    }

    #[test]
    fn values_lie_where_their_scale_puts_them() {
        for (logarithmic, values, value, expected) in [
            (false, [0.0, 50.0], 20.0, 40.0),
            (true, [1.0, 100.0], 10.0, 50.0),
            // One value alone has no width.
            (false, [0.0, 0.0], 0.0, 0.0),
        ] {
            let at = ruler(logarithmic, &values).at(value);
            assert!((at - expected).abs() < 1e-9, "{values:?} {value}: {at}");
        }
    }

    #[test]
    fn a_chart_names_what_it_shows() {
        let axis = |name| Axis { name, logarithmic: false };
        let curves = vec![("a<b".to_owned(), vec![(0.0, 1.0), (2.0, 3.0)])];
        let (title, x, y) = ("R&D", axis("s"), axis("dB"));
        let svg = Chart { title, x, y, curves }.svg();
        for text in ["R&amp;D", ">s<", ">dB<", "a&lt;b", "64.0,242.7 560.0,40.0"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        assert!(!Chart { title, x, y, curves: vec![] }.svg().contains("polyline"));
    }
}
