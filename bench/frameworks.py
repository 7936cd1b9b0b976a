"""
Times a model file in its own framework, for bench/formats.ts: Keras on the processor (a tf.function) for a .keras file, the
TFLite interpreter (XNNPACK) for a .tflite file; two threads. Every line read is a number of pictures and a number of runs;
every line written is the seconds that they took.
    python bench/frameworks.py model.keras
Needs tensorflow (measured with 2.21).
"""
import os
import sys
import time

os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'
os.environ['CUDA_VISIBLE_DEVICES'] = '-1'

import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(2)
tf.config.threading.set_inter_op_parallelism_threads(1)


def keras_runs(path):
    model = tf.keras.models.load_model(path, compile=False)
    call = tf.function(lambda pictures: model(pictures, training=False))

    def run(pictures, runs):
        image = tf.constant(np.full((pictures, 224, 224, 3), 0.1, np.float32))
        for _ in range(runs):
            call(image).numpy()

    return run


def tflite_runs(path):
    interpreter = tf.lite.Interpreter(path, num_threads=2)
    place = interpreter.get_input_details()[0]['index']
    output = interpreter.get_output_details()[0]['index']
    set_to = None

    def run(pictures, runs):
        nonlocal set_to
        if set_to != pictures:
            interpreter.resize_tensor_input(place, (pictures, 224, 224, 3))
            interpreter.allocate_tensors()
            set_to = pictures
        image = np.full((pictures, 224, 224, 3), 0.1, np.float32)
        for _ in range(runs):
            interpreter.set_tensor(place, image)
            interpreter.invoke()
            interpreter.get_tensor(output)

    return run


path = sys.argv[1]
run = tflite_runs(path) if path.endswith('.tflite') else keras_runs(path)
for line in sys.stdin:
    pictures, runs = map(int, line.split())
    start = time.perf_counter()
    run(pictures, runs)
    print(time.perf_counter() - start, flush=True)
