"""What libsndfile does not read but phones and browsers write, through the program ffmpeg where it is there."""

import os
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sounds.headers import UnusableAudio

FFMPEG_SUFFIXES = (
    ".3gp",
    ".aac",
    ".ac3",
    ".amr",
    ".ape",
    ".m4a",
    ".m4b",
    ".mka",
    ".mp4",
    ".tta",
    ".webm",
    ".wma",
    ".wv",
)
STARTS = (b"\xff\xf1", b"\xff\xf9", b"\x1aE\xdf\xa3", b"0&\xb2u", b"#!AMR", b"MAC ", b"wvpk", b"TTA1", b"\x0bw")
DEMUXERS = "aac,ac3,amr,ape,asf,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,tta,wv,caf"
"""No playlists: they name other files."""
LONGEST_S, MOST_BYTES = 600, 2**33
ENTRY_BYTES = 16


def is_for_ffmpeg(path: str) -> bool:
    """Whether a file is of a kind that libsndfile does not read; by its first bytes, or its name."""
    with open(path, "rb") as file:
        start = file.read(ENTRY_BYTES)
    return start.startswith(STARTS) or start[4:8] == b"ftyp" or path.lower().endswith(FFMPEG_SUFFIXES)


def decoded(path: str) -> IO[bytes]:
    """Its sound as an AU file without a name, which is gone when it is closed; a process decodes a file once.

    Raises:
        UnusableAudio: if ffmpeg is not there or cannot read it
    """
    status = os.stat(path)
    # All handles share one place in the file; each reader goes to its own before it reads, and one reads at a time.
    return os.fdopen(os.dup(_decoded(path, status.st_mtime_ns, status.st_size).fileno()), "rb")


@lru_cache(maxsize=2)
def _decoded(path: str, changed_ns: int, n_bytes: int) -> IO[bytes]:
    program = shutil.which("ffmpeg")
    name = Path(path).name
    if program is None:
        raise UnusableAudio(
            f"{path} is of a kind that needs the program ffmpeg: install it, or convert the file with ffmpeg -i "
            f"'{name}' '{Path(name).stem}.wav'."
        )
    # The path is neither an option nor an address: it begins with file: and is absolute.
    read = [
        "-xerror",
        "-format_whitelist",
        DEMUXERS,
        "-protocol_whitelist",
        "file",
        "-i",
        f"file:{Path(path).absolute()}",
    ]
    write = ["-map", "0:a:0", "-c:a", "pcm_f32be", "-fs", str(MOST_BYTES), "-f", "au", "pipe:1"]
    output = TemporaryFile()
    try:
        done = subprocess.run(
            [program, "-nostdin", "-v", "error", *read, "-i", f"file:{Path(path).absolute()}", *write],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnusableAudio(f"{path} takes ffmpeg longer than {LONGEST_S} s: convert it to FLAC.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason"]
        raise UnusableAudio(
            f"{path} cannot be read as sound (ffmpeg: {said[-1]}): copy it again, or convert it to WAV."
        )
    return output
