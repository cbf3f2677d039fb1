//! The size of the screen, through RANDR.

use cosmos_desktop::Size;
use x11rb::{
    CURRENT_TIME, NONE,
    connection::Connection as _,
    errors::ReplyOrIdError,
    protocol::{
        randr::{
            Connection, ConnectionExt as _, Crtc, GetCrtcInfoReply, GetOutputInfoReply,
            GetScreenResourcesCurrentReply, GetScreenSizeRangeReply, Mode, Output, Rotation, SetConfig,
        },
        xproto::ConnectionExt as _,
    },
};

use crate::{
    link::{Link, XResult},
    modeline::{PREFIX, modeline, name},
};

/// How many pixels make how many millimetres, along one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Density {
    pub(crate) pixels: u16,
    pub(crate) mm: u16,
}

impl Density {
    /// The length of so many pixels, in millimetres, at least 1.
    pub(crate) fn length(self, pixels: u16) -> u32 {
        let (per, mm) = (u32::from(self.pixels).max(1), u32::from(self.mm));
        ((u32::from(pixels) * mm + per / 2) / per).max(1)
    }
}

/// Why a screen keeps its size.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoResize {
    #[error("has no connected RANDR output whose size could change")]
    NoOutput,
    #[error("refuses the mode of {size}")]
    Mode { size: Size, source: ReplyOrIdError },
    #[error("refuses the size {size}")]
    Screen { size: Size, source: ReplyOrIdError },
    #[error("does not switch its output to {size}: {status:?}")]
    Output { size: Size, status: SetConfig },
    #[error(transparent)]
    Server(#[from] ReplyOrIdError),
}

impl NoResize {
    /// What the connection failed with, if that is the reason.
    pub(crate) fn lost(self) -> Result<ReplyOrIdError, Self> {
        match self {
            Self::Mode { source, .. } | Self::Screen { source, .. } | Self::Server(source)
                if matches!(source, ReplyOrIdError::ConnectionError(_)) =>
            {
                Ok(source)
            }
            other => Err(other),
        }
    }
}

/// Makes the screen as large as this, or as near as it goes, and returns what it became.
pub(crate) fn resize(link: &Link, wanted: Size, density: (Density, Density)) -> Result<Size, NoResize> {
    let range = size_range(link)?;
    let clamp =
        |side: u16, min: u16, max: u16| (side & !1).clamp(min.max(2).next_multiple_of(2), (max & !1).max(2));
    let size = Size::new(
        clamp(wanted.width, range.min_width, range.max_width),
        clamp(wanted.height, range.min_height, range.max_height),
    );
    let now = root_size(link)?;
    if now != size {
        let head = Head::find(link)?;
        let (mode, size) = head.mode(link, size).or_else(|refusal| head.nearest_mode(size).ok_or(refusal))?;
        grab(link)?;
        let switched = head.switch(link, (now, size), mode, density);
        ungrab(link)?;
        remove_old_modes(link, if switched.is_ok() { mode } else { head.crtc_info.mode })?;
        switched?;
    }
    Ok(root_size(link)?)
}

/// An output, the controller it hangs on, and what the screen knows of both.
struct Head {
    resources: GetScreenResourcesCurrentReply,
    output: Output,
    info: GetOutputInfoReply,
    crtc: Crtc,
    crtc_info: GetCrtcInfoReply,
}

impl Head {
    /// The first output that is lit, else the first that is connected.
    fn find(link: &Link) -> Result<Self, NoResize> {
        let resources = resources(link)?;
        let mut best = None;
        for output in &resources.outputs {
            let info = output_info(link, *output, &resources)?;
            let crtc = Some(info.crtc).filter(|crtc| *crtc != NONE).or(info.crtcs.first().copied());
            let Some(crtc) = crtc.filter(|_| info.connection != Connection::DISCONNECTED) else { continue };
            let is_lit = info.crtc != NONE;
            best = best.filter(|_| !is_lit).or(Some((*output, info, crtc)));
            if is_lit {
                break;
            }
        }
        let (output, info, crtc) = best.ok_or(NoResize::NoOutput)?;
        let crtc_info = crtc_info(link, crtc, &resources)?;
        Ok(Self { resources, output, info, crtc, crtc_info })
    }

    /// A mode of this size that the output takes: one it has, one of ours from before, or a new one.
    fn mode(&self, link: &Link, size: Size) -> Result<(Mode, Size), NoResize> {
        let fits =
            |id: &&Mode| self.resources.modes.iter().any(|mode| mode.id == **id && size_of(mode) == size);
        if let Some(mode) = self.info.modes.iter().find(fits) {
            return Ok((*mode, size));
        }
        let ours = name(size);
        let known =
            named_modes(&self.resources).find(|(_, name)| *name == ours.as_bytes()).map(|(mode, _)| mode);
        let made = known.map_or_else(|| create_mode(link, size, &ours), Ok);
        let added = made.and_then(|mode| {
            link.conn.randr_add_output_mode(self.output, mode)?.check()?;
            Ok((mode, size))
        });
        added.map_err(|source| NoResize::Mode { size, source })
    }

    /// The mode of the output that is nearest to this size, for drivers that take no new ones.
    fn nearest_mode(&self, size: Size) -> Option<(Mode, Size)> {
        let of_output = self.resources.modes.iter().filter(|mode| self.info.modes.contains(&mode.id));
        of_output.map(|mode| (mode.id, size_of(mode))).min_by_key(|(_, other)| distance(size, *other))
    }

