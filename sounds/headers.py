"""What can be told of a sound file before any of it is read, and what it is refused for."""

import os
import re
import stat
from pathlib import Path
from typing import IO

import soundfile

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 768000
"""From the coarsest samples of old computers to the fastest converters sold."""
MOST_CHANNELS = 64
UNKNOWN_BYTES = 2**31 - 2**16
"""Programs that write to a pipe claim this length or more, because they do not know it yet."""
ANNOUNCED = r"(?:RIFF|RIFX|riff|Riff size|FORM|data|SSND|BODY|Data Size)\s*: (\d+) \(should be (\d+)\)"
BEHIND_BYTES = 1024
"""Tags at the end of a file are not longer."""
OGG_PAGE_BYTES = MP3_START_BYTES = 2**16
MISSING_S, UNREAD_SHARE = 0.5, 0.05


class UnusableAudio(ValueError):
    """A sound file cannot become a clip; the message names the file, what is wrong and how to mend it."""


def refuse_no_file(path: str) -> None:
    """Raises UnusableAudio if there is no file, or one without a byte."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        raise UnusableAudio(f"{path} does not exist: check its name, or restore it.") from None
    except (OSError, ValueError) as error:
        raise UnusableAudio(f"{path} cannot be opened ({_reason(error)}): check its name.") from None
    if stat.S_ISDIR(status.st_mode):
        raise UnusableAudio(f"{path} is a folder, not a sound file: name a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise UnusableAudio(f"{path} is a pipe or a device, not a file: write its sound to a file first.")
    if not status.st_size:
        raise UnusableAudio(f"{path} is empty (0 bytes): copy or record it again.")
    if not os.access(path, os.R_OK):
        raise UnusableAudio(f"{path} may not be read (Permission denied): change its permissions.")


def refuse_cut_off(path: str, file: soundfile.SoundFile, raw: IO[bytes]) -> None:
    """Raises UnusableAudio if less is there than the header says, or more; `raw` is at the same place afterwards."""
    # libsndfile reads what is there, and says in its log alone that more was announced.
    for claimed, there in re.findall(ANNOUNCED, file.extra_info):
        # A chunk may lack the byte that fills it up to an even number.
        if int(there) + 1 < int(claimed) < UNKNOWN_BYTES:
            raise UnusableAudio(
                f"{path} is cut off: {int(there):,} of {int(claimed):,} bytes are there. Copy or download it again."
            )
    place = raw.tell()
    n_behind, has_end = _bytes_behind(raw), file.format != "OGG" or _has_last_page(raw)
    raw.seek(place)
    if n_behind > BEHIND_BYTES:
        raise UnusableAudio(
            f"{path} says that it ends where {n_behind:,} bytes follow, as if its recorder had lost power: mend its "
            f"header with ffmpeg -ignore_length 1 -i {Path(path).name} mended.wav."
        )
    if not has_end:
        raise UnusableAudio(f"{path} is cut off: its last page is missing. Copy or download it again.")


def refuse_implausible(path: str, file: soundfile.SoundFile) -> None:
    """Raises UnusableAudio if the file is empty or its header says what cannot be true."""
    if file.frames == 0:
        raise UnusableAudio(f"{path} is empty (no samples): record it again or remove it.")
    if not LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ:
        raise UnusableAudio(
            f"{path} says that it has {file.samplerate:,} samples a second, which no sound has ({LOWEST_RATE_HZ:,} to "
            f"{HIGHEST_RATE_HZ:,}): its header is wrong; export it again."
        )
    if file.channels > MOST_CHANNELS:
        raise UnusableAudio(f"{path} says that it has {file.channels} channels: its header is wrong; export it again.")


def refuse_early_end(path: str, file: soundfile.SoundFile, n_read: int, raw: IO[bytes]) -> None:
    """Raises UnusableAudio if a file that was read to its end holds less than it should.

    Args:
        path: of the file
        file: at its end
        n_read: frames that were read
        raw: the same file, where reading stopped
    """
    unread = 1 - raw.tell() / max(1, raw.seek(0, os.SEEK_END))
    # libsndfile guesses the length of an MP3 that does not say it, and stops where that should end if its bit rate
    # never changed. What others say is a quarter of a second off as a rule.
    missing_s = (file.frames - n_read) / file.samplerate
    says_length = file.format != "MP3" or _says_length(raw)
    if says_length and missing_s > MISSING_S and n_read < (1 - UNREAD_SHARE) * file.frames:
        raise UnusableAudio(
            f"{path} is cut off: it says that it lasts {file.frames / file.samplerate:.4g} s, and "
            f"{n_read / file.samplerate:.4g} s are there. Copy or download it again."
        )
    if file.format == "MP3" and unread > UNREAD_SHARE:
        raise UnusableAudio(
            f"{path} can be read to {1 - unread:.0%} only, because it does not say how long it is: convert it to "
            "FLAC, or rewrite its header with ffmpeg -i OLD.mp3 -c copy NEW.mp3."
        )


def _bytes_behind(raw: IO[bytes]) -> int:
    """How much follows on the last chunk of a WAV file that is one; 0 of other files."""
    end, size = 12, raw.seek(0, os.SEEK_END)
    raw.seek(0)
    start = raw.read(end)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        return 0
    while end + 8 <= size:
        raw.seek(end)
        name, n_bytes = (head := raw.read(8))[:4], int.from_bytes(head[4:], "little")
        if not re.fullmatch(rb"[ -~]{4}", name) or name.startswith(b"TAG"):
            break
        end += 8 + n_bytes + n_bytes % 2
    return size - end


def _says_length(raw: IO[bytes]) -> bool:
    """Whether an MP3 file begins with a frame that holds its length."""
    raw.seek(0)
    start = raw.read(MP3_START_BYTES)
    return any(mark in start for mark in (b"Xing", b"Info", b"VBRI"))


def _has_last_page(raw: IO[bytes]) -> bool:
    """Whether the last page of an Ogg file says that it is the last."""
    size = raw.seek(0, os.SEEK_END)
    raw.seek(max(0, size - OGG_PAGE_BYTES))
    tail = raw.read()
    page = tail.rfind(b"OggS")
    return page >= 0 and bool(tail[page + 5 : page + 6] and tail[page + 5] & 4)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
