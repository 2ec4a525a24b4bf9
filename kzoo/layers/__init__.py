"""Attention layers on `keras.ops` alone: TensorFlow, JAX and PyTorch backends."""

from kzoo.layers.attention import Attention
from kzoo.layers.dense_attention_fusion import DenseAttentionFusion
from kzoo.layers.parallel_attention import ParallelAttention
from kzoo.layers.positional_encoding import PositionalEncoding
from kzoo.layers.segment_attention import SegmentAttention
from kzoo.layers.sequential_attention import SequentialAttention
from kzoo.layers.similarity_attention import SimilarityAttention

__all__ = [
    "Attention",
    "DenseAttentionFusion",
    "ParallelAttention",
    "PositionalEncoding",
    "SegmentAttention",
    "SequentialAttention",
    "SimilarityAttention",
]
