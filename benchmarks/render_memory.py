"""How much memory `timbre render` needs for sounds of ten seconds to half an hour.

    python -m benchmarks.render_memory RUN SOUND [--seconds 10 180 1800]

The sound is repeated; each length is rendered by a process of its own, whose peak of resident memory and CPU time are
read when it ends.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import soundfile


def peak_and_cpu(command: list[str]) -> tuple[float, float]:
    """Run a command: MiB of resident memory at its peak, CPU seconds; raises RuntimeError if it fails."""
    process = os.spawnv(os.P_NOWAIT, command[0], command)
    _, status, used = os.wait4(process, 0)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed.")
    return used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def repeated(sound: Path, seconds: float, place: Path) -> None:
    """Write a sound again and again until it is so long."""
    audio, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    with soundfile.SoundFile(place, "w", rate, 1, "PCM_16") as file:
        left = round(seconds * rate)
        while left > 0:
            file.write(audio[:left, 0])
            left -= len(audio)


def main() -> None:
    """Print a row for each length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("sound", type=Path)
    parser.add_argument("--seconds", type=float, nargs="+", default=[10.0, 180.0, 1800.0])
    given = parser.parse_args()
    print("| length, s | peak memory, MiB | CPU s | CPU s per s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "in.wav", Path(folder) / "out.wav"
        for seconds in given.seconds:
            repeated(given.sound, seconds, source)
            call = "from timbre import main; main()"
            memory, cpu_s = peak_and_cpu([sys.executable, "-c", call, "render", given.run, str(source), str(made)])
            print(f"| {seconds:g} | {memory:.0f} | {cpu_s:.1f} | {cpu_s / seconds:.3f} |", flush=True)


if __name__ == "__main__":
    main()
