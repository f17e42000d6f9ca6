#!/usr/bin/env python3
"""Pixels before normalisation against transformers' slow, PIL-based CLIPImageProcessor: PNG within 2/255, JPEG within 4/255.

usage: pixel_parity.py QVLM_FIT_IMAGE     (needs transformers and pillow)
"""
import os
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image, ImageDraw

SIZES = [(1, 1), (3, 200), (200, 3), (127, 129), (640, 480), (480, 640), (336, 336), (337, 335), (224, 225), (1000, 37), (17, 13), (1920, 1080)]
EDGES = [224, 336, 128]


def picture(width, height, seed):
    """Smooth ground, sharp shapes and some noise: what photographs and drawings have."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([127 + 120 * np.sin(x / 23 + k) * np.cos(y / 17 - k) for k in range(3)], -1)
    pixels += random.normal(0, 8, pixels.shape)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        a, b = random.integers(0, width, 2), random.integers(0, height, 2)
        draw.rectangle([a.min(), b.min(), a.max(), b.max()], outline=tuple(random.integers(0, 256, 3)), fill=tuple(random.integers(0, 256, 3)) if random.random() < 0.3 else None)
    return image


def expanded(image, mean):
    """expand2square of LLaVA."""
    width, height = image.size
    side = max(width, height)
    result = Image.new("RGB", (side, side), tuple(int(x * 255) for x in mean))
    result.paste(image, ((side - width) // 2, (side - height) // 2))
    return result


def processor(edge, resample):
    try:
        from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil as Processor
    except ImportError:
        from transformers import CLIPImageProcessor as Processor
    return Processor(size={"shortest_edge": edge}, crop_size={"height": edge, "width": edge}, resample=resample, do_rescale=False, do_normalize=False)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
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
                                subprocess.run([sys.argv[1], path, str(edge), str(edge), str(resample), fit, out], check=True)
                                difference = int(np.abs(np.asarray(Image.open(out)).astype(int) - expected).max())
                                worst[kind] = max(worst[kind], difference)
                                total[kind] += 1
                                exact[kind] += difference == 0
                                compared += 1
    print(f"{compared} pictures: PNG differ by at most {worst['png']}/255 ({exact['png']} of {total['png']} exactly equal), "
          f"JPEG by at most {worst['jpg']}/255 ({exact['jpg']} of {total['jpg']})")
    sys.exit(0 if worst["png"] <= 2 and worst["jpg"] <= 4 else 1)


if __name__ == "__main__":
    main()
