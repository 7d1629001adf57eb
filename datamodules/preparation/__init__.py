"""Sounds to shards, once."""

from datamodules.preparation.preparation import Preparation, Slice
from datamodules.preparation.report import SplitSummary
from datamodules.preparation.selection import Selection, label_table
from datamodules.preparation.shards import Entry, Shards

__all__ = ["Entry", "Preparation", "Selection", "Shards", "Slice", "SplitSummary", "label_table"]
