"""timbre turn, killed at any moment: nothing half-written, the recording untouched, and a rerun makes the same bytes.

TIMBRE_KILLS is the number of random moments; 60 unless said.
"""

import os
import random
import signal
import time
from collections import Counter

import numpy as np
import pytest
import soundfile

from tests.timbre.starts import Starts, Strike, serving

pytestmark = pytest.mark.slow

N_KILLS = int(os.environ.get("TIMBRE_KILLS", 60))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
RATE = 16000
COMMANDS = {
    "file": ("turn", "in/a.wav", "out/turned.wav", "--nudge", "sharpness=+2jnd"),
    "series": ("turn", "in", "out/series", "--steps", "0:1:1jnd", "--knob", "sharpness"),
}


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Two short notes, and processes that turn them; what is imported once is not waited for at each start."""
    folder = tmp_path_factory.mktemp("kills")
    (folder / "in").mkdir()
    (folder / "out").mkdir()
    time_s = np.arange(6400) / RATE
    for name, f0_hz in (("a", 220.0), ("b", 330.0)):
        tone = sum(0.1 / number * np.cos(2 * np.pi * f0_hz * number * time_s + number**2) for number in range(1, 20))
        hiss = 2e-3 * np.random.default_rng(0).standard_normal(len(time_s))
        soundfile.write(folder / "in" / f"{name}.wav", tone + hiss, RATE)
    with serving() as server:
        yield Starts(server, folder)


def files(folder):
    """Path -> bytes; what is temporary is not counted."""
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".tmp")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def temporary(folder):
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


def emptied(folder):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.fixture(params=COMMANDS)
def command(request):
    return COMMANDS[request.param]


@pytest.fixture
def whole(starts, command):
    """What a run that nobody stops makes, and the seconds it takes."""
    emptied(starts.folder / "out")
    starts.run(*command)
    emptied(starts.folder / "out")
    begun_s = time.monotonic()
    assert starts.run(*command) == 0, starts.said()
    lasts_s = time.monotonic() - begun_s
    made = files(starts.folder / "out")
    emptied(starts.folder / "out")
    return made, lasts_s


def test_killed_at_random_moments(starts, command, whole):
    """Half of the runs are begun again in what the killed one left, the others stay to be killed once more."""
    made, lasts_s = whole
    own, out = files(starts.folder / "in"), starts.folder / "out"
    moments, killed = random.Random(0), Counter()
    while sum(killed.values()) < N_KILLS // len(COMMANDS):
        number = SIGNALS[sum(killed.values()) % len(SIGNALS)]
        process = starts.begin(*command)
        time.sleep(moments.uniform(0.0, 1.05 * lasts_s))
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass
        code = starts.end()
        assert code in (0, -number, 130), starts.said()
        killed[number.name] += code != 0
        left = files(out)
        left.pop("series/unfinished.jsonl", None)
        assert left.items() <= made.items() and files(starts.folder / "in") == own
        if moments.random() < 0.5:
            if code == 0:  # a whole series is never written over
                emptied(out)
            assert starts.run(*command) == 0, starts.said()
            assert files(out) == made and not temporary(out)
        if files(out) == made:
            emptied(out)
    print(f"{dict(killed)} of runs of {lasts_s:.1f} s, none lost.")


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize(
    "place", ["soundfile:SoundFile.write", "output.whole_files:_keep_through_a_crash", "os:replace"]
)
def test_killed_while_it_writes(starts, command, whole, place, number):
    """Before samples are written, before they are kept on the disk, before the file gets its name; the second time."""
    made, _ = whole
    out = starts.folder / "out"
    call = 1 if "turned.wav" in command[2] else 2
    code = starts.run(*command, strikes=[Strike(place, call, number)])
    assert code in (-number, 130), starts.said()
    left = files(out)
    left.pop("series/unfinished.jsonl", None)
    assert left.items() < made.items()
    assert starts.run(*command) == 0 and files(out) == made and not temporary(out)
    emptied(out)
