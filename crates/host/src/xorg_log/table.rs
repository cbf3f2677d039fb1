//! The known failures: what their lines hold, their causes and their remedies.

/// One known failure.
pub(super) struct Known {
    pub id: &'static str,
    /// What a line must hold to tell of it.
    pub parts: &'static [&'static str],
    /// Whether it is a cause. What is not one is told where nothing better is known.
    pub is_root: bool,
    pub cause: &'static str,
    pub remedy: &'static str,
}

const fn root(
    id: &'static str,
    parts: &'static [&'static str],
    cause: &'static str,
    remedy: &'static str,
) -> Known {
    Known { id, parts, is_root: true, cause, remedy }
}

const fn end(
    id: &'static str,
    parts: &'static [&'static str],
    cause: &'static str,
    remedy: &'static str,
) -> Known {
    Known { id, parts, is_root: false, cause, remedy }
}

/// The nearest to the cause first.
pub(super) const TABLE: &[Known] = &[
    // Before any driver is asked.
    root(
        "console-wrapper",
        &["Only console users are allowed to run the X server"],
        "the wrapper of Xorg lets nobody start it who has no console",
        "start /usr/lib/xorg/Xorg itself, or set allowed_users=anybody in /etc/X11/Xwrapper.config",
    ),
    root(
        "option",
        &["Unrecognized option:"],
        "this version of the X server does not know the option",
        "use a newer X server, or leave the option out",
    ),
    root(
        "log-file",
        &["Cannot open log file"],
        "the X server may not write its log there",
        "name a directory for logs that this user can write to, with --state-dir",
    ),
    root(
        "display-taken",
        &["Server is already active for display"],
        "the lock file of the display number names a process that lives",
        "take another display number; if that process is no X server, remove the lock file",
    ),
    root(
        "socket-taken",
        &["Cannot establish any listening sockets"],
        "another X server, perhaps of a container in the same network, listens under this display number",
        "take another display number, or give the container a network of its own",
    ),
    root(
        "config-missing",
        &["Unable to locate/open config file"],
        "the configuration file is not there or cannot be read",
        "name an absolute path that the user of the X server can read",
    ),
    root(
        "config-syntax",
        &["Parse error on line"],
        "the configuration file does not follow the grammar of xorg.conf",
        "correct the line that is named, or let cosmos-launch xorg-config write the file",
    ),
    root(
        "config-incomplete",
        &["Data incomplete in file"],
        "a section of the configuration file is missing, or refers to one that is",
        "define what is named, or let cosmos-launch xorg-config write the file",
    ),
    end(
        "config",
        &["Problem parsing the config file"],
        "the configuration file, or one of /etc/X11/xorg.conf.d, cannot be used",
        "look at what the X server printed on standard error: it names the line",
    ),
    // The console.
    root(
        "console-permission",
        &["Cannot open", "(Permission denied)", "onsole"],
        "this user may not open the virtual console",
        "keep /dev/tty0 out of the container: without it Xorg uses no console; or link /dev/tty7 to /dev/ptmx and \
         start with vt7 -sharevts -novtswitch",
    ),
    root(
        "console-missing",
        &["Cannot open /dev/tty0"],
        "the X server wants a virtual console, and there is none that it may open",
        "start Xorg with vt7 -sharevts -novtswitch, and link /dev/tty7 to /dev/ptmx where it is missing",
    ),
    root(
        "console-number",
        &["xf86OpenConsole: Cannot"],
        "the virtual console cannot be used",
        "start Xorg with vt7 -sharevts -novtswitch, and link /dev/tty7 to /dev/ptmx where it is missing",
    ),
    // NVIDIA's driver.
    root(
        "nvidia-version",
        &["API mismatch"],
        "the kernel module and the libraries of the NVIDIA driver are of different versions",
        "restart the container, regenerate the CDI specification, or reboot the host after its driver was updated",
    ),
    root(
        "nvidia-modeset-permission",
        &["Failed to acquire modesetting permission"],
        "another X server or compositor, perhaps that of the host, drives the outputs of this GPU",
        "stop it, or give this desktop another GPU",
    ),
    root(
        "nvidia-gpu-unsupported",
        &["The NVIDIA GPU at", "is not supported by the"],
        "this version of the driver does not drive this GPU: it is too old for it, or needs the open kernel modules",
        "install the driver branch for the GPU; GPUs since Blackwell need the open kernel modules",
    ),
    root(
        "nvidia-gpu-screen",
        &["GPU screens are not yet supported by the NVIDIA driver"],
        "the X server added the GPU by itself, beside the screen of the configuration",
        "set Option \"AutoAddGPU\" \"False\" in the section ServerFlags",
    ),
    root(
        "nvidia-use-display-device",
        &["(EE)", "UseDisplayDevice"],
        "Tesla and GRID boards refuse the option UseDisplayDevice",
        "set VIDEO_PORT=DFP instead of none",
    ),
    root(
        "nvidia-no-output",
        &["No display devices found for this X screen"],
        "the GPU has no outputs, or they belong to another GPU of a laptop",
        "set VIDEO_PORT=none, which needs no output; applications that need RandR fail then",
    ),
    root(
        "nvidia-kernel-module",
        &["NVIDIA", "kernel module", "Failed to"],
        "the NVIDIA kernel module is not loaded, or this user may not open /dev/nvidiactl and /dev/nvidia-modeset",
        "load nvidia and nvidia_modeset on the host, and give the container the capability display, as in \
         NVIDIA_DRIVER_CAPABILITIES=all",
    ),
    root(
        "nvidia-gpu",
        &["Failed to initialize the NVIDIA GPU at"],
        "the kernel module could not start the GPU: it fell off the bus, is in use elsewhere, or its firmware failed",
        "look for Xid and NVRM in the kernel log of the host; reset the GPU or reboot",
    ),
    root(
        "nvidia-glx-server",
        &["Compatible NVIDIA X driver not found"],
        "the GLX module of NVIDIA runs in a server without NVIDIA's X driver",
        "install nvidia_drv.so of the same version, or remove libglxserver_nvidia.so from the module path",
    ),
    // Modules.
    root(
        "nvidia-module-missing",
        &["Failed to load module \"nvidia\"", "module does not exist"],
        "NVIDIA's X driver, nvidia_drv.so, is in none of the X server's module paths",
        "use a container toolkit later than 1.20.0 with the capability display, or put the .run file of the loaded \
         driver's version into the driver cache",
    ),
    root(
        "library-missing",
        &["Failed to load", "cannot open shared object file"],
        "a module needs a library that is not installed",
        "install the package with the library that is named; in a container add the capability graphics",
    ),
    root(
        "module-damaged",
        &["Failed to load /", ": file too short"],
        "a module is damaged",
        "install the package of the module again, or remove it from the driver cache",
    ),
    root(
        "module-header",
        &["Failed to load /", "ELF"],
        "a module is damaged, or made for another processor",
        "install the package of the module again, for this processor",
    ),
    root(
        "module-abi",
        &["module ABI m", "doesn't match the server's version"],
        "the driver was made for another version of the X server",
        "install the driver and the X server from the same release; NVIDIA's drivers since 450 fit all servers to 21.1",
    ),
    root(
        "module-missing",
        &["Failed to load module", "module does not exist", "dummy"],
        "the driver dummy is in none of the X server's module paths",
        "install xserver-xorg-video-dummy, or use --xserver xvfb",
    ),
    // Screens.
    root(
        "depth",
        &["Given depth", "is not supported by this driver"],
        "the driver does not have this depth of colour",
        "set a depth of 24",
    ),
    root(
        "video-memory",
        &["exceeds video memory"],
        "the desktop does not fit into the video memory of the screen",
        "take a smaller size, or set VideoRam of the driver dummy to more kilobytes",
    ),
    root(
        "no-valid-mode",
        &["No valid modes"],
        "no mode is within the limits of the output, its monitor and its memory",
        "take a smaller size or rate, or a DisplayPort output, as with VIDEO_PORT=DP-0",
    ),
    root(
        "dri-permission",
        &["/dev/dri/", "Permission denied"],
        "this user may not control /dev/dri, or another X server does",
        "keep /dev/dri out of a software X server's reach, or add the user to the groups video and render",
    ),
    root(
        "keymap",
        &["XKB: Couldn't"],
        "the X server cannot compile a keyboard map",
        "install xkb-data and x11-xkb-utils",
    ),
    root(
        "crash",
        &["Caught signal", "Server aborting"],
        "the X server or one of its drivers crashed",
        "look at the frames above in the log; install the newest packages of the server and the driver",
    ),
    // What is left where the cause was not said.
    end(
        "no-devices",
        &["No devices detected"],
        "no driver of the configuration found its device: there is no GPU for it, or BusID names another place",
        "compare BusID with the address of the GPU, written in decimal: PCI:bus@domain:device:function",
    ),
    end(
        "unusable",
        &["Screen(s) found, but none have a usable configuration"],
        "the driver refused every screen of the configuration",
        "look at the lines of the driver above in the log",
    ),
    end(
        "no-screens",
        &["no screens found"],
        "no driver could make a screen",
        "look for (EE) and (WW) above in the log; cosmos-probe doctor says what is missing",
    ),
];
