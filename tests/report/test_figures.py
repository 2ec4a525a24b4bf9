from kzoo.report.figures import draw_curves


def is_png(path):
    return path.read_bytes().startswith(b"\x89PNG")


def test_curves(drawn, tmp_path):
    history = tmp_path / "history.csv"
    history.write_text(
        "epoch,accuracy,loss,val_accuracy,val_loss\n0,0.25,2.0,0.3,1.5\n1,0.5,1.0,0.4,0.75\n"
    )
    draw_curves(history, tmp_path / "curves.png")
    assert is_png(tmp_path / "curves.png")
    [figure] = drawn
    curves = {
        (axes.get_title(), line.get_label()): (list(line.get_xdata()), list(line.get_ydata()))
        for axes in figure.axes
        for line in axes.lines
    }
    assert curves == {
        ("loss", "training"): ([1, 2], [2.0, 1.0]),
        ("loss", "validation"): ([1, 2], [1.5, 0.75]),
        ("accuracy", "training"): ([1, 2], [0.25, 0.5]),
        ("accuracy", "validation"): ([1, 2], [0.3, 0.4]),
    }
