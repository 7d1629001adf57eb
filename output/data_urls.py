"""Sounds and pictures as data: URLs: a page that plays and shows them is one file."""

import base64
import io

import numpy as np
import soundfile

MP3_RATES = (16000, 22050, 24000, 32000, 44100, 48000)


def data_url(mime: str, content: bytes) -> str:
    """Bytes of a MIME type, such as image/png -> data URL."""
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def audio_url(audio: np.ndarray, sample_rate: int) -> str:
    """(N,) or (N, channels) audio -> data URL: MP3, which every browser plays, or WAV at rates that MP3 does not know.

    Raises:
        soundfile.SoundFileError: it cannot be encoded
    """
    kind, mime = ("MP3", "audio/mpeg") if sample_rate in MP3_RATES else ("WAV", "audio/wav")
    buffer = io.BytesIO()
    soundfile.write(buffer, audio, sample_rate, format=kind)
    return data_url(mime, buffer.getvalue())
