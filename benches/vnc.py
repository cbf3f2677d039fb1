"""One desktop through the same noVNC in Chromium, served by cosmos-stream, by x11vnc and by TigerVNC's x0vncserver:

    python3 benches/vnc.py [--quick] [--stream PROGRAM] [--seconds N] [--runs N] [--servers NAME...] [--sizes WIDTHxHEIGHT...]
        [--contents static|typing|scroll|video...] [--pixels]

Says for each how many pictures a second are drawn, how old they are then, the CPU of the server and of what carries it to a
WebSocket, and what came over that. cosmos-stream speaks WebSocket itself; the others stand behind websockify. The servers
take turns, so that a busy machine is no server's bad luck, and the table has the medians. With --pixels noVNC asks for no H.264,
as one in a browser without it does.

Needs x11vnc, tigervnc-scraping-server, websockify, Xvfb, Chromium, a C compiler with libX11, and `npm ci` in e2e/."""

import argparse
import json
import os
import pathlib
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
NOVNC = HERE.parent / "e2e/node_modules/@novnc/novnc"
DISPLAY, RFB, WEB, PAGE = 140, 9200, 9201, 9202
HZ, PATIENCE = 30, 20
CONTENTS = ["static", "typing", "scroll", "video"]


def cosmos(arguments):
    return [[arguments.stream, "--listen", f"127.0.0.1:{WEB}", "--no-audio", "--no-password", "--allow-insecure",
             "--https", "false", "--fps", "60", "--origin", f"http://127.0.0.1:{PAGE}"]]


def x11vnc(_):
    return [["x11vnc", "-display", f":{DISPLAY}", "-rfbport", str(RFB), "-localhost", "-forever", "-shared", "-nopw", "-quiet"],
            ["websockify", f"127.0.0.1:{WEB}", f"127.0.0.1:{RFB}"]]


def tigervnc(_):
    return [["X0tigervnc", "-display", f":{DISPLAY}", "-rfbport", str(RFB), "-localhost", "-SecurityTypes", "None"],
            ["websockify", f"127.0.0.1:{WEB}", f"127.0.0.1:{RFB}"]]


SERVERS = {"cosmos": cosmos, "x11vnc": x11vnc, "tigervnc": tigervnc}


class Programs:
    """Those of one run, each in a session of its own and ended by its number."""

    def __init__(self, display=DISPLAY):
        self.folder = tempfile.TemporaryDirectory()
        self.running = []
        self.display = display

    def start(self, command, **options):
        log = open(pathlib.Path(self.folder.name, f"{len(self.running)}-{pathlib.Path(command[0]).name}"), "wb")
        environment = {**os.environ, "DISPLAY": f":{self.display}", "HOME": self.folder.name}
        options = {"stdout": log, "stderr": log, "env": environment, **options}
        self.running.append(subprocess.Popen(command, start_new_session=True, **options))
        return self.running[-1]

    def logs(self):
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-500:]}"
                         for log in sorted(pathlib.Path(self.folder.name).iterdir()) if log.is_file())

    def end(self):
        for program in reversed(self.running):
            program.terminate()
            try:
                program.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait()
        self.folder.cleanup()


def computed(pid):
    """Seconds that the session of a program has computed, with those processes that have ended: websockify makes one for
    each connection."""
    total = 0
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == pid:
            total += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def wait_for(what, ready):
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} was not there after {PATIENCE} s")
        time.sleep(0.05)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def run(server, size, content, picture, arguments):
    programs = Programs()
    try:
        width, height = size
        programs.start(["Xvfb", f":{DISPLAY}", "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp", "-noreset"])
        wait_for("the X server", lambda: os.path.exists(f"/tmp/.X11-unix/X{DISPLAY}"))
        drawing = programs.start([picture, content, str(HZ)], stdout=subprocess.PIPE)
        if drawing.stdout.readline() != b"ready\n":
            raise RuntimeError("the picture is not drawn")
        served = []
        for command in SERVERS[server](arguments):
            served.append(programs.start(command))
            wait_for(command[0], lambda: answers(RFB if command[0] in ("x11vnc", "X0tigervnc") else WEB))
        return measure(programs, served, (width, height), arguments)
    except Exception as fault:
        raise RuntimeError(f"{fault}\n{programs.logs()}") from fault
    finally:
        programs.end()


