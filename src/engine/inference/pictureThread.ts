/** Entry of a thread that takes pictures from their files to the network's outputs. */
import { parentPort, workerData } from 'node:worker_threads';
import { fromBinary } from '@bufbuild/protobuf';
import { onnxRuntime } from '../engines/onnxRuntime.ts';
import { ModelProtoSchema } from '../graph/onnx_pb.ts';
import { UserError } from '../job.ts';
import { preparePicture, type PictureSource } from '../pictures/prepare.ts';
import { Network } from './network.ts';
import type { ThreadReply, ThreadSettings } from './picturePool.ts';

const port = parentPort;
if (!port) throw new Error('pictureThread runs as a worker thread');
const { prepare, network: plan, threads } = workerData as ThreadSettings;
const network = plan && Network.load({ ...plan, first: fromBinary(ModelProtoSchema, plan.first), then: plan.then.map((bytes) => fromBinary(ModelProtoSchema, bytes)) }, onnxRuntime, threads);
// Who asks for a picture is told.
network?.catch(() => undefined);

/** Input tensors that are not in use: fresh memory costs more than filling it. */
const spare: Float32Array[] = [];

async function take(source: PictureSource): Promise<ThreadReply> {
  const prepared = await preparePicture(source, prepare, network ? spare.pop() : undefined);
  if (!prepared.ok) return prepared;
  const { tensor, pictureMeasures } = prepared;
  if (!network) return { ok: true, tensor, pictureMeasures };
  const loaded = await network;
  if (ended) throw new Error('the thread is ending');
  const begun = performance.now();
  const run = loaded.run(tensor);
  running = run.catch(() => undefined);
  const outputs = await run;
  spare.push(tensor);
  return { ok: true, outputs, pictureMeasures, inferenceSeconds: (performance.now() - begun) / 1000, engine: onnxRuntime.description };
}

/** Whether nobody waits for pictures any more. */
let ended = false;
/** The run under way, which must come to its end before the network is released. */
let running: Promise<unknown> = Promise.resolve();

/** Ends by itself: a thread that is terminated inside of ONNX Runtime takes the process with it. */
async function end(): Promise<void> {
  ended = true;
  const loaded = await network?.catch(() => null);
  await running;
  await loaded?.release();
  port!.close();
}

port.on('message', (message: { id: number; source: PictureSource } | 'end') => {
  if (message === 'end') {
    void end();
    return;
  }
  const { id, source } = message;
  take(source).then(
    (reply) => port.postMessage({ id, reply }, reply.ok && 'tensor' in reply ? [reply.tensor.buffer as ArrayBuffer] : []),
    (error: unknown) => port.postMessage({ id, error: error instanceof Error ? error.message : String(error), user: error instanceof UserError, stack: error instanceof Error ? error.stack : undefined }),
  );
});
