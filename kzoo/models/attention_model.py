"""Where a model looks."""

import keras


def attention_model(core):
    """Returns a model that gives the scores of every attention layer of a core.

    Args:
        core: A functional model whose attention layers were called with
            `return_attention_scores=True`, as those of `MODELS` are.

    Returns:
        Functional `keras.Model` with the core's input and, as output, a dict from the name of
        each attention layer to its scores; None where the core has no attention layer.

    Example:
    >>> core = kzoo.create_model("cnn_attention", (8, 8, 1), 10)
    >>> scores = attention_model(core).predict(np.zeros((1, 8, 8, 1)), verbose=0)
    >>> {name: s.shape for name, s in scores.items()}
    {'attention': (1, 4, 16, 16), 'glimpses': (1, 4, 4, 4)}
    """
    scores = {
        layer.name: layer.output[1]
        for layer in core.layers
        if isinstance(layer.output, list | tuple) and len(layer.output) == 2
    }
    return keras.Model(core.inputs, scores) if scores else None