def measure(programs, served, size, arguments):
    path = "websockify"
    wanted = {"noVnc": str(arguments.novnc), "page": PAGE, "server": f"ws://127.0.0.1:{WEB}/{path}", "width": size[0],
              "height": size[1], "seconds": arguments.seconds, "warmUp": arguments.warm_up, "pixels": arguments.pixels}
    page = programs.start(["node", str(HERE / "vnc-page.mjs"), json.dumps(wanted)], stdout=subprocess.PIPE, text=True)
    before = after = result = None
    for line in page.stdout:
        if line == "begin\n":
            before = [computed(program.pid) for program in served]
        elif line == "end\n":
            after = [computed(program.pid) for program in served]
        else:
            result = json.loads(line)
    if not result or result["state"] != "connected":
        raise RuntimeError(f"the page saw nothing: {result}")
    ages, took = sorted(result["ages"]) or [float("nan")], result["took"]
    cores = [(late - early) / took for early, late in zip(before, after)] + [0]
    return {"fps": len(result["ages"]) / took, "p50": ages[len(ages) // 2], "p95": ages[len(ages) * 95 // 100],
            "server": cores[0], "carrier": cores[1], "kB/s": result["bytes"] / took / 1000, "torn": result["torn"]}


def table(results, names):
    print(f"\nmode | content | {' | '.join(names)}: pictures/s, p50 ms, p95 ms, cores of the server + of websockify, kB/s")
    for (size, content), by_server in results.items():
        cells = []
        for name in names:
            runs = by_server.get(name)
            if not runs:
                cells.append("failed")
                continue
            middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            cells.append("{fps:.1f}, {p50:.0f}, {p95:.0f}, {server:.3f} + {carrier:.3f}, {kB/s:.0f}".format(**middle))
        print(f"{size[0]}x{size[1]} | {content} | {' | '.join(cells)}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one run of 3 s each")
    parser.add_argument("--stream", default=str(HERE.parent / "target/release/cosmos-stream"))
    parser.add_argument("--novnc", type=pathlib.Path, default=NOVNC, help="the folder of noVNC")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=list(SERVERS))
    parser.add_argument("--sizes", nargs="+", default=["1280x720", "1920x1080"])
    parser.add_argument("--contents", nargs="+", choices=CONTENTS, default=CONTENTS)
    parser.add_argument("--pixels", action="store_true", help="noVNC asks for no H.264")
    given = parser.parse_args()
    given.seconds = given.seconds or (3 if given.quick else 8)
    given.runs = given.runs or (1 if given.quick else 3)
    given.warm_up = 4
    return given


def main():
    given = arguments()
    if not (given.novnc / "core/rfb.js").is_file():
        sys.exit(f"{given.novnc} holds no noVNC: run `npm ci` in e2e, or name its folder with --novnc")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        picture = f"{folder}/picture"
        subprocess.run(["cc", "-O2", str(HERE / "picture.c"), "-o", picture, "-lX11", "-lm"], check=True)
        cells = [(tuple(map(int, size.split("x"))), content) for size in given.sizes for content in given.contents]
        for size, content in cells:
            for _ in range(given.runs):
                for name in given.servers:
                    try:
                        result = run(name, size, content, picture, given)
                    except RuntimeError as fault:
                        print(f"{size[0]}x{size[1]} {content} {name}: {fault}", flush=True)
                        continue
                    results.setdefault((size, content), {}).setdefault(name, []).append(result)
                    print(f"{size[0]}x{size[1]} {content} {name}: {json.dumps({k: round(v, 3) for k, v in result.items()})}", flush=True)
    table(results, given.servers)


if __name__ == "__main__":
    main()
