"""What `kzoo compare` and `kzoo sweep` print."""

from kzoo.cli.tables import print_table
from kzoo.config import ConfigError
from kzoo.training.run_folder import write


def print_comparison(comparison, out=None):
    """Prints runs side by side, and writes the table to a file if one is named.

    Args:
        comparison: `Comparison`.
        out: `Path` of a `.csv` or `.html` file, or None.

    Raises:
        ConfigError: If the file is another one, or exists.
    """
    formats = {".csv": comparison.as_csv, ".html": comparison.as_html}
    if out and out.suffix.lower() not in formats:
        raise ConfigError(f"--out takes a .csv or .html file. Received: {out}")
    if out and out.exists():
        raise ConfigError(f"{out} exists. Choose another name.")
    print_table("Runs", comparison.columns, comparison.rows)
    if out:
        write(out, formats[out.suffix.lower()]())


def print_sweep(sweep):
    """Prints what a sweep came to."""
    print_comparison(sweep.table)
    print("Chosen on validation: " + ", ".join(f"{k}={v}" for k, v in sweep.chosen.items()))
    rows = [(key.replace("_", " "), of["mean"], of["std"]) for key, of in sweep.test.items()]
    print_table("Its test", ["", "mean", "spread"], rows)
    print(f"{sweep.folder}: table.csv, table.html, sweep.json and a folder for each run")
