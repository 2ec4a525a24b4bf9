"""What the layers that hold dense layers have in common: the options of these."""

import keras


class ProjectingLayer(keras.layers.Layer):
    """Base of the layers that hold dense layers, which all get the same options.

    Args:
        use_bias: Whether the dense layers add a bias, those that have one.
        kernel_initializer: Initializer of their kernels; each gets a copy of its own.
        bias_initializer: Initializer of their biases.
        kernel_regularizer: Regularizer of their kernels.
        bias_regularizer: Regularizer of their biases.
        activity_regularizer: Regularizer of what each of them gives.
        kernel_constraint: Constraint of their kernels.
        bias_constraint: Constraint of their biases.
        **kwargs: Options of `keras.layers.Layer`, such as `name` and `dtype`.
    """

    def __init__(
        self,
        *,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.use_bias = use_bias
        self.kernel_initializer = _initializer(kernel_initializer)
        self.bias_initializer = _initializer(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        # Not the attribute of Keras, which would regularize the attention scores too.
        self._activity_regularizer = keras.regularizers.get(activity_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)

    def _dense(self, name, units, activation=None, use_bias=True):
        """Returns a new dense layer with the options of this one."""
        return keras.layers.Dense(
            units, activation, use_bias and self.use_bias, name=name, **self._dense_options()
        )

    def _weight_options(self):
        """Returns the keyword arguments of `add_weight` for a kernel."""
        return {
            "initializer": fresh(self.kernel_initializer),
            "regularizer": self.kernel_regularizer,
            "constraint": self.kernel_constraint,
        }

    def _dense_options(self):
        """Returns the keyword arguments of a new dense layer, apart from whether it has a bias."""
        return {
            "kernel_initializer": fresh(self.kernel_initializer),
            "bias_initializer": fresh(self.bias_initializer),
            "kernel_regularizer": self.kernel_regularizer,
            "bias_regularizer": self.bias_regularizer,
            "activity_regularizer": self._activity_regularizer,
            "kernel_constraint": self.kernel_constraint,
            "bias_constraint": self.bias_constraint,
            "dtype": self.dtype_policy,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "use_bias": self.use_bias,
            "kernel_initializer": serialize_initializer(self.kernel_initializer),
            "bias_initializer": serialize_initializer(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": keras.regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": keras.regularizers.serialize(self._activity_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
            "bias_constraint": keras.constraints.serialize(self.bias_constraint),
        }


def fresh(initializer):
    """Returns a copy: an initializer draws the same numbers each time that it is called."""
    is_object = isinstance(initializer, keras.initializers.Initializer)
    return initializer.clone() if is_object else initializer


def serialize_initializer(initializer):
    """Returns what `get_config` holds for an initializer, its name or its config."""
    is_name = initializer is None or isinstance(initializer, str)
    return initializer if is_name else keras.initializers.serialize(initializer)


def _initializer(identifier):
    # A name stays one until a weight is made, so that a seed set before gives the same weights
    # however many layers take options.
    return identifier if isinstance(identifier, str) else keras.initializers.get(identifier)
