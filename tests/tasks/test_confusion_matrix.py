import numpy as np

from kzoo.tasks.confusion_matrix import draw_confusion_matrix


def test_confusion_matrix(drawn, tmp_path):
    matrix = [[3, 1, 0], [0, 5, 0], [0, 0, 0]]  # a class without examples divides nothing by 0
    draw_confusion_matrix(matrix, ["cat", "dog", "owl"], tmp_path / "matrix.png")
    assert (tmp_path / "matrix.png").read_bytes().startswith(b"\x89PNG")
    [figure] = drawn
    [axes] = figure.axes
    np.testing.assert_allclose(axes.images[0].get_array(), [[0.75, 0.25, 0], [0, 1, 0], [0, 0, 0]])
    numbers = {text.get_position(): text.get_text() for text in axes.texts}
    assert numbers == {(0, 0): "3", (1, 0): "1", (1, 1): "5"}  # (predicted, true)
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog", "owl"]


def test_names_of_classes_are_no_formulas(drawn, tmp_path):
    names = ["$\\frac$", "a_b$^", "x\x1b[2J", "long" * 50]
    draw_confusion_matrix(np.eye(4, dtype=int), names, tmp_path / "m.png")
    shown = [label.get_text() for label in drawn[0].axes[0].get_yticklabels()]
    assert shown[:3] == ["$\\frac$", "a_b$^", r"x\x1b[2J"] and shown[3] == "long" * 6 + "lon..."


def test_confusion_matrix_of_many_classes_has_no_numbers(drawn, tmp_path):
    draw_confusion_matrix(np.eye(29, dtype=int), [str(i) for i in range(29)], tmp_path / "m.png")
    assert not drawn[0].axes[0].texts
