"""A score with a weight of its own."""

import keras

from kzoo.layers.scores import additive_score


class AdditiveScore(keras.layers.Layer):
    """Holds w of `additive_score`, in a layer so that it comes after the projections."""

    def __init__(self, options, **kwargs):
        super().__init__(**kwargs)
        self._options = options

    def build(self, query_shape, key_shape=None):
        _, heads, _, key_dim = query_shape
        self.weight = self.add_weight((heads, 1, 1, key_dim), name="weight", **self._options)

    def call(self, query, key):
        return additive_score(query, key, self.weight)
