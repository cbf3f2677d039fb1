"""What further viewers cost: one desktop with a picture that moves, and so many who watch it over WebRTC without decoding:

    python3 benches/viewers.py [--stream PROGRAM] [--viewers PROGRAM] [--seconds N] [--runs N] [--size WIDTHxHEIGHT] [--fps N]
        [--bitrate KBPS] [--content static|typing|scroll|video] [COUNT...]

    python3 benches/viewers.py --charts

Says for each count what the server computes, in cores, and what the viewers are sent and compute; with `--charts` draws
curves/cost-viewers.svg and curves/cost-rate.svg, of several contents, counts and rates. They run on the same
machine: where that has no core to spare, the server is measured while it is in want of one. Builds the viewers, unless they
are named, as `cargo build --release -p cosmos-benches --example viewers` does. Needs Xvfb and a C compiler with libX11."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

from vnc import CONTENTS, HERE, Programs, answers, computed, wait_for

DISPLAY, PORT = 141, 9210
TARGET = HERE.parent / "target/release"
# Seconds in which a rate is found, and those after which viewers without a picture are given up.
WARM_UP, PATIENCE = 5, 60


def run(count, picture, given):
    programs = Programs(DISPLAY)
    try:
        if os.path.exists(f"/tmp/.X11-unix/X{DISPLAY}") or answers(PORT):
            raise RuntimeError(f"display :{DISPLAY} or port {PORT} is taken")
        programs.start(["Xvfb", f":{DISPLAY}", "-screen", "0", f"{given.size}x24", "-nolisten", "tcp", "-noreset"])
        wait_for("the X server", lambda: os.path.exists(f"/tmp/.X11-unix/X{DISPLAY}"))
        drawing = programs.start([picture, given.content, str(given.fps)], stdout=subprocess.PIPE)
        if drawing.stdout.readline() != b"ready\n":
            raise RuntimeError("the picture is not drawn")
        stream = programs.start([given.stream, "--listen", f"127.0.0.1:{PORT}", "--no-audio", "--no-password", "--stun", "off",
                                 "--https", "false", "--fps", str(given.fps), "--bitrate", str(given.bitrate)])
        wait_for("the server", lambda: answers(PORT))
        viewers = programs.start([given.viewers, f"127.0.0.1:{PORT}", str(count)], stdout=subprocess.PIPE, text=True)
        return measure(stream, viewers, given.seconds)
    except Exception as fault:
        raise RuntimeError(f"{fault}\n{programs.logs()}") from fault
    finally:
        programs.end()


def measure(stream, viewers, seconds):
    deadline = time.monotonic() + PATIENCE
    while not all(viewer["pictures"] for viewer in second(viewers)):
        if time.monotonic() > deadline:
            raise RuntimeError("not all have a picture")
    for _ in range(WARM_UP):
        second(viewers)
    # From one line to another: what the viewers say and what is computed are of the same time.
    begun, before = time.monotonic(), [computed(program.pid) for program in (stream, viewers)]
    watched = [second(viewers) for _ in range(seconds)]
    took, after = time.monotonic() - begun, [computed(program.pid) for program in (stream, viewers)]
    cores = [(late - early) / took for early, late in zip(before, after)]
    paces = [sum(viewer["pictures"] for viewer in column) / took for column in zip(*watched)]
    kbytes = [sum(viewer["bytes"] for viewer in column) / took / 1000 for column in zip(*watched)]
    return {"stream": cores[0], "viewers": cores[1], "slowest": min(paces), "pictures": statistics.mean(paces),
            "kB/s": statistics.mean(kbytes)}


def second(viewers):
    line = viewers.stdout.readline()
    if not line:
        raise RuntimeError("a viewer is gone")
    return json.loads(line)


def charts(picture, given):
    """What a server computes by how many watch, and by how many pictures a second one viewer gets."""
    def curve(content, points, what):
        given.content = content
        curve = []
        for point in points:
            count, given.fps = (point, 30) if what == "viewers" else (1, point)
            cores = statistics.median(run(count, picture, given)["stream"] for _ in range(given.runs))
            print(f"| {what} | {content} | {point} | {cores:.3f} |", flush=True)
            curve.append([point, cores])
        return [content, curve]

    print("| by | content | value | cores of the server |\n|---|---|---|---|", flush=True)
    for name, what, points in (("viewers", "viewers", (1, 2, 5, 10)), ("rate", "pictures a second", (15, 30, 60))):
        curves = [curve(content, points, what) for content in ("static", "scroll", "video")]
        chart = {"title": f"Cost by {what}, {given.size}, x264enc", "x": what, "y": "cores of the server", "curves": curves}
        drawn = subprocess.run(["cargo", "run", "--release", "--quiet", "-p", "cosmos-benches", "--example", "plot"], cwd=HERE.parent,
                               input=json.dumps(chart).encode(), stdout=subprocess.PIPE, check=True)
        (HERE / f"curves/cost-{name}.svg").write_bytes(drawn.stdout)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stream", default=str(TARGET / "cosmos-stream"))
    parser.add_argument("--viewers", help="the program that watches")
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--runs", type=int, default=1, help="the table has the medians")
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--bitrate", type=int, default=8000)
    parser.add_argument("--content", choices=CONTENTS, default="video")
    parser.add_argument("--charts", action="store_true", help="draw what it costs by viewers and by rate")
    parser.add_argument("counts", nargs="*", type=int, default=[1, 5, 10], metavar="COUNT")
    given = parser.parse_args()
    if not given.viewers:
        subprocess.run(["cargo", "build", "--release", "-p", "cosmos-benches", "--example", "viewers"], cwd=HERE.parent, check=True)
        given.viewers = str(TARGET / "examples/viewers")
    return given


def table(picture, given):
    print(f"{given.fps} pictures/s, {given.content}\n\n| viewers | cores of the server | of all viewers | pictures/s each, slowest "
          "| kB/s each |\n|---|---|---|---|---|", flush=True)
    for count in given.counts:
        runs = [run(count, picture, given) for _ in range(given.runs)]
        middle = {key: statistics.median(one[key] for one in runs) for key in runs[0]}
        print("| {count} | {stream:.3f} | {viewers:.3f} | {pictures:.1f}, {slowest:.1f} | {kB/s:.0f} |".format(count=count, **middle),
              flush=True)


def main():
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        picture = str(pathlib.Path(folder, "picture"))
        subprocess.run(["cc", "-O2", str(HERE / "picture.c"), "-o", picture, "-lX11", "-lm"], check=True)
        print(f"{given.size}, {given.seconds} s, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.2f}")
        (charts if given.charts else table)(picture, given)
    print(f"\nload after {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
