"""A folder of one's own sounds."""

from datamodules.recordings.recordings import Recordings

__all__ = ["Recordings"]
