def test_a_file_is_written_and_compared(kzoo_command, digits_run, tmp_path):
    out = tmp_path / "out"
    outcome = kzoo_command("export", digits_run.folder, "--format", "keras", "--out", out)
    assert outcome.code == 0 and "probabilities differ by 0.0e+00" in outcome.out
    assert (out / "model.keras").is_file()


def test_a_format_that_is_none(kzoo_command, digits_run):
    outcome = kzoo_command("export", digits_run.folder, "--format", "onx")
    assert outcome.code == 2
    assert "takes keras, saved_model, litert, onnx. Received: 'onx'" in outcome.err
