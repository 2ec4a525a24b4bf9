"""From raw inputs to tensors: one layer for each kind of input, saved in the model."""
