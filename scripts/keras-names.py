"""Writes scripts/keras-names.json: all public names of the real Keras, by module. KERAS_BACKEND=jax python scripts/keras-names.py"""
import inspect
import json
import os
import types

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras

names = {}


def walk(module, path, seen):
    if module in seen:
        return
    found = []
    for name in sorted(dir(module)):
        value = getattr(module, name)
        if name.startswith("_") and name != "__version__":
            continue
        if isinstance(value, types.ModuleType):
            inside = value.__name__.startswith("keras.") and not value.__name__.startswith("keras.src")
            if inside and name not in ("src", "api"):
                walk(value, f"{path}.{name}", seen | {module})
        else:
            kind = "class" if inspect.isclass(value) else "function" if callable(value) else "value"
            found.append([name, kind])
    names[path] = {name: kind for name, kind in found}


walk(keras, "keras", set())
path = os.path.join(os.path.dirname(__file__), "keras-names.json")
json.dump({"keras": keras.__version__, "modules": dict(sorted(names.items()))}, open(path, "w"), indent=1)
print(sum(map(len, names.values())), "names in", len(names), "modules")
