"""Decoders: pitch, controls and residual to synth parameters. The kinds differ in how they remember."""

from lightning_modules.decoders.decoder import Decoder, DecoderRecipe
from lightning_modules.decoders.gru import GruDecoder
from lightning_modules.decoders.mingru import MinGruDecoder
from lightning_modules.decoders.published import PublishedDecoder
from lightning_modules.decoders.tcn import TcnDecoder

__all__ = ["Decoder", "DecoderRecipe", "GruDecoder", "MinGruDecoder", "PublishedDecoder", "TcnDecoder"]
