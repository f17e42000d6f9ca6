"""Why a search by distance to the float output clips more, the more noise its input carries: shown on random numbers, where nothing else is at work."""
import numpy as np

RATIOS = (1.0, 0.95, 0.9, 0.85, 0.8)


def rounded(x, ratio, bits=4, group=32):
    """x [tokens, channels], each group on its own asymmetric grid over `ratio` of its range."""
    parts = x.reshape(len(x), -1, group)
    low, high = np.minimum(ratio * parts.min(-1, keepdims=True), 0), np.maximum(ratio * parts.max(-1, keepdims=True), 0)
    step = (high - low) / (2 ** bits - 1)
    zero = np.round(-low / step)
    return ((np.clip(np.round(parts / step) + zero, 0, 2 ** bits - 1) - zero) * step).reshape(x.shape)


def choices(noise, tokens=2000, channels=576, outputs=256):
    """The ratio of the least distance of W Q(x + noise) to W x, plainly and with the best common factor in front of it; and that factor's
    inverse at the plain choice. `noise`: its energy over that of x."""
    generator = np.random.default_rng(0)
    w = generator.standard_normal((channels, outputs)) / np.sqrt(channels)
    x = generator.standard_normal((tokens, channels))
    target, heard = x @ w, x + np.sqrt(noise) * generator.standard_normal((tokens, channels))
    made = [rounded(heard, ratio) @ w for ratio in RATIOS]
    plain = int(np.argmin([((y - target) ** 2).sum() for y in made]))
    scaled = int(np.argmin([-(y * target).sum() ** 2 / (y ** 2).sum() for y in made]))
    return RATIOS[plain], RATIOS[scaled], (made[plain] * target).sum() / (target ** 2).sum()


def tell_choices(figures):
    for noise in (0.0, 0.1, 0.2):
        plain, scaled, size = choices(noise)
        figures.told(f"shrinkage_ratio_at_noise_{noise:.1f}", plain)
        figures.told(f"shrinkage_ratio_at_noise_{noise:.1f}_with_a_free_factor", scaled)
        figures.told(f"shrinkage_output_size_at_noise_{noise:.1f}", float(size))
