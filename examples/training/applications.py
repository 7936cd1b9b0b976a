"""Trains a network of the size of keras.applications on the example patches, for `examples/evidence.mjs`. Only a maintainer runs this.

    node examples/makeWorkspace.mjs
    python3 -m venv VENV && VENV/bin/pip install tensorflow-cpu==2.21.0 pillow numpy
    VENV/bin/python examples/training/applications.py

Writes `out/evidence/mobilenetv2.keras`: MobileNetV2 (Sandler et al. 2018) as keras.applications builds it, width 1, 96×96, from a random
start, 2.3 million parameters, nine classes; not committed, as it is 28 MB with its optimiser. About a quarter of an hour on two cores. Seeded, but the
order of sums on several threads is not, so that another training gives slightly other weights.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
PATCHES = ROOT / "examples" / "workspace" / "patches"
EPOCHS, BATCH_SIZE, RATE = 30, 32, 2e-3


def read_set(part: str) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Pictures as float32 N×96×96×3 in [-1, 1], their labels, and the class names (the folders' names in order)."""
    classes = sorted(entry.name for entry in (PATCHES / part).iterdir())
    pictures, labels = [], []
    for label, name in enumerate(classes):
        for file in sorted((PATCHES / part / name).glob("*.png")):
            pictures.append(np.asarray(Image.open(file).convert("RGB"), np.float32) / 127.5 - 1)
            labels.append(label)
    return np.stack(pictures), np.array(labels), classes


def main() -> None:
    keras.utils.set_random_seed(1)
    pictures, labels, classes = read_set("train")
    tests, answers, _ = read_set("test")
    model = keras.applications.MobileNetV2(input_shape=(96, 96, 3), weights=None, classes=len(classes), classifier_activation="softmax")
    # keras.applications averages running statistics over a thousand batches, which here are a third of the whole training.
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95
    batches = tf.data.Dataset.from_tensor_slices((pictures, labels)).shuffle(len(labels), seed=1).batch(BATCH_SIZE)
    batches = batches.map(lambda x, y: (tf.image.random_flip_left_right(x), y)).prefetch(2)
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * len(batches))
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(batches, epochs=EPOCHS, verbose=2, validation_data=(tests, answers), validation_freq=5)
    target = ROOT / "out" / "evidence"
    target.mkdir(parents=True, exist_ok=True)
    model.save(target / "mobilenetv2.keras")
    print("precision on test patches:", float(np.mean(np.argmax(model.predict(tests, verbose=0), 1) == answers)))


main()
