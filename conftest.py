"""How nbval runs the notebook: away from the committed files, untouched by the user's settings, figures by pixels."""

import base64
import hashlib
import io
import os
import tempfile

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before numpy: two processes that share two cores
    os.environ[name] = "1"

import matplotlib.font_manager  # noqa: E402, F401  (its cache is built here, not with a message inside a compared cell)
from nbval.plugin import IPyNbCell, IPyNbFile  # noqa: E402
from PIL import Image  # noqa: E402

for name in [name for name in os.environ if name.startswith("SEGMENTATION_")] + ["MPLBACKEND"]:
    os.environ.pop(name, None)
os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="ipython-")
os.environ["SEGMENTATION_OUTPUT_DIR"] = tempfile.mkdtemp(prefix="segmentation-data-")
os.environ["SEGMENTATION_IMAGES_DIR"] = tempfile.mkdtemp(prefix="segmentation-images-")

text_only = IPyNbCell.sanitize


def with_pixels(cell, value):
    """What nbval compares: for a PNG the checksum of its pixels, else the text."""
    if not (isinstance(value, str) and value.lstrip().startswith("iVBORw0KGgo")):
        return text_only(cell, value)
    image = Image.open(io.BytesIO(base64.b64decode(value))).convert("RGBA")
    return f"{image.width} x {image.height} pixels, {hashlib.sha256(image.tobytes()).hexdigest()[:16]}"


IPyNbCell.sanitize = with_pixels


def pytest_collectstart(collector):
    """nbval passes over PNGs unless told otherwise."""
    if isinstance(collector, IPyNbFile):
        collector.skip_compare = tuple(key for key in collector.skip_compare if key != "image/png")


def pytest_itemcollected(item):
    """nbval waits five seconds for an output; a busy machine needs more."""
    if isinstance(item, IPyNbCell):
        item.output_timeout = 60
