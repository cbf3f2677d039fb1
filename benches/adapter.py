"""cosmos-stream for the side-by-side measuring bench: `python3 -m bench run --server benches/adapter.py ...`.

Options: bin (the program; by default the release build of this repository), encoder, bitrate (kbit/s), args (split on
spaces, with ; for a comma). As for the peers there, sound is off, nobody has to log in, and HTTP is plain."""

import os
import subprocess

from bench.adapters import REGISTRY, Adapter, register

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))


@register
class Cosmos(Adapter):
    # The bench reads this file anew for each run of a matrix, and takes the name that was not there before.
    name = f"cosmos-{len(REGISTRY)}"
    surface = "video"
    selector = "#screen"
    ready_path = "/healthz"

    def program(self):
        return self.opt("bin", os.path.join(TARGET, "release/cosmos-stream"))

    def argv(self, c):
        argv = [self.program(), "--listen", f"{c.host}:{c.port}", "--fps", str(c.fps), "--no-audio",
                "--no-password", "--allow-insecure", "--https", "false"]
        for option in ("encoder", "bitrate"):
            if self.opt(option) is not None:
                argv += [f"--{option}", self.opt(option)]
        return argv + (self.opt("args") or "").replace(";", ",").split()

    def version(self):
        return subprocess.run([self.program(), "--version"], capture_output=True, text=True).stdout.strip()
