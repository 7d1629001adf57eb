"""What voices of the playable page cost in Node, which compiles as Chromium does: CPU time of held notes, steady.

    python -m benchmarks.page_cpu [MODEL] [--rate 48000] [--seconds 10] [--before FOLDER]

MODEL is what `timbre play` takes. Notes are a fourth apart from 110 Hz up, held for so many seconds after three that
are not counted. A row is one or eight voices, open or exact: user time over the sound's, less that of silence, median
of three. With --before, an `instrument/page` of another version is run in turn with today's; its module is today's.
"""

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

import torch

from studies.voices import DEFAULT
from timbre.playable import playable

PAGE = Path(__file__).parents[1] / "instrument" / "page"
ROUNDS = 3
HELD = """
const [folder, json, rate, seconds, count, exact] = process.argv.slice(1);
const part = (name) => require(`${folder}/${name}`);
const { Player } = part("player.js"), { Resampler } = part("resample.js");
const { gunzipSync } = require("zlib"), { readFileSync } = require("fs");
const bytes = (b) => b.buffer.slice(b.byteOffset, b.byteOffset + b.length);
const about = JSON.parse(readFileSync(json));
const opened = [gunzipSync(Buffer.from(about.blob, "base64")), Buffer.from(about.code, "base64")].map(bytes);
const player = new Player(about, ...opened);
player.exactly(exact === "exact");
const resampler = new Resampler(about.sample_rate, Number(rate), (out, n) => player.render(out, n));
for (let n = 0; n < Number(count); n++) player.on(n, 45 + 5 * n, 0.8);
const out = new Float32Array(128);
const play = (s) => { for (let at = 0; at < s * rate; at += 128) resampler.fill(out); };
play(3);
const began = process.cpuUsage();
play(Number(seconds));
console.log(process.cpuUsage(began).user / 1e6 / seconds);
"""


def share(folder: Path, parts: Path, rate: int, seconds: float, count: int, exact: bool) -> float:
    """CPU seconds a second of so many voices."""
    numbers = [str(rate), str(seconds), str(count), "exact" if exact else "open"]
    said = subprocess.run(
        ["node", "-e", HELD, str(folder), str(parts), *numbers], capture_output=True, text=True, check=True
    )
    return float(said.stdout)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, nargs="?", default=Path(DEFAULT))
    parser.add_argument("--rate", type=int, default=48000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--before", type=Path, help="the page's folder in another version")
    given = parser.parse_args()
    pages = {"today": PAGE} | ({"before": given.before.resolve()} if given.before else {})
    with tempfile.TemporaryDirectory() as folder:
        parts = Path(folder) / "parts.json"
        with torch.no_grad():
            parts.write_text(playable(given.model, given.model.stem).as_json())
        print(f"| | {' | '.join(f'{name}, % of a core' for name in pages)} |\n|---|{'---|' * len(pages)}")
        for count in (1, 8):
            for exact in (False, True):
                taken: dict[str, list[float]] = {name: [] for name in pages}
                for _ in range(ROUNDS):
                    for name, page in pages.items():
                        silent = share(page, parts, given.rate, given.seconds, 0, exact)
                        taken[name].append(share(page, parts, given.rate, given.seconds, count, exact) - silent)
                row = " | ".join(f"{100 * statistics.median(each):.1f}" for each in taken.values())
                print(f"| {count} {'exact' if exact else 'open'} | {row} |", flush=True)


if __name__ == "__main__":
    main()
