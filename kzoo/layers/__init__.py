"""Attention layers on `keras.ops` alone: TensorFlow, JAX and PyTorch backends."""

from kzoo.layers.attention import Attention
from kzoo.layers.parallel_attention import ParallelAttention
from kzoo.layers.positional_encoding import PositionalEncoding
from kzoo.layers.sequential_attention import SequentialAttention

__all__ = [
    "Attention",
    "ParallelAttention",
    "PositionalEncoding",
    "SequentialAttention",
]
