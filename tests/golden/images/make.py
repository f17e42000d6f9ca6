#!/usr/bin/env python3
"""Makes the files of this folder with Pillow and transformers' slow, PIL-based CLIPImageProcessor.

- resize_*.png, crop_*.png, pad_*.png: results for pictures that the test draws by the formula below, so that only the results are stored.
- in_*: files of each kind of picture; out_*.png: Image.open(in_*).convert("RGB") after ImageOps.exif_transpose.
"""
import os
import struct

import numpy as np
from PIL import Image, ImageOps
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

FOLDER = os.path.dirname(os.path.abspath(__file__))
SIZES = [(1, 1), (3, 200), (200, 3), (127, 129), (640, 480), (90, 400)]
MEAN = [0.48145466, 0.4578275, 0.40821073]


def formula(width, height):
    """Both smooth and sharp: rgb[y, x, c]."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([(x * (3 + c) + y * (5 - c) + 40 * c + ((x // 9 + y // 7) % 3) * 70 + (x * y) // 16) % 256 for c in range(3)], -1).astype(np.uint8))


def save(image, name, **options):
    image.save(os.path.join(FOLDER, name), **options)


def expanded(image):
    width, height = image.size
    side = max(width, height)
    result = Image.new("RGB", (side, side), tuple(int(x * 255) for x in MEAN))
    result.paste(image, ((side - width) // 2, (side - height) // 2))
    return result


def exif(orientation):
    return b"Exif\0\0MM\0*" + struct.pack(">IHHHIHH", 8, 1, 0x0112, 3, 1, orientation, 0) + b"\0" * 4


def fitted():
    for width, height in SIZES:
        image = formula(width, height)
        # The crop is larger than the resized picture once (40 from 32), to show the padding.
        for edge, crop in ((40, 40), (48, 40), (32, 40)):
            clip = CLIPImageProcessorPil(size={"shortest_edge": edge}, crop_size={"height": crop, "width": crop}, do_rescale=False, do_normalize=False)
            for fit, source in (("crop", image), ("pad", expanded(image))):
                if fit == "pad" and edge != crop:
                    continue
                pixels = np.asarray(clip(source, return_tensors="np")["pixel_values"][0]).transpose(1, 2, 0).astype(np.uint8)
                save(Image.fromarray(pixels), f"{fit}_{width}x{height}_{edge}_{crop}.png", optimize=True)
    for number, name in ((0, "nearest"), (1, "lanczos"), (2, "bilinear"), (3, "bicubic"), (4, "box"), (5, "hamming")):
        for width, height in ((23, 31), (61, 17)):
            save(formula(40, 37).resize((width, height), number), f"resize_{name}_{width}x{height}.png", optimize=True)


def decoded():
    image = formula(37, 29)
    alpha = Image.fromarray(((np.mgrid[0:29, 0:37].sum(0) * 9) % 256).astype(np.uint8))
    rgba = image.copy()
    rgba.putalpha(alpha)
    save(image, "in_rgb.png")
    save(rgba, "in_rgba.png")
    save(image.convert("L"), "in_grey.png")
    save(rgba.convert("LA"), "in_grey_alpha.png")
    save(image.quantize(16), "in_palette.png")
    save(image.quantize(7), "in_palette_transparent.png", transparency=2)
    save(image.convert("1"), "in_bits.png")
    save(Image.fromarray((np.asarray(image.convert("L")).astype(np.uint16) * 3)), "in_grey16.png")
    save(image, "in_rgb.bmp")
    save(image.convert("L"), "in_grey.bmp")
    save(image.quantize(31), "in_palette.gif")
    save(image, "in_rgb.ppm")
    save(image, "in_420.jpg", quality=85)
    save(image, "in_422.jpg", quality=85, subsampling=1)
    save(image, "in_444.jpg", quality=85, subsampling=0)
    save(image, "in_progressive.jpg", quality=85, progressive=True)
    save(image.convert("L"), "in_grey.jpg", quality=85)
    save(image.convert("CMYK"), "in_cmyk.jpg", quality=85)
    save(image, "in_lossy.webp", quality=80)
    save(rgba, "in_lossless_alpha.webp", lossless=True, exact=True)
    save(image, "in_animated.webp", save_all=True, append_images=[ImageOps.invert(image)], lossless=True)
    save(image, "in_turned.webp", lossless=True, exif=exif(6))
    save(image, "in_turned.png", exif=exif(8))
    small = formula(16, 8)
    for orientation in range(1, 9):
        save(small, f"in_orientation{orientation}.jpg", quality=90, exif=exif(orientation))
    for name in sorted(os.listdir(FOLDER)):
        if name.startswith("in_"):
            source = Image.open(os.path.join(FOLDER, name))
            source.seek(0)
            save(ImageOps.exif_transpose(source).convert("RGB"), "out_" + name[3:].replace(".", "_") + ".png", optimize=True)


if __name__ == "__main__":
    fitted()
    decoded()
