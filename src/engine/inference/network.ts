import type { Engine, Session } from '../engines/engine.ts';
import { UserError } from '../job.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { sizeOf, toFloat32, type Tensor } from '../graph/tensor.ts';

/** Graphs that are run on pictures: the first on the pictures themselves, the others each on what the first gives. */
export interface NetworkPlan {
  /** The model's file, which errors name. */
  file: string;
  /** What may help where an engine refuses the graphs; null where nothing is known. */
  advice: string | null;
  inputName: string;
  /** Shape of one picture as the model takes it, without the batch. */
  dims: readonly number[];
  /** Pictures that the model insists on at once; null where any number will do. */
  batch: number | null;
  first: ModelProto;
  /** What differs between variants of a model; empty for a model that is run as it is. */
  then: readonly ModelProto[];
}

/** A plan whose graphs are loaded. */
export class Network {
  readonly #plan: Omit<NetworkPlan, 'first' | 'then'>;
  readonly #first: Session;
  readonly #then: readonly Session[];

  private constructor(plan: NetworkPlan, first: Session, then: readonly Session[]) {
    this.#plan = plan;
    this.#first = first;
    this.#then = then;
  }

  /** Throws the engine's error where it cannot run a graph. */
  static async load(plan: NetworkPlan, engine: Engine, threads: number): Promise<Network> {
    return namingFile(plan.file, async () => {
      const first = await engine.load(plan.first, { threads });
      return new Network(plan, first, await Promise.all(plan.then.map((model) => engine.load(model, { threads }))));
    }, plan.advice);
  }

  /** Runs the inputs in `data`, one after the other, and gives the outputs of each graph of `then`, or of `first` where there is none. */
  run(data: Float32Array): Promise<Record<string, Tensor>[]> {
    return namingFile(this.#plan.file, () => this.#run(data), this.#plan.advice);
  }

  async #run(data: Float32Array): Promise<Record<string, Tensor>[]> {
    const { inputName, batch, dims } = this.#plan;
    const input: Tensor = { type: 'float32', dims: [data.length / sizeOf([...dims]), ...dims], data };
    const values = batch === null ? await runOpen(this.#first, inputName, input) : await runChunks(this.#first, inputName, input, batch);
    if (this.#then.length === 0) return [values];
    const outputs: Record<string, Tensor>[] = [];
    for (const session of this.#then) outputs.push(await session.run(Object.fromEntries(session.inputs.map((name) => [name, values[name]!]))));
    return outputs;
  }

  async release(): Promise<void> {
    await Promise.all([this.#first, ...this.#then].map((session) => session.release()));
  }
}

/** Does something with a model; what an engine says against it (it knows no files) is said with the file's name, and with what may help. */
export async function namingFile<Result>(file: string, use: () => Promise<Result>, advice: string | null = null): Promise<Result> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof UserError && !error.message.startsWith(file)) throw new UserError(`${file}: ${error.message}${advice === null ? '' : ` (${advice})`}`, { cause: error });
    throw error;
  }
}

/** Numbers of input that a run takes at the most: more of them push the network's inner values out of the processor's cache. */
const cachedInput = 2 * 3 * 224 * 224;

/** Runs a session that takes any number of inputs, a few at a time where they are large: a tenth faster than all at once. */
async function runOpen(session: Session, name: string, input: Tensor): Promise<Record<string, Tensor>> {
  const count = input.dims[0]!;
  const part = Math.max(1, Math.floor(cachedInput / (input.data.length / count)));
  return part < count ? runChunks(session, name, input, part, false) : session.run({ [name]: input });
}

/** Runs a session `batch` inputs at a time; where it insists on that number, the last run is filled up with zeros. */
export async function runChunks(session: Session, name: string, input: Tensor, batch: number, insists = true): Promise<Record<string, Tensor>> {
  const count = input.dims[0]!;
  const size = input.data.length / count;
  const source = input.data as Float32Array;
  const chunks: Record<string, Float32Array[]> = {};
  const shapes: Record<string, number[]> = {};
  for (let start = 0; start < count; start += batch) {
    const end = Math.min(start + batch, count);
    const rows = insists ? batch : end - start;
    const data = rows === end - start ? source.subarray(start * size, end * size) : filled(source.subarray(start * size, end * size), rows * size);
    const values = await session.run({ [name]: { type: 'float32', dims: [rows, ...input.dims.slice(1)], data } });
    for (const [output, tensor] of Object.entries(values)) {
      (chunks[output] ??= []).push(toFloat32(tensor).subarray(0, (end - start) * (tensor.data.length / rows)));
      shapes[output] = tensor.dims.slice(1);
    }
  }
  return Object.fromEntries(Object.entries(chunks).map(([output, parts]) => {
    const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      data.set(part, offset);
      offset += part.length;
    }
    return [output, { type: 'float32', dims: [count, ...shapes[output]!], data } satisfies Tensor];
  }));
}

function filled(values: Float32Array, length: number): Float32Array {
  const data = new Float32Array(length);
  data.set(values);
  return data;
}
