import keras
import numpy as np
import pytest

from kzoo.training.callbacks import KeepBest, NonFiniteLoss, StopAtNonFiniteLoss


@pytest.fixture
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.zeros((2, 1))])
    return model


def go_through(callback, model, epochs):
    """Calls the callback as Keras does; each epoch leaves its number in the weights."""
    callback.set_model(model)
    model.stop_training = False
    for epoch, (loss, accuracy) in enumerate(epochs):
        callback.on_epoch_begin(epoch)
        model.set_weights([np.full((2, 1), epoch + 1.0)])
        callback.on_test_end({"loss": loss, "accuracy": accuracy})
        if model.stop_training:
            return epoch + 1
    return len(epochs)


NAN = float("nan")


@pytest.mark.parametrize(
    "monitor, epochs, best",
    [
        ("val_loss", [(3, 0.1), (1, 0.2), (2, 0.3)], 2),
        ("val_accuracy", [(3, 0.1), (1, 0.2), (2, 0.3)], 3),
        ("val_accuracy", [(3, 0.2), (1, 0.2), (2, 0.2)], 2),  # among equals, the lower loss
        ("val_loss", [(1, 0.2), (1, 0.9)], 1),  # the first of equals
        ("val_loss", [(NAN, 0.9), (2, 0.1), (NAN, 0.9)], 2),
        ("val_accuracy", [(NAN, 0.9), (2, 0.1)], 2),
        ("val_accuracy", [(float("inf"), 0.9), (2, 0.1)], 2),
    ],
)
def test_keeps_the_best(model, monitor, epochs, best):
    callback = KeepBest(monitor)
    assert go_through(callback, model, epochs) == len(epochs)
    callback.restore(model)
    assert callback.best_epoch == best
    assert callback.best_logs == dict(zip(["loss", "accuracy"], epochs[best - 1], strict=True))
    np.testing.assert_array_equal(model.get_weights()[0], np.full((2, 1), best))


@pytest.mark.parametrize("patience, ended", [(1, 3), (2, 6), (3, 7), (None, 7)])
def test_patience(model, patience, ended):
    losses = [5, 4, 4.5, 3, 3.5, 3.5, 3.5]
    callback = KeepBest(patience=patience)
    assert go_through(callback, model, [(loss, 0.5) for loss in losses]) == ended
    assert callback.best_epoch == (2 if patience == 1 else 4)


def test_nothing_to_restore(model):
    callback = KeepBest()
    go_through(callback, model, [(NAN, 0.5)])
    callback.restore(model)
    assert callback.best_epoch is None and callback.best_logs is None
    np.testing.assert_array_equal(model.get_weights()[0], np.full((2, 1), 1.0))


@pytest.mark.parametrize(
    "together, batch, message",
    [
        (1, 0, "The loss became nan at step 11, epoch 3."),
        (1, 4, "The loss became nan at step 15, epoch 3."),
        (2, 1, "The loss became nan at one of the steps 11 to 12, epoch 3."),
        (2, 3, "The loss became nan at one of the steps 13 to 14, epoch 3."),
        (5, 4, "The loss became nan at one of the steps 11 to 15, epoch 3."),
    ],
)
def test_stops_at_nan(together, batch, message):
    callback = StopAtNonFiniteLoss(steps_per_epoch=5, steps_per_execution=together)
    callback.on_epoch_begin(2)
    callback.on_train_batch_end(batch, {"loss": 7.0})
    with pytest.raises(NonFiniteLoss) as error:
        callback.on_train_batch_end(batch, {"loss": NAN})
    assert str(error.value) == message


def test_stops_at_infinity():
    callback = StopAtNonFiniteLoss(steps_per_epoch=5)
    callback.on_epoch_begin(0)
    with pytest.raises(NonFiniteLoss, match="The loss became inf at step 2, epoch 1."):
        callback.on_train_batch_end(1, {"loss": float("inf")})
