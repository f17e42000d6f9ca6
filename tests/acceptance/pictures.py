"""Generated pictures: smooth ground, sharp shapes and some noise, as photographs and drawings have them."""
import numpy as np
from PIL import Image, ImageDraw


def picture(width, height, seed):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([127 + 120 * np.sin(x / 23 + k) * np.cos(y / 17 - k) for k in range(3)], -1)
    pixels += random.normal(0, 8, pixels.shape)
    image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        a, b = random.integers(0, width, 2), random.integers(0, height, 2)
        fill = tuple(int(c) for c in random.integers(0, 256, 3)) if random.random() < 0.3 else None
        outline = tuple(int(c) for c in random.integers(0, 256, 3))
        draw.rectangle([int(a.min()), int(b.min()), int(a.max()), int(b.max())], outline=outline, fill=fill)
    return image
