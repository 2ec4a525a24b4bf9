"""Attention of every query to every key."""

import keras
from keras import ops

from kzoo.layers.additive_score import AdditiveScore
from kzoo.layers.blockwise import blockwise_attention
from kzoo.layers.masks import explicit_masks, joined_masks, masks_of_scores
from kzoo.layers.projecting_layer import ProjectingLayer
from kzoo.layers.scores import DOT_FACTORS, SCORES, masked_softmax, zero_padding


@keras.saving.register_keras_serializable(package="kzoo")
class Attention(ProjectingLayer):
    """Lets every element of a sequence look at all elements of another, or of itself.

    In each head, with projections Q, K, V of query, key and value:

        A = softmax_keys(score(Q, K))       (batch, heads, queries, keys), 0 where padded
        y = A V                             (batch, queries, value_dim)
        y = [y of every head] Wo + bo       (batch, queries, features)

    The weights are ordered (query, key, value, output) and shaped as in
    `keras.layers.MultiHeadAttention`, so that `set_weights` carries over. The additive score
    adds one more at the end.

    Args:
        num_heads: Number of heads.
        key_dim: Size of Q and K in each head; None divides the query's features among the heads.
        value_dim: Size of V in each head; None is `key_dim`.
        score: `"scaled_dot"` (Q . K / sqrt(key_dim)), `"dot"`, `"cosine"`, `"euclidean"`
            (-|Q - K|) or `"additive"` (w . tanh(Q + K)).
        dropout: Fraction of the attention weights dropped in training.
        shared_key_value: Whether V is also K. There is no key projection then, and what is
            passed as `key` is only the default of `value`.
        output_projection: Whether to project the joined heads to the query's features.
        block_size: None, or how many queries are compared with all keys at a time. The result is
            the same, without ever holding all `queries * keys` scores, forward or backward. Only
            for the scores `"scaled_dot"`, `"dot"` and `"cosine"`, without dropout.
        seed: Integer, the seed of the dropout.
        **kwargs: Options of the projections, which are those of `keras.layers.Dense`
            (`use_bias`, `kernel_initializer`, ...), and of `keras.layers.Layer`.

    Call arguments:
        query: Float tensor.
        key: Float tensor; `query` by default. Passed by name, as is `value`.
        value: Float tensor; `key` by default.
        mask: Boolean `(batch, keys)`, True where key and value are real; or
            `(batch, queries, keys)`, True where the query may see the key.
        query_mask: Boolean `(batch, queries)`, True where the query is real; in self-attention
            `mask` by default. The weights of a padded query are 0, as are those of a query that
            sees no key.
        key_mask: Boolean `(batch, keys)`, like `mask` for the key alone.
        value_mask: The same for the value.
        attention_mask: Another name for a `mask` of `(batch, queries, keys)`.
        causal: Whether query `i` sees only the keys up to `i`.
        return_attention_scores: Also return `A`.

    A query sees a key that no mask hides. The masks that query, key and value carry, as from
    `Embedding(mask_zero=True)`, are used where none is passed: a `mask` of `(batch, keys)` takes
    the place of those of key and value, and in self-attention of that of the query. The output
    carries the mask of the query.

    Input shape:
        `(batch, queries, features)` and `(batch, keys, ...)`; batch, queries and keys may be
        unknown.

    Output shape:
        `(batch, queries, features)`, or `(batch, queries, num_heads * value_dim)` without output
        projection; `(batch, num_heads, queries, keys)` for the scores.

    Raises:
        ValueError: If an argument is out of range, an input has no time axis, or a mask has the
            wrong shape or dtype.
        TypeError: If `key` or `value` is passed by position.

    Example:
    >>> x = np.random.rand(2, 5, 6)
    >>> y, scores = Attention(num_heads=3)(x, return_attention_scores=True)
    >>> tuple(y.shape), tuple(scores.shape)
    ((2, 5, 6), (2, 3, 5, 5))

    References:
        Vaswani et al., 2017, Attention Is All You Need, eq. 1 and section 3.2.2.
        Bahdanau et al., 2015, Neural Machine Translation by Jointly Learning to Align and
        Translate, A.1.2 (additive).
    """

    def __init__(
        self,
        num_heads=1,
        key_dim=None,
        value_dim=None,
        score="scaled_dot",
        dropout=0.0,
        shared_key_value=False,
        output_projection=True,
        block_size=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        _check_arguments(
            num_heads, key_dim, value_dim, score, dropout, shared_key_value, block_size
        )
        self.num_heads = num_heads
        self.key_dim = key_dim
        self.value_dim = value_dim
        self.score = score
        self.dropout = dropout
        self.shared_key_value = shared_key_value
        self.output_projection = output_projection
        self.block_size = block_size
        self.seed = seed
        self.supports_masking = True
        self._dropout = keras.layers.Dropout(dropout, seed=seed, dtype=self.dtype_policy)

    def build(self, query_shape, key_shape=None, value_shape=None):
        key_shape = key_shape or query_shape
        value_shape = value_shape or key_shape
        self._check_shapes(query_shape, key_shape, value_shape)
        key_dim = self.key_dim or query_shape[-1] // self.num_heads
        value_dim = self.value_dim or key_dim
        self._query = self._build_heads("query", query_shape, key_dim)
        if not self.shared_key_value:
            self._key = self._build_heads("key", key_shape, key_dim)
        self._value = self._build_heads("value", value_shape, value_dim)
        if self.output_projection:
            self._output = keras.layers.EinsumDense(
                "bthv,hvd->btd",
                (None, query_shape[-1]),
                bias_axes="d" if self.use_bias else None,
                name="output",
                **self._dense_options(),
            )
            self._output.build((*query_shape[:-1], self.num_heads, value_dim))
        if self.score == "additive":
            self._score = AdditiveScore(
                self._weight_options(), dtype=self.dtype_policy, name="score"
            )
            self._score.build((None, self.num_heads, None, key_dim))
        else:
            self._score = SCORES[self.score]

    def _check_shapes(self, *shapes):
        if any(len(shape) != 3 for shape in shapes):
            raise ValueError(
                "Attention reads inputs of shape (batch, time, features). "
                f"Received the shapes: {', '.join(map(str, shapes))}"
            )
        features = shapes[0][-1]
        if self.key_dim is None and features % self.num_heads:
            raise ValueError(
                f"{features} features do not divide among {self.num_heads} heads: give `key_dim`. "
                f"Received: num_heads={self.num_heads}, query of shape {shapes[0]}"
            )

    def _build_heads(self, name, input_shape, size):
        projection = keras.layers.EinsumDense(
            "btd,dhk->bthk",
            (None, self.num_heads, size),
            bias_axes="hk" if self.use_bias else None,
            name=name,
            **self._dense_options(),
        )
        projection.build(input_shape)
        return projection

    def __call__(self, query, *args, key=None, value=None, **kwargs):
        """Calls the layer; see the call arguments in the docstring of the class."""
        if args:
            raise TypeError(
                "Attention takes `key` and `value` by name, as in layer(query, key=key, "
                "value=value), because the layers of Keras take the value before the key. "
                f"Received: {1 + len(args)} positional arguments"
            )
        key = self._key_of(query, key, value)
        kwargs = explicit_masks(query, key, kwargs)
        return super().__call__(query, key=key, value=value, **kwargs)

    def call(
        self,
        query,
        *,
        key=None,
        value=None,
        mask=None,
        query_mask=None,
        key_mask=None,
        value_mask=None,
        attention_mask=None,
        causal=False,
        training=None,
        return_attention_scores=False,
    ):
        key = self._key_of(query, key, value)
        query_mask, key_mask, visible, causal = joined_masks(
            query, key, causal, mask, query_mask, key_mask, value_mask, attention_mask
        )
        query, key, value = self._project(query, key, value, query_mask, key_mask)
        if self.block_size:
            return self._attend_in_blocks(
                query, key, value, visible, query_mask, causal, return_attention_scores
            )
        scores = self._score(query, key)
        weights = masked_softmax(scores, *masks_of_scores(scores, visible, query_mask, causal))
        dropped = self._dropout(weights, training=training)
        output = self._join(ops.matmul(dropped, value))
        return (output, weights) if return_attention_scores else output

    def _key_of(self, query, key, value):
        """Returns the sequence that is attended to."""
        if self.shared_key_value and value is not None:
            return value
        return query if key is None else key

    def _project(self, query, key, value, query_mask, key_mask):
        """Returns Q, K, V of shape `(batch, heads, time, size)`, whatever the padding holds."""
        value = zero_padding(key if value is None else value, key_mask)
        key = zero_padding(key, key_mask)
        query = self._split(self._query, zero_padding(query, query_mask))
        value = self._split(self._value, value)
        key = value if self.shared_key_value else self._split(self._key, key)
        return query, key, value

    def _split(self, projection, x):
        return ops.transpose(projection(x), (0, 2, 1, 3))

    def _attend_in_blocks(self, query, key, value, visible, query_mask, causal, with_scores):
        if with_scores:
            raise ValueError(
                "With a `block_size`, the scores never exist as a whole. Received: "
                f"return_attention_scores=True, block_size={self.block_size}"
            )
        query, key = DOT_FACTORS[self.score](query, key)
        output = blockwise_attention(
            query, key, value, self.block_size, visible, query_mask, causal
        )
        return self._join(output)

    def _join(self, x):
        x = ops.transpose(x, (0, 2, 1, 3))
        if self.output_projection:
            return self._output(x)
        batch, time = ops.shape(x)[:2]
        return ops.reshape(x, (batch, time, x.shape[2] * x.shape[3]))

    def received(self, scores):
        """Returns how much attention each key receives: the mean over the queries.

        Args:
            scores: Array `(examples, num_heads, queries, keys)`, as a call returns it.

        Returns:
            Array `(examples, num_heads, keys)`. The weights of a head add up to the share of the
            queries that are real, 1 without padding; padded keys have 0.
        """
        return ops.convert_to_numpy(scores).mean(axis=2)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "score": self.score,
            "dropout": self.dropout,
            "shared_key_value": self.shared_key_value,
            "output_projection": self.output_projection,
            "block_size": self.block_size,
            "seed": self.seed,
        }


def _check_arguments(num_heads, key_dim, value_dim, score, dropout, shared_key_value, block_size):
    sizes = dict(num_heads=num_heads, key_dim=key_dim, value_dim=value_dim, block_size=block_size)
    for name, size in sizes.items():
        if size is not None and size <= 0:
            raise ValueError(f"`{name}` must be positive. Received: {name}={size}")
    if score not in SCORES:
        raise ValueError(f"`score` must be one of {list(SCORES)}. Received: score={score!r}")
    if shared_key_value and value_dim not in (None, key_dim):
        raise ValueError(
            "With `shared_key_value`, `value_dim` is `key_dim`: leave it out. "
            f"Received: key_dim={key_dim}, value_dim={value_dim}"
        )
    if block_size and (dropout or score not in DOT_FACTORS):
        raise ValueError(
            f"With a `block_size`, `score` must be one of {list(DOT_FACTORS)} and `dropout` 0. "
            f"Received: block_size={block_size}, score={score!r}, dropout={dropout}"
        )
