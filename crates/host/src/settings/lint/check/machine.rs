//! What the GPU and its driver must be able to do.

use std::ops::Range;

use cosmos_desktop::Size;
use cosmos_nvidia_driver::{DeviceEntry, VisibleDevices};
use cosmos_xorg_config::{
    Blanking, Cvt, Gpu, GpuClass, ModeRequest, RefreshRate, Refused, Timing, VideoPort, VideoPorts, allowed,
};

use super::View;
use crate::settings::{
    Value,
    lint::{
        finding::{Draft, Level, Rule},
        gpu::GpuModel,
    },
};

pub(super) fn check(view: &View<'_>) -> Vec<Draft> {
    [capability(view), slice(view), size(view), encoder(view)].into_iter().flatten().collect()
}

/// Without these parts of the driver nothing can be drawn on the GPU.
fn capability(view: &View<'_>) -> Option<Draft> {
    let winner = view.winner("driver_capabilities").filter(|_| !view.is("software"))?;
    let text = view.text(winner)?;
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    winner.setting.kind.parse(text).ok()?;
    let lacks = |word: &&str| !words.contains(word) && !words.contains(&"all");
    let missing: Vec<&str> = ["graphics", "display"].into_iter().filter(lacks).collect();
    if missing.is_empty() {
        return None;
    }
    let what = format!("{} lacks {}", winner.given.name.text, missing.join(" and "));
    let fix = "write all, or compute,utility,graphics,video,display".to_owned();
    Some(Draft::new(Rule::DisplayCapability, winner.given.here()?.span.clone(), what, fix))
}

fn slice(view: &View<'_>) -> Option<Draft> {
    let winner = view.winner("visible_devices").filter(|_| !view.is("software"))?;
    let Some(Value::Devices(VisibleDevices::List(entries))) = view.value("visible_devices") else {
        return None;
    };
    entries.iter().all(DeviceEntry::is_mig).then_some(())?;
    let what = format!("{} names slices of GPUs only", winner.given.name.text);
    let fix = "name a whole GPU by its index or UUID, or set COSMOS_SOFTWARE=true".to_owned();
    Some(Draft::new(Rule::GpuSlice, winner.given.here()?.span.clone(), what, fix))
}

/// A screen that its output cannot carry: an error where GPU and driver are known, else a warning.
fn size(view: &View<'_>) -> Option<Draft> {
    let place = place_of_size(view).filter(|_| !view.is("software"))?;
    let Some(Value::Ports(ports)) = view.value("video_port") else { return None };
    let timing = timing(view)?;
    let class = view.options.gpu.or_else(|| model_asked_for(view)).map(GpuModel::class);
    let gpu = Gpu { class: class.unwrap_or(GpuClass::Consumer), driver: view.options.driver };
    let refused = refused(&timing, &ports, gpu)?;
    let certain = class.is_some() && view.options.driver.is_some();
    let what = format!(
        "{}x{} needs a pixel clock of {}, and {} allows {}",
        refused.timing.horizontal.active,
        refused.timing.vertical.active,
        refused.timing.clock,
        refused.port,
        refused.limit
    );
    let best = refused
        .best
        .as_ref()
        .map_or(String::new(), |best| format!(", or ask for {}", best.name().trim_end_matches('R')));
    let unless = match (class, certain) {
        (_, true) => "",
        (None, _) => {
            "; nothing needs to change on a data-centre board up to 2560x1600, or with driver 550 or newer"
        }
        _ => "; nothing needs to change with driver 550 or newer",
    };
    let draft = Draft::new(Rule::SizeBeyondPort, place, what, format!("set VIDEO_PORT=DP-0{best}{unless}"));
    Some(Draft { level: if certain { Level::Error } else { draft.level }, ..draft })
}

/// Where the reader should look: at the size, else at the output.
fn place_of_size(view: &View<'_>) -> Option<Range<usize>> {
    let winner =
        ["size", "width", "height", "refresh", "video_port"].iter().find_map(|key| view.winner(key))?;
    winner.given.here().map(|value| value.span.clone())
}

/// With the shortest blanking, as the X server is given it.
fn timing(view: &View<'_>) -> Option<Timing> {
    let whole = match view.value("size") {
        Some(Value::Size(size)) => size,
        _ => return None,
    };
    let side = |key, whole: u16| match (view.winner("size"), view.value(key)) {
        (None, Some(Value::Integer(side))) => u32::try_from(side).ok(),
        _ => Some(whole.into()),
    };
    let Size { width, height } = whole;
    let refresh = match view.value("refresh") {
        Some(Value::Refresh(rate)) => rate,
        _ => RefreshRate::from_hz(60).ok()?,
    };
    let request = ModeRequest::new(side("width", width)?, side("height", height)?, refresh).ok()?;
    let cvt = match refresh.whole_hz().is_some_and(|hz| hz % 60 == 0) {
        true => Cvt::XorgCompat { reduced: true },
        false => Cvt::Vesa { blanking: Blanking::Reduced, margins: false },
    };
    cvt.modeline(&request).ok().map(|mode| mode.timing())
}

fn refused(timing: &Timing, ports: &VideoPorts, gpu: Gpu) -> Option<Refused> {
    ports.iter().find_map(|port: &VideoPort| allowed(timing, *port, gpu).err())
}

/// An encoder that needs an engine which this GPU does not have.
fn encoder(view: &View<'_>) -> Option<Draft> {
    let (winner, gpu) = (view.winner("encoder")?, view.options.gpu.or_else(|| model_asked_for(view))?);
    let Some(Value::Encoder(encoder)) = view.value("encoder") else { return None };
    let lacks = match encoder.nvenc() {
        Some(codec) => !gpu.encodes(codec)?,
        // The drivers of NVIDIA decode through VA-API and encode nothing through it.
        None => encoder.is_hardware(),
    };
    lacks.then_some(())?;
    let what = format!("{} asks for {}, which {gpu} does not have", winner.given.name.text, encoder.name());
    let fix = format!("write {}, or auto", encoder.software());
    Some(Draft::new(Rule::EncoderNotOnGpu, winner.given.here()?.span.clone(), what, fix))
}

fn model_asked_for(view: &View<'_>) -> Option<GpuModel> {
    view.container.gpu.as_deref()?.parse().ok()
}
