"""The same networks in Keras 3, on the backend that KERAS_BACKEND names."""
import keras
from keras import layers


def mnist():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def encoder(width=384, heads=12, hidden=1536, count=6, tokens=128):
    def gelu(v):
        return keras.activations.gelu(v, approximate=False)

    inputs = x = keras.Input((tokens, width))
    for _ in range(count):
        mixed = layers.MultiHeadAttention(heads, width // heads)(x, x)
        x = layers.LayerNormalization(epsilon=1e-12)(x + mixed)
        fed = layers.Dense(width)(layers.Dense(hidden, activation=gelu)(x))
        x = layers.LayerNormalization(epsilon=1e-12)(x + fed)
    return keras.Model(inputs, x)


def make(net):
    if net == "mobilenetv2":
        return keras.applications.MobileNetV2(weights=None)
    if net == "resnet50":
        return keras.applications.ResNet50(weights=None)
    return {"mnist": mnist, "encoder": encoder}[net]()
