# Writes progress.json: what Keras's own progress bar prints, under a clock that the test holds as well.
#   KERAS_BACKEND=jax .cache/keras/bin/python test/goldens/progress/make.py
import io, json, os, sys, time

os.environ["KERAS_BACKEND"] = "jax"
from keras.src.utils import io_utils
from keras.src.utils.progbar import Progbar

printed = []
io_utils.print_msg = lambda message, line_break=True: printed.append(message + ("\n" if line_break else ""))
clock = [0.0]
time.time = lambda: clock[0]


def run(target, verbose, dynamic, steps):
    """steps: (seconds since the last, current, logs, finalize)."""
    printed.clear()
    clock[0] = 1000.0
    bar = Progbar(target=target, verbose=verbose, unit_name="step", stateless_metrics=set())
    bar._dynamic_display = dynamic
    for wait, current, logs, finalize in steps:
        clock[0] += wait
        if finalize and bar.target is None:
            bar.target = current
        bar.update(current, sorted(logs.items()), finalize=finalize)
    return {"target": target, "verbose": verbose, "dynamic": dynamic, "steps": steps, "text": "".join(printed)}


def epoch(target, wait, logs, last):
    return [(wait, i + 1, logs(i), False) for i in range(target)] + [(0.02, target, last, True)]


falling = lambda i: {"loss": 2.0 / (i + 1), "accuracy": 0.1 * (i + 1)}
cases = {
    "a few slow steps": run(4, 1, False, epoch(4, 2.5, falling, {**falling(3), "val_loss": 0.71234})),
    "in a terminal": run(12, 1, True, epoch(12, 0.25, falling, falling(11))),
    "too fast to draw": run(40, 1, False, epoch(40, 0.004, lambda i: {"loss": 1e-5 * i}, {"loss": 4e-4, "val_loss": 1e-7})),
    "minutes and hours": run(500, 1, False, [(30, 1, {"loss": -3.25}, False), (31, 2, {"loss": -2.5e-4}, False), (4000, 250, {}, False), (1, 499, {}, False)]),
    "microseconds": run(100000, 1, False, [(0.001, 1, {}, False), (1.0, 20000, {"loss": float("nan")}, False), (1.0, 100000, {"loss": float("inf")}, True)]),
    "unknown length": run(None, 1, True, [(0.3, 1, {"loss": 0.5}, False), (0.3, 2, {"loss": 0.25}, False), (0.1, 2, {"loss": 0.25}, True)]),
    "one line": run(7, 2, False, [(3.4, 7, {"loss": 0.0005, "mae": 12.0}, True)]),
    "one line, negative": run(7, 2, False, [(3.4, 7, {"loss": -0.25}, True)]),
    "silent": run(7, 0, False, [(3.4, 7, {"loss": 0.5}, True)]),
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "progress.json")
text = json.dumps(cases, indent=1).replace("NaN", '"NaN"').replace("Infinity", '"Infinity"')
open(path, "w").write(text + "\n")
