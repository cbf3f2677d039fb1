//! The figures in the text form of Prometheus, version 0.0.4.

use std::fmt;

use cosmos_protocol::DesktopState;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, prometheus_text},
    metrics::MetricType,
    registry::Registry,
};

use super::Times;
use crate::stats::Snapshot;

/// How often somebody logged in, or tried to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Logins {
    pub(crate) accepted: u64,
    pub(crate) wrong: u64,
    pub(crate) limited: u64,
}

/// How the desktop is drawn: the mode, and the better modes with the names of the reasons against them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Graphics {
    pub(crate) mode: String,
    pub(crate) refused: Vec<(String, String)>,
}

/// The text of all figures.
pub(crate) fn render(snapshot: Snapshot, logins: Logins, graphics: Option<Graphics>) -> String {
    let mut registry = Registry::with_prefix("cosmos");
    registry.register_collector(Box::new(Figures { snapshot, logins, graphics }));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).expect("a string takes everything");
    text
}

#[derive(Debug)]
struct Figures {
    snapshot: Snapshot,
    logins: Logins,
    graphics: Option<Graphics>,
}

/// Pairs of a name and a value.
type Labels<'a> = Vec<(&'static str, &'a str)>;

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let encoder = &mut encoder;
        self.desktop(encoder)?;
        self.viewers(encoder)?;
        self.pictures(encoder)?;
        self.drawing(encoder)
    }
}

impl Figures {
    fn desktop(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let version = vec![("version", env!("CARGO_PKG_VERSION"))];
        gauges(encoder, "build_info", "The version of the server", [(version, 1)])?;
        let up = u64::from(self.snapshot.desktop.0 == DesktopState::Up);
        gauges(encoder, "desktop_up", "Whether the desktop can be seen", [(vec![], up)])?;
        let lost = self.snapshot.totals.losses;
        counters(encoder, "desktop_losses", "How often the desktop was lost", [(vec![], lost)])?;
        let size = self.snapshot.size.map(|size| (u64::from(size.width), u64::from(size.height)));
        let (width, height) = size.unwrap_or_default();
        let sides = [(vec![("side", "width")], width), (vec![("side", "height")], height)];
        gauges(encoder, "screen_pixels", "The size of the screen", sides)?;
        let Logins { accepted, wrong, limited } = self.logins;
        let results = [("accepted", accepted), ("wrong", wrong), ("limited", limited)];
        let results = results.map(|(result, count)| (vec![("result", result)], count));
        counters(encoder, "logins", "Logins, by what became of them", results)
    }

    fn viewers(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let watching = &self.snapshot.watching;
        let rows = watching.iter().map(|((transport, role), count)| {
            (vec![("transport", *transport), ("role", *role)], *count as u64)
        });
        gauges(encoder, "viewers", "Pages that are connected", rows)?;
        let totals = &self.snapshot.totals;
        let begun = [("webrtc", totals.over_webrtc), ("websocket", totals.over_websocket)];
        let begun = begun.map(|(transport, count)| (vec![("transport", transport)], count));
        counters(encoder, "sessions", "Pages that connected", begun)?;
        counters(encoder, "sent_bytes", "Bytes that left for pages", [(vec![], totals.sent_bytes)])?;
        let skipped = [(vec![], self.snapshot.skipped)];
        counters(encoder, "skipped_frames", "Pictures that a page was too slow for", skipped)?;
        counters(encoder, "faults", "What viewers were told that went wrong", [(vec![], totals.notices)])
    }

    fn pictures(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let totals = &self.snapshot.totals;
        let kinds = [(vec![("kind", "key")], totals.keyframes), (vec![("kind", "delta")], totals.deltas)];
        counters(encoder, "frames", "Pictures that were encoded", kinds)?;
        counters(encoder, "encoded_bytes", "Bytes of these pictures", [(vec![], totals.encoded_bytes)])?;
        let target = u64::from(self.snapshot.target_kbps) * 1000;
        gauges(encoder, "target_bits_per_second", "What the encoder is asked for", [(vec![], target)])?;
        let help = "Time that a picture takes in each stage";
        let mut metric = encoder.encode_descriptor("stage_seconds", help, None, MetricType::Histogram)?;
        for (stage, times) in
            [("capture", &totals.capture), ("convert", &totals.convert), ("encode", &totals.encode)]
        {
            let Times { sum, count, .. } = times;
            let buckets = times.buckets();
            let labels = [("stage", stage)];
            let mut row = metric.encode_family(&labels)?;
            row.encode_histogram::<NoLabelSet>(sum.as_secs_f64(), *count, &buckets, None)?;
        }
        Ok(())
    }

    fn drawing(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let info = self.snapshot.encoder.as_ref();
        let (element, codec) =
            info.map(|it| (it.element.to_string(), it.codec.to_string())).unwrap_or_default();
        let hardware = if info.is_some_and(|it| it.hardware) { "true" } else { "false" };
        let labels = vec![("element", &*element), ("codec", &*codec), ("hardware", hardware)];
        let rows = info.map(|_| (labels, 1));
        gauges(encoder, "encoder_info", "What encodes the picture", rows)?;
        let Some(Graphics { mode, refused }) = &self.graphics else { return Ok(()) };
        let modes = MODES.map(|known| (vec![("mode", known)], u64::from(known == mode)));
        gauges(encoder, "graphics_mode", "How the desktop is drawn: 1 for the mode that holds", modes)?;
        let rows = refused.iter().take(MOST_REASONS);
        let rows = rows.map(|(mode, reason)| (vec![("mode", &**mode), ("reason", &**reason)], 1));
        gauges(encoder, "graphics_refused", "Why it is drawn in no better way", rows)
    }
}

fn gauges<'a>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    rows: impl IntoIterator<Item = (Labels<'a>, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    each(&mut metric, rows, |row, value| row.encode_gauge(&value))
}

fn counters<'a>(
    encoder: &mut DescriptorEncoder,
    name: &str,
    help: &str,
    rows: impl IntoIterator<Item = (Labels<'a>, u64)>,
) -> fmt::Result {
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    each(&mut metric, rows, |row, value| row.encode_counter::<NoLabelSet, _, f64>(&value, None))
}

fn each<'a>(
    metric: &mut MetricEncoder<'_>,
    rows: impl IntoIterator<Item = (Labels<'a>, u64)>,
    write: impl Fn(&mut MetricEncoder<'_>, u64) -> fmt::Result,
) -> fmt::Result {
    for (labels, value) in rows {
        match labels.is_empty() {
            true => write(metric, value)?,
            false => write(&mut metric.encode_family(&labels)?, value)?,
        }
    }
    Ok(())
}

const MODES: [&str; 3] = ["gpu-x-server", "gpu-rendering", "software"];
/// More than there are.
const MOST_REASONS: usize = 32;
