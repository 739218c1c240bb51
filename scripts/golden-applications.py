"""Writes test/goldens/applications.json from the real Keras: for each configuration of keras.applications the SHA-256 of its summary, its
weights, and for the small ones what it makes of given numbers under given weights. Run it with a Python that has Keras 3:
KERAS_BACKEND=jax python scripts/golden-applications.py"""
import hashlib
import json
import os
import re

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np

CASES = [
    ("MobileNetV2", {}, False),
    ("MobileNetV2", {"alpha": 1.4, "classes": 10, "classifierActivation": None}, False),
    ("MobileNetV2", {"alpha": 0.35, "inputShape": [64, 64, 3], "includeTop": False, "pooling": "avg"}, True),
    ("ResNet50", {}, False),
    ("ResNet50", {"inputShape": [33, 40, 1], "includeTop": False, "pooling": "max"}, True),
    ("VGG16", {"inputShape": [32, 32, 3], "includeTop": False, "pooling": "avg"}, True),
    ("VGG16", {"inputShape": [32, 32, 3], "classes": 7}, False),
    ("DenseNet121", {"inputShape": [32, 32, 3], "classes": 10}, True),
    ("DenseNet121", {"inputShape": [64, 48, 3], "includeTop": False}, False),
    ("EfficientNetB0", {}, False),
    ("EfficientNetB0", {"inputShape": [33, 32, 3], "classes": 5, "classifierActivation": None}, True),
    ("Xception", {}, False),
    ("Xception", {"inputShape": [71, 71, 3], "includeTop": False, "pooling": "avg"}, True),
]


def noise(count, seed):
    """Numbers in [-1, 1) from a hash of their place: the test makes the same."""
    with np.errstate(over="ignore"):
        h = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32((seed * 40503 + 1) % 2**32)
        h = (h ^ (h >> np.uint32(15))) * np.uint32(2246822519)
        h ^= h >> np.uint32(13)
    return h.astype(np.float64) / 2**31 - 1


def value_of(variable, k):
    size = int(np.prod(variable.shape))
    u = noise(size, k + 1)
    name = variable.path.split("/")[-1]
    if name.endswith("kernel"):
        depthwise = "depthwise" in variable.path or "dwconv/" in variable.path
        fan_in = size // variable.shape[2] if depthwise else size // variable.shape[-1]
        u *= np.sqrt(6 / fan_in)
    elif name == "gamma":
        u = 1 + 0.2 * u
    elif name in ("mean", "variance"):
        # Of Normalization: Keras goes on with those it was built with until it loads a file.
        u = u * 0 + (name == "variance")
    elif name.endswith("variance"):
        u = 1 + 0.5 * u
    elif name == "count":
        u *= 0
    else:
        u *= 0.2
    return u.reshape(variable.shape).astype(variable.dtype)


def snake(options):
    name = lambda key: re.sub("[A-Z]", lambda m: "_" + m[0].lower(), key)
    return {name(key): tuple(v) if isinstance(v, list) else v for key, v in options.items()}


cases = []
for name, options, runs in CASES:
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None, **snake(options))
    text = []
    model.summary(line_length=100, print_fn=text.append)
    case = {
        "application": name,
        "options": options,
        "name": model.name,
        "params": model.count_params(),
        "summary": hashlib.sha256("".join(text).encode()).hexdigest(),
        "weights": hashlib.sha256("\n".join(f"{v.path} {list(v.shape)}" for v in model.weights).encode()).hexdigest(),
    }
    if runs:
        model.set_weights([value_of(v, k) for k, v in enumerate(model.weights)])
        shape = (2, *model.input_shape[1:])
        scale = 128 if name.startswith("EfficientNet") else 1
        x = (scale * noise(int(np.prod(shape)), 0)).astype("float32").reshape(shape)
        case["output"] = [float(v) for v in model.predict(x, verbose=0).ravel()[:64]]
    cases.append(case)
    print(name, options, case["params"])

path = os.path.join(os.path.dirname(__file__), "..", "test", "goldens", "applications.json")
json.dump({"keras": keras.__version__, "cases": cases}, open(path, "w"), indent=1)