    /// Switches to `mode` in an order in which the picture of the output always lies within the screen.
    fn switch(
        &self,
        link: &Link,
        (old, new): (Size, Size),
        mode: Mode,
        density: (Density, Density),
    ) -> Result<(), NoResize> {
        let must_go_dark = self.crtc_info.width > new.width || self.crtc_info.height > new.height;
        if must_go_dark && self.crtc_info.mode != NONE {
            self.set_mode(link, NONE, new)?;
        }
        let done = set_screen(link, new, density)
            .map_err(|source| NoResize::Screen { size: new, source })
            .and_then(|()| self.set_mode(link, mode, new));
        if done.is_err() {
            // The way back: what was there before fitted.
            drop(set_screen(link, old, density));
            drop(self.set_mode(link, self.crtc_info.mode, old));
        }
        done
    }

    fn set_mode(&self, link: &Link, mode: Mode, size: Size) -> Result<(), NoResize> {
        let outputs: &[Output] = if mode == NONE { &[] } else { &[self.output] };
        let status = self.configure(link, mode, outputs)?;
        if status == SetConfig::SUCCESS { Ok(()) } else { Err(NoResize::Output { size, status }) }
    }

    fn configure(&self, link: &Link, mode: Mode, outputs: &[Output]) -> XResult<SetConfig> {
        let (time, rotation) = (self.resources.config_timestamp, Rotation::ROTATE0);
        let set =
            link.conn.randr_set_crtc_config(self.crtc, CURRENT_TIME, time, 0, 0, mode, rotation, outputs)?;
        Ok(set.reply()?.status)
    }
}

fn grab(link: &Link) -> XResult<()> {
    link.conn.grab_server()?;
    Ok(())
}

fn ungrab(link: &Link) -> XResult<()> {
    link.conn.ungrab_server()?;
    Ok(link.conn.flush()?)
}

fn size_range(link: &Link) -> XResult<GetScreenSizeRangeReply> {
    Ok(link.conn.randr_get_screen_size_range(link.root)?.reply()?)
}

fn set_screen(link: &Link, size: Size, (horizontal, vertical): (Density, Density)) -> XResult<()> {
    let (width, height) = (horizontal.length(size.width), vertical.length(size.height));
    Ok(link.conn.randr_set_screen_size(link.root, size.width, size.height, width, height)?.check()?)
}

fn create_mode(link: &Link, size: Size, name: &str) -> XResult<Mode> {
    let info = modeline(size, name.len() as u16).ok_or(ReplyOrIdError::IdsExhausted)?;
    Ok(link.conn.randr_create_mode(link.root, info, name.as_bytes())?.reply()?.mode)
}

/// Removes the modes we made, but the one that is shown.
fn remove_old_modes(link: &Link, shown: Mode) -> XResult<()> {
    let resources = resources(link)?;
    let old: Vec<Mode> = named_modes(&resources)
        .filter(|(mode, name)| *mode != shown && name.starts_with(PREFIX.as_bytes()))
        .map(|(mode, _)| mode)
        .collect();
    if old.is_empty() {
        return Ok(());
    }
    for output in &resources.outputs {
        let info = output_info(link, *output, &resources)?;
        for mode in info.modes.iter().filter(|mode| old.contains(mode)) {
            link.conn.randr_delete_output_mode(*output, *mode)?;
        }
    }
    // A mode that another controller shows is kept by the server, which answers with an error that is let pass.
    old.iter().try_for_each(|mode| link.conn.randr_destroy_mode(*mode).map(drop)).map_err(Into::into)
}

fn named_modes(resources: &GetScreenResourcesCurrentReply) -> impl Iterator<Item = (Mode, &[u8])> {
    let mut names = resources.names.as_slice();
    resources.modes.iter().map(move |mode| {
        let (name, rest) = names.split_at(usize::from(mode.name_len).min(names.len()));
        names = rest;
        (mode.id, name)
    })
}

fn size_of(mode: &x11rb::protocol::randr::ModeInfo) -> Size {
    Size::new(mode.width, mode.height)
}

fn resources(link: &Link) -> XResult<GetScreenResourcesCurrentReply> {
    Ok(link.conn.randr_get_screen_resources_current(link.root)?.reply()?)
}

fn output_info(
    link: &Link,
    output: Output,
    resources: &GetScreenResourcesCurrentReply,
) -> XResult<GetOutputInfoReply> {
    Ok(link.conn.randr_get_output_info(output, resources.config_timestamp)?.reply()?)
}

fn crtc_info(
    link: &Link,
    crtc: Crtc,
    resources: &GetScreenResourcesCurrentReply,
) -> XResult<GetCrtcInfoReply> {
    Ok(link.conn.randr_get_crtc_info(crtc, resources.config_timestamp)?.reply()?)
}

fn distance(a: Size, b: Size) -> u32 {
    u32::from(a.width.abs_diff(b.width)) + u32::from(a.height.abs_diff(b.height))
}

/// The size of the root window, which is the size of the screen.
pub(crate) fn root_size(link: &Link) -> XResult<Size> {
    let geometry = link.conn.get_geometry(link.root)?.reply()?;
    Ok(Size::new(geometry.width, geometry.height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_keep_the_density() {
        let density = Density { pixels: 1920, mm: 508 };
        for (pixels, mm) in [(1920, 508), (3840, 1016), (1366, 361), (1, 1)] {
            assert_eq!(density.length(pixels), mm);
        }
        assert_eq!(Density { pixels: 0, mm: 0 }.length(100), 1);
    }
}
