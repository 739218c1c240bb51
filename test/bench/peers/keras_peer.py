"""Keras 3 on JAX or TensorFlow: inference through the framework's own compiler, train_on_batch; chains of the framework's eager ops.

Flavours: jax, tf (tf.function), tf-xla (with XLA).
"""
import os

from serve import BATCH, FLAVOUR, KIND, NET, THREADS, serve, shapes

os.environ["KERAS_BACKEND"] = "jax" if FLAVOUR == "jax" else "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np

rng = np.random.default_rng(0)


def tensorflow():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return tf


def arrays():
    return [rng.standard_normal(shape, np.float32) for shape in shapes(channels_first=False)]


def infer_jax():
    import jax
    import jax.numpy as jnp

    values = [jnp.asarray(array) for array in arrays()]
    if NET == "gemm1024":
        product = jax.jit(jnp.matmul)
        return lambda: product(*values).block_until_ready()
    import keras_nets

    model = keras_nets.make(NET)
    trained = [v.value for v in model.trainable_variables]
    other = [v.value for v in model.non_trainable_variables]
    predict = jax.jit(lambda t, o, x: model.stateless_call(t, o, x, training=False)[0])
    return lambda: predict(trained, other, *values).block_until_ready()


def infer_tf():
    tf = tensorflow()
    values = [tf.constant(array) for array in arrays()]
    xla = FLAVOUR == "tf-xla"
    if NET == "gemm1024":
        product = tf.function(tf.matmul, jit_compile=xla)
        return lambda: product(*values).numpy()
    import keras_nets

    model = keras_nets.make(NET)
    predict = tf.function(lambda x: model(x, training=False), jit_compile=xla)
    return lambda: predict(*values).numpy()


def train():
    if FLAVOUR != "jax":
        tensorflow()
    import keras_nets

    model = keras_nets.make(NET)
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    x = rng.random((BATCH, 28, 28, 1), np.float32)
    y = np.eye(10, dtype=np.float32)[np.arange(BATCH) % 10]
    return lambda: model.train_on_batch(x, y)


def chain(add, matmul, a, read):
    def adds():
        x = a
        for _ in range(100):
            x = add(x, a)
        return read(x)

    def both():
        x = a
        for _ in range(50):
            x = matmul(add(x, a), a)
        return read(x)

    return adds if NET == "add" else both


def eager():
    a = (rng.random((64, 64)) / 64).astype(np.float32)
    if FLAVOUR == "numpy":
        return chain(np.add, np.matmul, a, lambda x: x)
    if FLAVOUR == "jax":
        import jax.numpy as jnp

        return chain(jnp.add, jnp.matmul, jnp.asarray(a), lambda x: x.block_until_ready())
    tf = tensorflow()
    return chain(tf.add, tf.matmul, tf.constant(a), lambda x: x.numpy())


infer = infer_jax if FLAVOUR == "jax" else infer_tf
serve({"infer": infer, "train": train, "eager": eager}[KIND])
