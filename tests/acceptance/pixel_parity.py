#!/usr/bin/env python3
"""Pixels before normalisation against transformers' slow, PIL-based CLIPImageProcessor: PNG within 2/255, JPEG within 4/255.

usage: pixel_parity.py [QVLM_FIT_IMAGE]
"""
import os
import subprocess
import sys
import tempfile

from common import Figures, program, use_packages

use_packages()

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from llava_checkpoints import SlowProcessor, expanded  # noqa: E402
from pictures import picture  # noqa: E402

SIZES = [(1, 1), (3, 200), (200, 3), (127, 129), (640, 480), (480, 640), (336, 336), (337, 335), (224, 225), (1000, 37), (500, 1400), (17, 13), (1920, 1080)]
EDGES = [224, 336, 128]


def processor(edge, resample):
    return SlowProcessor(size={"shortest_edge": edge}, crop_size={"height": edge, "width": edge}, resample=resample, do_rescale=False, do_normalize=False)


def main():
    if len(sys.argv) > 2:
        sys.exit(__doc__)
    fit_image = sys.argv[1] if len(sys.argv) == 2 else program("qvlm-fit-image")
    worst, compared, exact = {"png": 0, "jpg": 0}, 0, {"png": 0, "jpg": 0}
    total = {"png": 0, "jpg": 0}
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.png")
        for number, (width, height) in enumerate(SIZES):
            image = picture(width, height, number)
            for kind, options in (("png", [{}]), ("jpg", [{"quality": 90}, {"quality": 75, "subsampling": 0}, {"quality": 60, "progressive": True}])):
                for option in options:
                    path = os.path.join(folder, "in." + kind)
                    image.save(path, **option)
                    opened = Image.open(path).convert("RGB")
                    for edge in EDGES if kind == "png" else EDGES[1:2]:
                        for resample in (3, 2, 1) if edge == 128 else (3,):
                            clip = processor(edge, resample)
                            for fit in ("crop", "pad"):
                                source = opened if fit == "crop" else expanded(opened, clip.image_mean)
                                expected = np.asarray(clip(source, return_tensors="np")["pixel_values"][0]).transpose(1, 2, 0).astype(int)
                                subprocess.run([fit_image, path, str(edge), str(edge), str(resample), fit, out], check=True)
                                difference = int(np.abs(np.asarray(Image.open(out)).astype(int) - expected).max())
                                worst[kind] = max(worst[kind], difference)
                                total[kind] += 1
                                exact[kind] += difference == 0
                                compared += 1
    print(f"  exactly equal: {exact['png']} of {total['png']} PNG, {exact['jpg']} of {total['jpg']} JPEG")
    figures = Figures()
    figures.at_least("pixel_parity_pictures", compared, 30)
    figures.at_most("pixel_parity_png_worst", worst["png"], 2, "of 255")
    figures.at_most("pixel_parity_jpeg_worst", worst["jpg"], 4, "of 255")
    figures.finish()


if __name__ == "__main__":
    main()
