/**
 * How fast `evaluate` is beside ONNX Runtime doing nothing but the same inferences (5 a picture), in one process, in turn.
 *     node bench/run.mjs evaluate [pictures] [rounds]
 */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { evaluate } from '../src/engine/evaluate.ts';
import { benchModel, benchPictures, freshRun, median, quietJob, seconds } from './setup.ts';

async function main(): Promise<void> {
  const pictures = Number(process.argv[2] ?? 200);
  const rounds = Number(process.argv[3] ?? 5);
  const { folder, classes } = await benchPictures(pictures);
  const model = benchModel(classes);
  const session = await InferenceSession.create(readFileSync(model), { intraOpNumThreads: 2, logSeverityLevel: 4 });
  const plain = (batch: number) => async (): Promise<void> => {
    const image = new Tensor('float32', new Float32Array(batch * 3 * 224 * 224).fill(0.1), [batch, 3, 224, 224]);
    for (let done = 0; done < pictures * 5; done += batch) await session.run({ image });
  };
  const ours = (): Promise<unknown> => evaluate({ model, images: folder, run: freshRun('evaluate'), threads: 2 }, quietJob);
  await plain(5)();
  const rows: { batch1: number; batch5: number; evaluate: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const row = { batch1: await seconds(plain(1)), batch5: await seconds(plain(5)), evaluate: await seconds(ours) };
    rows.push(row);
    console.log(`round ${round + 1}: inference alone ${row.batch1.toFixed(2)} s (batch 1), ${row.batch5.toFixed(2)} s (batch 5); evaluate ${row.evaluate.toFixed(2)} s; speed ${(Math.min(row.batch1, row.batch5) / row.evaluate).toFixed(3)}`);
  }
  const ratio = median(rows.map((row) => Math.min(row.batch1, row.batch5) / row.evaluate));
  console.log(`evaluate runs at ${ratio.toFixed(3)} of the speed of inference alone (median of ${rounds}; wanted: at least 0.8)`);
}

void main();
