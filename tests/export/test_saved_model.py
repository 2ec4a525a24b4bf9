import keras
import numpy as np
import pytest
import tensorflow as tf

from kzoo.explanation.attention import attention_model
from kzoo.export.saved_model import write_saved_model
from tests.export.trained import CLASSIFIERS, image_classifier, text_classifier


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_every_signature_takes_raw_input(kind, tmp_path):
    make, examples = CLASSIFIERS[kind]
    model = make()
    write_saved_model(model, tmp_path / "model")
    loaded = tf.saved_model.load(tmp_path / "model")
    raw = model.preprocessing.as_raw(examples)
    ready = model.preprocessing(raw)
    features = keras.Model(model.core.inputs, model.core.get_layer("features").output)
    expected = {
        "serve": model(raw),
        "serving_default": model(raw),
        "features": {"features": features(ready)},
        "attention": attention_model(model.core)(ready),
    }
    assert set(loaded.signatures) == set(expected)
    for name, outputs in expected.items():
        found = getattr(loaded, name)(raw) if name != "serving_default" else loaded.serve(raw)
        assert set(found) == set(loaded.signatures[name].structured_outputs) == set(outputs)
        for key in outputs:
            np.testing.assert_allclose(found[key], outputs[key], atol=1e-6)


def test_a_model_without_attention_has_no_signature_for_it(tmp_path):
    write_saved_model(image_classifier("cnn", filters=[2], padding="same"), tmp_path)
    signatures = tf.saved_model.load(tmp_path).signatures
    assert set(signatures) == {"serve", "serving_default", "features"}


def test_every_weight_is_written_once_and_by_its_path(tmp_path):
    model = text_classifier(bidirectional=True)
    write_saved_model(model, tmp_path)
    stored = dict(tf.train.list_variables(str(tmp_path / "variables" / "variables")))
    del stored["_CHECKPOINTABLE_OBJECT_GRAPH"]
    assert sorted(stored.values()) == sorted(list(v.shape) for v in model.variables)
    loaded = tf.saved_model.load(tmp_path)
    assert [v.name for v in loaded.variables] == [f"{v.path}:0" for v in model.variables]
    assert len(loaded.trainable_variables) == len(model.trainable_variables)
    for found, expected in zip(loaded.variables, model.variables, strict=True):
        np.testing.assert_array_equal(found, expected)


def op_types(graph_def):
    nodes = [*graph_def.node, *(n for f in graph_def.library.function for n in f.node_def)]
    return {node.op for node in nodes}


@pytest.mark.parametrize("options", [{}, {"cell": "gru"}, {"bidirectional": True}], ids=str)
def test_recurrent_models_hold_no_op_of_a_gpu(options, tmp_path, monkeypatch):
    """Keras believes that it runs on a GPU, where it would write an op for it alone."""
    from tensorflow.core.protobuf import saved_model_pb2

    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["GPU:0"])
    model = text_classifier(**options)
    trace = tf.function(model.core).get_concrete_function(tf.TensorSpec((None, 7), "int32"))
    assert "CudnnRNNV3" in op_types(trace.graph.as_graph_def())
    write_saved_model(model, tmp_path)
    saved = saved_model_pb2.SavedModel.FromString((tmp_path / "saved_model.pb").read_bytes())
    assert "Cudnn" not in " ".join(op_types(saved.meta_graphs[0].graph_def))
    trace = tf.function(model.core).get_concrete_function(tf.TensorSpec((None, 7), "int32"))
    assert "CudnnRNNV3" in op_types(trace.graph.as_graph_def())  # the model is as it was
