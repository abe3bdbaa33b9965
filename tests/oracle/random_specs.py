"""Small random specs: sizes that do not divide each other, projections, both kinds of positions."""

import random

HEADS = ("sa_sdp", "sa_wma", "l_dft", "l_dct", "c_5", "c_9", "c_13")


def random_spec(seed, position=None, heads=HEADS):
    draw = random.Random(seed)
    layers = []
    for _ in range(draw.randint(1, 4)):
        width = 4 * draw.randint(2, 6)
        if layers and draw.random() < 0.5:
            width = layers[-1]["width"]
        layers.append({
            "width": width,
            "head_width": draw.randint(3, 8),
            "heads": [draw.choice(heads) for _ in range(draw.randint(1, 5))],
            "feed_forward": [4 * draw.randint(2, 8) for _ in range(draw.randint(1, 3))],
        })
    return {
        "vocabulary": draw.randint(20, 60),
        "positions": draw.randint(9, 24),
        "position": position or draw.choice(["absolute", "relative_key"]),
        "embedding": draw.choice([layers[0]["width"], 4 * draw.randint(2, 6)]),
        "types": draw.randint(2, 3),
        "layers": layers,
    }
