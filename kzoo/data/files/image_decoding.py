"""From the bytes of an image file to the pixels that viewers show."""

import io
import logging
import re
import warnings

import numpy as np
from PIL import Image, ImageColor, UnidentifiedImageError

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
UNREAD = {b"heic": "HEIC", b"heix": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC", b"avif": "AVIF"}
LONGEST = 65_535  # pixels of a side, as in a JPEG; only a damaged header says more
ORIENTATION, BITS, INTERPRETATION, WHITE_IS_ZERO = 274, 258, 262, 0  # in the tags of EXIF and TIFF
TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

Image.init()  # registers the formats, before threads ask for them

# An `ImageError` says what is wrong with a file. Filters hold for all threads, so they cannot be
# set for the time of a call.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())


class ImageError(ValueError):
    """A file holds no image that can be read; the message says why."""


def decode(data, channels, background="white"):
    """Decodes an image file as viewers show it: upright, on a background, the first frame.

    Args:
        data: The bytes of a PNG, JPEG, BMP, GIF, WebP or TIFF file, whatever its name says.
        channels: 1 for grey (ITU-R 601-2), 3 for colour.
        background: The colour behind transparent pixels.

    Returns:
        Array `(height, width, channels)`, uint8.

    Raises:
        ImageError: If the file is damaged, too large or something else.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            pixels = np.asarray(_shown(image, data, "L" if channels == 1 else "RGB", background))
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise ImageError(_what_it_is(data)) from None
    except Image.DecompressionBombError as error:
        raise ImageError(_too_large(str(error))) from None
    except MemoryError:
        raise ImageError("too large: it does not fit into memory") from None
    except Exception as error:  # of Pillow, zlib or struct: whatever a damaged file ends in
        raise ImageError(f"damaged: {str(error).strip('.') or type(error).__name__}") from None
    return pixels.reshape(*pixels.shape[:2], channels)


def colour(name):
    """Returns the colour of a name, as in CSS, as `(red, green, blue)`; raises `ValueError`."""
    try:
        return ImageColor.getcolor(name, "RGB")
    except ValueError:
        raise ValueError(
            f"must be a colour, such as white or '#ffffff'. Received: {name!r}"
        ) from None


def _shown(image, data, mode, background):
    """Returns the image in the mode L or RGB, upright and without transparency."""
    if max(image.size) > LONGEST:
        width, height = image.size
        raise ImageError(f"too large: {width:,} x {height:,} pixels, above {LONGEST:,} on a side")
    drawn = image.tile[0].extents if image.format == "GIF" and image.tile else None
    image.load()
    turn = _turn(image)
    if image.mode in ("I", "F"):
        raise ImageError("of 32-bit numbers, for which no white is defined: save 8 or 16 bits")
    if image.mode.startswith("I;16"):
        image = _in_8_bits(image)
    elif image.format == "PNG" and image.mode != "P" and "transparency" in image.info:
        image = _with_scaled_key(image, bits=data[24])
    if drawn not in (None, (0, 0, *image.size)):
        image = _cut_out(image, drawn)
    if image.has_transparency_data:
        canvas = Image.new("RGBA", image.size, colour(background))
        image = Image.alpha_composite(canvas, image.convert("RGBA"))
    if image.mode not in ("1", "L", "RGB"):
        image = image.convert("RGB")
    if image.mode != mode:
        image = image.convert(mode)
    return image if turn is None else image.transpose(turn)


def _turn(image):
    """Returns what brings an image upright, or None; Pillow has turned a TIFF already."""
    try:
        return TURN.get(image.getexif().get(ORIENTATION))
    except Exception:  # viewers show an image with damaged EXIF as it is stored
        return None


def _in_8_bits(image):
    """Scales grey values of 16 bits, or of the 12 that a TIFF may declare, to 0..255."""
    tags = getattr(image, "tag_v2", {})
    most = 2 ** tags.get(BITS, (16,))[0] - 1
    values = np.asarray(image).astype("uint32")
    grey = (values * 255 + most // 2) // most
    if tags.get(INTERPRETATION) == WHITE_IS_ZERO:
        grey = 255 - grey
    key = image.info.get("transparency")
    image = Image.fromarray(grey.astype("uint8"))
    if key is not None:
        image.putalpha(Image.fromarray(np.where(values == key, 0, 255).astype("uint8")))
    return image


def _cut_out(image, box):
    """Makes what the first frame of a GIF does not draw transparent."""
    part = image.convert("RGBA").crop(box)
    image = Image.new("RGBA", image.size)
    image.paste(part, box)
    return image


def _with_scaled_key(image, bits):
    """Brings the transparent colour of a PNG to 8 bits, as Pillow has done with its pixels."""
    key, most = image.info["transparency"], 2**bits - 1
    image = image.convert("L") if image.mode == "1" else image
    if isinstance(key, tuple):
        key = tuple((value & most) >> (bits - 8) for value in key)
    else:
        key = (key & most) * 255 // most
    image.info["transparency"] = key
    return image


def _what_it_is(data):
    if not data:
        return "empty"
    if data[4:8] == b"ftyp" and data[8:12] in UNREAD:
        return f"a {UNREAD[data[8:12]]} image: convert it to JPEG or PNG"
    return "no PNG, JPEG, BMP, GIF, WebP or TIFF image that can be read"


def _too_large(message):
    pixels = int(re.search(r"\d+", message)[0])
    return f"too large: {pixels:,} pixels, which take {3 * pixels / 2**30:,.1f} GiB of memory"
