import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { benchFolder } from './setup.ts';

/** A `.tflite` file of keras.applications' MobileNetV2 as TensorFlow's converter writes it, made by `test/fixtures/make_tflite.py --bench`. */
export function tfliteMobileNetV2(): string {
  const path = join(benchFolder, 'mobilenetv2.tflite');
  if (!existsSync(path)) writeFileSync(path, gunzipSync(readFileSync(resolve('bench', 'mobileNetV2.tflite.gz'))));
  return path;
}
