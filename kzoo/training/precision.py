"""A core that computes in another precision."""

import keras


def in_precision(core, precision):
    """Returns a model to train in place of a core, with its weights.

    Args:
        core: Functional model.
        precision: `"float32"`, in which the core itself is trained; `"mixed_bfloat16"` or
            `"mixed_float16"`, of a copy whose layers compute in 16 bits, with weights in float32.
            The layer `logits` computes in float32 in any case.
    """
    if precision == "float32":
        return keras.Model(core.inputs, core.outputs, name=core.name)

    def copy(layer):
        config = layer.get_config()
        if not isinstance(layer, keras.layers.Layer):  # an operation, which has no precision
            return type(layer).from_config(config)
        if layer.name != "logits" and not isinstance(layer, keras.layers.InputLayer):
            config["dtype"] = precision
        copied = type(layer).from_config(config)
        copied.trainable = layer.trainable
        return copied

    trained = keras.models.clone_model(core, clone_function=copy)
    trained.set_weights(core.get_weights())
    return trained
