"""Every layer in every form that computes something different, for the tests of all of them."""

from kzoo.layers import (
    Attention,
    DenseAttentionFusion,
    ParallelAttention,
    PositionalEncoding,
    SegmentAttention,
    SequentialAttention,
    SimilarityAttention,
)

FEATURES = 6  # divides among 2 and 3 heads

LAYERS = {
    "attention": lambda **options: Attention(3, **options),
    "attention_additive": lambda **options: Attention(2, score="additive", **options),
    "attention_blockwise": lambda **options: Attention(3, block_size=4, **options),
    "attention_cosine": lambda **options: Attention(2, 5, 7, score="cosine", **options),
    "attention_euclidean": lambda **options: Attention(2, score="euclidean", **options),
    "attention_shared": lambda **options: Attention(
        2, score="dot", shared_key_value=True, output_projection=False, **options
    ),
    "fusion_attend": lambda **options: DenseAttentionFusion(7, fusion="attend", **options),
    "fusion_concat": lambda **options: DenseAttentionFusion(7, 5, **options),
    "fusion_gated": lambda **options: DenseAttentionFusion(7, fusion="gated", **options),
    "fusion_stacked": lambda **options: DenseAttentionFusion(7, fusion="stacked", **options),
    "parallel": lambda **options: ParallelAttention(2, 7, **options),
    "parallel_output": lambda **options: ParallelAttention(2, 7, 5, **options),
    "positions_learned": lambda **options: PositionalEncoding("learned", 23, **options),
    "positions_sinusoidal": lambda **options: PositionalEncoding(**options),
    "segment": lambda **options: SegmentAttention(3, **options),
    "segment_pool": lambda **options: SegmentAttention(3, pool=True, **options),
    "sequential": lambda **options: SequentialAttention(7, **options),
    "sequential_output": lambda **options: SequentialAttention(7, 5, **options),
    "similarity_cosine": lambda **options: SimilarityAttention(**options),
    "similarity_dot": lambda **options: SimilarityAttention("dot", **options),
    "similarity_euclidean": lambda **options: SimilarityAttention("euclidean", **options),
}
