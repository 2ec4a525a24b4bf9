"""Runs the notebooks and stores their outputs.

    python notebooks/run.py                    all of them
    python notebooks/run.py quickstart.ipynb   one

Nothing is stored of a notebook in which a cell fails.
"""

import base64
import io
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from ipykernel.kernelspec import write_kernel_spec
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).parent
# what TensorFlow's C++ says of processor and GPU; TF_CPP_MIN_LOG_LEVEL does not reach all of it
LOG_LINE = re.compile(r"^(?:WARNING: All log messages before absl|[IWE]0000 ).*\n", re.M)


def execute(path):
    """Runs a notebook in the root of the repository, with the interpreter that runs this.

    Args:
        path: The `.ipynb` file, which is left as it is.

    Returns:
        The notebook with its outputs, without times and without what differs by machine.

    Raises:
        nbclient.exceptions.CellExecutionError: If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # a spec of our own: one that the user has installed may be of another interpreter
        write_kernel_spec(Path(folder) / "python3")
        specs = KernelSpecManager(kernel_dirs=[folder], ensure_native_kernel=False)
        client = NotebookClient(
            notebook,
            timeout=600,
            coalesce_streams=True,
            record_timing=False,
            resources={"metadata": {"path": FOLDER.parent}},
        )
        # not among the arguments above, so that the client ends the kernel, too
        client.km = AsyncKernelManager(kernel_name="python3", kernel_spec_manager=specs)
        client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not _is_log(output)]
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = _small(output.data["image/png"])
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


def _is_log(output):
    return output.get("name") == "stderr" and not LOG_LINE.sub("", output.text).strip()


def _small(png):
    """Returns a PNG of 256 colours, a quarter of the bytes; in base64, as it came."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    image.quantize(256, Image.Quantize.MAXCOVERAGE).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(path.name for path in FOLDER.glob("*.ipynb")):
        start = time.perf_counter()
        nbformat.write(execute(FOLDER / name), FOLDER / name)
        print(f"{name}: {time.perf_counter() - start:.0f} s")
