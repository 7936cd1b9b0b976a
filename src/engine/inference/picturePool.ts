import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { toBinary } from '@bufbuild/protobuf';
import type { Engine } from '../engines/engine.ts';
import { ModelProtoSchema } from '../graph/onnx_pb.ts';
import type { Tensor } from '../graph/tensor.ts';
import { UserError } from '../job.ts';
import type { PictureMeasures } from '../measures/index.ts';
import type { PictureSource, PrepareSettings } from '../pictures/prepare.ts';
// Imported for its effect: it closes what is no photograph for all threads, before they start.
import '../pictures/sharp.ts';
import { Network, type NetworkPlan } from './network.ts';

/** Pictures that a thread has in work at once: while the network runs on one, the decoder works on the next. */
const lookAhead = 3;

/** Each thread holds the weights: together they take no more than this, and a large network gets fewer threads. */
const weightLimit = 1.5e9;

/** What a thread is started with. Without a network it only prepares pictures. */
export interface ThreadSettings {
  prepare: PrepareSettings;
  network: (Omit<NetworkPlan, 'first' | 'then'> & { first: Uint8Array; then: Uint8Array[] }) | null;
  /** Threads of the engine inside of it. */
  threads: number;
}

/** A picture that went through: the network's outputs for all of its versions, or its inputs where the network runs elsewhere. */
export type ThreadReply =
  | { ok: true; outputs: Record<string, Tensor>[]; pictureMeasures: PictureMeasures[]; inferenceSeconds: number; engine: string }
  | { ok: true; tensor: Float32Array; pictureMeasures: PictureMeasures[] }
  | { ok: false; reason: string };

export type PictureResult = Exclude<ThreadReply, { tensor: Float32Array }>;

type Message = { id: number; reply: ThreadReply } | { id: number; error: string; user: boolean; stack?: string };

/**
 * Takes pictures from their files to a network's outputs, in their order, a few ahead of whoever reads them. Memory does not
 * grow with their number. ONNX Runtime runs in the same threads that decode and distort, one thread a processor and each with
 * a picture of its own, which uses the processors better than many threads on one picture; another engine runs in the caller's
 * thread. `threads` is the number of processors to use, 0 for all. `inferenceSeconds` is a picture's share of the wall clock.
 */
export async function* runPictures<Source extends PictureSource>(
  sources: readonly Source[], prepare: PrepareSettings, plan: NetworkPlan, engine: Engine, threads: number,
): AsyncGenerator<{ source: Source; result: PictureResult }> {
  const processors = threads === 0 ? availableParallelism() : threads;
  // A GPU serves one network; the threads prepare its pictures.
  const inThreads = engine.name === 'onnxruntime' && engine.device !== 'gpu';
  const first = inThreads ? toBinary(ModelProtoSchema, plan.first) : new Uint8Array();
  const count = inThreads ? Math.max(1, Math.min(processors, Math.floor(weightLimit / first.length), sources.length)) : engine.device === 'gpu' ? Math.max(1, Math.min(processors, sources.length)) : 1;
  const { file, inputName, dims, batch, advice } = plan;
  const settings: ThreadSettings = {
    prepare, threads: Math.max(1, Math.floor(processors / count)),
    network: inThreads ? { file, inputName, dims, batch, advice, first, then: plan.then.map((model) => toBinary(ModelProtoSchema, model)) } : null,
  };
  const own = inThreads ? null : await Network.load(plan, engine, threads);
  const pool = Array.from({ length: count }, () => new PictureThread(settings));
  const queue: { source: Source; reply: Promise<ThreadReply> }[] = [];
  let next = 0;
  try {
    while (queue.length > 0 || next < sources.length) {
      while (next < sources.length && queue.length < count * lookAhead) {
        const source = sources[next]!;
        queue.push({ source, reply: pool[next % count]!.take(source) });
        next++;
      }
      const { source, reply } = queue.shift()!;
      yield { source, result: await finish(await reply, own, engine, count) };
    }
  } finally {
    await Promise.all(pool.map((thread) => thread.end()));
    await own?.release();
  }
}

async function finish(reply: ThreadReply, own: Network | null, engine: Engine, threads: number): Promise<PictureResult> {
  if (!reply.ok) return reply;
  if ('outputs' in reply) return { ...reply, inferenceSeconds: reply.inferenceSeconds / threads };
  const begun = performance.now();
  const outputs = await own!.run(reply.tensor);
  return { ok: true, outputs, pictureMeasures: reply.pictureMeasures, inferenceSeconds: (performance.now() - begun) / 1000, engine: engine.description };
}

/** One thread with the calls that wait for it. */
class PictureThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (reply: ThreadReply) => void; reject: (error: Error) => void }>();
  readonly #exited: Promise<void>;
  #next = 0;

  constructor(settings: ThreadSettings) {
    this.#worker = startWorker(settings);
    this.#exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (message: Message) => this.#settle(message));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the picture thread ended with ${code}`)));
  }

  take(source: PictureSource): Promise<ThreadReply> {
    const id = this.#next++;
    const reply = new Promise<ThreadReply>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    // Whoever reads it sees the failure; until then it is not an unhandled one.
    reply.catch(() => undefined);
    this.#worker.postMessage({ id, source: { path: source.path, absolute: source.absolute } });
    return reply;
  }

  /** Waits for what the network has in work; the rest is dropped. */
  async end(): Promise<void> {
    this.#worker.postMessage('end');
    await this.#exited;
  }

  #settle(message: Message): void {
    const waiter = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('reply' in message) waiter?.resolve(message.reply);
    else waiter?.reject(message.user ? new UserError(message.error) : Object.assign(new Error(message.error), { stack: message.stack }));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** The bundle lies beside the caller's bundle; run from source, a line of script loads the TypeScript file. */
function startWorker(settings: ThreadSettings): Worker {
  if (!__filename.endsWith('.ts')) return new Worker(join(__dirname, 'pictureThread.js'), { workerData: settings, execArgv: [] });
  const script = `require('tsx/cjs/api').register(); require(${JSON.stringify(join(__dirname, 'pictureThread.ts'))});`;
  return new Worker(script, { eval: true, workerData: settings, execArgv: [] });
}
