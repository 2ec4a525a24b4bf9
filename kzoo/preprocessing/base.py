"""What a user passes to `predict`."""


def user_input(preprocessing, x, decoded=False):
    """Returns what a user passes to `predict` as the model takes it, or refuses it.

    Args:
        preprocessing: The layer that the model begins with.
        x: What its `as_raw` takes.
        decoded: Whether these are images that were decoded from files. A photo may be nearly
            black; an array of nothing but 0 and 1 has another scale.

    Raises:
        ValueError: If it is something else.
    """
    if hasattr(x, "element_spec"):
        raise ValueError(
            "predict takes arrays. Pass it one batch of a dataset after the other: "
            f"for x, y in dataset: model.predict(x). Received: {type(x).__name__}"
        )
    raw = preprocessing.as_raw(x)
    if not decoded and hasattr(preprocessing, "check_user_input"):
        preprocessing.check_user_input(raw)
    return raw
