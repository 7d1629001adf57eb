"""The WebAssembly module of the page."""

from functools import cache

from instrument.exponential_code import exponential, squash
from instrument.product_code import product
from instrument.webassembly import module


@cache
def page_code() -> bytes:
    """The module: exports `memory`, `multiply`, `exponential` and `squash`."""
    return module([product(), exponential(), squash()])
