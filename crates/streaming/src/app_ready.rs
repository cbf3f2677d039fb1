//! Waiting for the application that the desktop is for.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{sync::mpsc::Sender, time::sleep};

use crate::hub::Event;

/// What pages are told meanwhile.
pub(crate) fn waiting(file: &Path) -> String {
    format!("the application is not ready: it makes {} when it is", file.display())
}

/// Waits for the file, as long as the server runs, and tells of it.
pub(crate) async fn watch(file: PathBuf, events: Sender<Event>) {
    // What this user cannot look at may be there, but nobody would know.
    while !file.exists() && !events.is_closed() {
        sleep(LOOK).await;
    }
    let _ended = events.send(Event::AppReady).await;
}

const LOOK: Duration = Duration::from_millis(250);
