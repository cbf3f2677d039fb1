"""Several desktops at once, each an X server with a program that draws with OpenGL, a cosmos-stream and a viewer:

    python3 benches/desktops.py [--stream PROGRAM] [--seconds N] [--bitrate KBPS] [--viewers N] [--threads N]
        COUNTxWIDTHxHEIGHT...

Says for each how many pictures a second the viewers get, how old they are when they arrive, and what it costs. The viewer
speaks the page's protocol over its WebSocket and does not decode. With NVIDIA's driver, set
__GLX_VENDOR_LIBRARY_NAME=nvidia, so that the GPU draws though the X server knows nothing of it."""

import argparse
import base64
import os
import pathlib
import socket
import struct
import subprocess
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).parent
PORT, DISPLAY, FPS = 9100, 120, 60
# Kinds of messages, as crates/protocol numbers them.
VIDEO, PING, RECEIVED, PICTURE, STATS = 0x14, 0x13, 0x17, 0x90, 0x86
WARM_UP, START, PATIENCE = 4, 40, 40


class Viewer(threading.Thread):
    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.ages, self.bytes, self.counts, self.fault = port, [], 0, False, None
        self.stages, self.seen = [], False

    def run(self):
        try:
            self.watch(self.connect())
        except (OSError, ValueError) as fault:
            self.fault = fault

    def connect(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        place = f"127.0.0.1:{self.port}"
        self.socket.sendall(
            f"GET /api/socket HTTP/1.1\r\nHost: {place}\r\nOrigin: http://{place}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode())
        stream = self.socket.makefile("rb", 1 << 20)
        status = stream.readline()
        if b" 101 " not in status:
            raise ValueError(status)
        while stream.readline() not in (b"\r\n", b""):
            pass
        return stream

    def watch(self, stream):
        self.say(VIDEO, b"\1")
        total, told = 0, time.time()
        while True:
            message, now = self.message(stream), time.time()
            total += len(message)
            if len(message) >= 1000 or now - told > 1:
                self.say(RECEIVED, struct.pack(">I", total & 0xFFFFFFFF))
            if now - told > 1:
                told = now
                self.say(PING, struct.pack(">I", 1))
            if self.counts and message[0] == STATS:
                # Means of a second, in microseconds: to the picture in memory, of the conversion, of the encoder.
                self.stages.append(struct.unpack(">3I", message[15:27]))
            self.seen |= message[0] == PICTURE
            if self.counts and message[0] == PICTURE:
                captured, = struct.unpack(">Q", message[3:11])
                self.ages.append(now - captured / 1e6)
                self.bytes += len(message)

    def message(self, stream):
        """The next binary one (RFC 6455, section 5.2)."""
        while True:
            first, length = stream.read(2)
            if length == 126:
                length, = struct.unpack(">H", stream.read(2))
            elif length == 127:
                length, = struct.unpack(">Q", stream.read(8))
            body = stream.read(length)
            if first & 15 == 8:
                raise ValueError(f"closed: {body!r}")
            if first & 15 == 2 and body:
                return body

    def say(self, kind, body):
        self.socket.sendall(bytes([0x82, 0x80 | 1 + len(body), 0, 0, 0, 0, kind]) + body)


class Desktop:
    def __init__(self, number, size, spin, arguments):
        width, height = size
        display = f":{DISPLAY + number}"
        environment = {**os.environ, "DISPLAY": display}
        self.folder = tempfile.TemporaryDirectory()
        self.log = pathlib.Path(self.folder.name, "spin")

        def start(command, name):
            with open(pathlib.Path(self.folder.name, name), "wb") as log:
                return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)

        self.programs = [start(["Xvfb", display, "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"], "x")]
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(f"/tmp/.X11-unix/X{DISPLAY + number}") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.programs.append(start([spin, str(width), str(height), str(FPS)], "spin"))
        stream = [arguments.stream, "--listen", f"127.0.0.1:{PORT + number}", "--no-audio", "--no-password",
                  "--allow-insecure", "--https", "false", "--fps", str(FPS), "--bitrate", str(arguments.bitrate)]
        if arguments.threads:
            stream += ["--encoder-threads", str(arguments.threads)]
        self.programs.append(start(stream, "stream"))
        self.viewers = [Viewer(PORT + number) for _ in range(arguments.viewers)]
        for viewer in self.viewers:
            viewer.start()

    def seconds(self):
        """What each program has computed so far."""
        def of(pid):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return [of(program.pid) for program in self.programs]

    def count(self, counts):
        for viewer in self.viewers:
            viewer.counts = counts

    def end(self):
        for program in reversed(self.programs):
            program.terminate()
        for program in self.programs:
            try:
                program.wait(5)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
        self.folder.cleanup()


def measure(count, size, spin, arguments):
    desktops = []
    try:
        for number in range(count):
            desktops.append(Desktop(number, size, spin, arguments))
        # Several that start at once take their time.
        deadline = time.monotonic() + START
        while time.monotonic() < deadline and not all(viewer.seen for desktop in desktops for viewer in desktop.viewers):
            time.sleep(0.1)
        time.sleep(WARM_UP)
        before, begun = [desktop.seconds() for desktop in desktops], time.monotonic()
        for desktop in desktops:
            desktop.count(True)
        time.sleep(arguments.seconds)
        for desktop in desktops:
            desktop.count(False)
        after, took = [desktop.seconds() for desktop in desktops], time.monotonic() - begun
        report(desktops, size, [before, after], took)
    finally:
        for desktop in desktops:
            desktop.end()


def report(desktops, size, computed, took):
    viewers = [viewer for desktop in desktops for viewer in desktop.viewers]
    ages = sorted(age for viewer in viewers for age in viewer.ages) or [float("nan")]
    paces = [len(viewer.ages) / took for viewer in viewers]
    cores = [sum(after[place] - before[place] for before, after in zip(*computed)) / took / len(desktops)
             for place in range(3)]
    print(f"{len(desktops)} of {size[0]}x{size[1]}, {len(viewers) // len(desktops)} viewers each: {min(paces):.1f} to {max(paces):.1f} pictures/s, "
          f"p50 {1000 * ages[len(ages) // 2]:.1f} ms, p95 {1000 * ages[len(ages) * 95 // 100]:.1f} ms, "
          f"{sum(viewer.bytes for viewer in viewers) / took / len(viewers) / 1000:.0f} kB/s; "
          f"captured, converted, encoded in {stages(viewers)} ms; cores for each: "
          f"stream {cores[2]:.2f}, X server {cores[0]:.2f}, program {cores[1]:.2f}; "
          f"drawn by {desktops[0].log.read_text().strip()}", flush=True)
    for viewer in viewers:
        if viewer.fault:
            print(f"  port {viewer.port}: {viewer.fault}", flush=True)


def stages(viewers):
    seconds = [stages for viewer in viewers for stages in viewer.stages]
    return " + ".join(f"{sum(column) / len(seconds) / 1000:.1f}" for column in zip(*seconds))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=int, default=1)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--stream", default=str(HERE.parent / "target/release/cosmos-stream"))
    parser.add_argument("--spin", help="the program that draws, where there is no compiler")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--bitrate", type=int, default=8000)
    parser.add_argument("desktops", nargs="+", metavar="COUNTxWIDTHxHEIGHT")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        spin = arguments.spin or f"{folder}/spin"
        if not arguments.spin:
            source = str(HERE / "spin.c")
            subprocess.run(["cc", "-O2", source, "-o", spin, "-lGL", "-lX11", "-lm"], check=True)
        for text in arguments.desktops:
            count, width, height = map(int, text.split("x"))
            measure(count, (width, height), spin, arguments)


if __name__ == "__main__":
    main()
