import type { Engine, Session } from '../engines/engine.ts';
import type { ModelProto } from '../graph/onnx_pb.ts';
import { sizeOf, type Tensor } from '../graph/tensor.ts';

/** Graphs that are run on pictures: the first on the pictures themselves, the others each on what the first gives. */
export interface NetworkPlan {
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
    const first = await engine.load(plan.first, { threads });
    return new Network(plan, first, await Promise.all(plan.then.map((model) => engine.load(model, { threads }))));
  }

  /** Runs the inputs in `data`, one after the other, and gives the outputs of each graph of `then`, or of `first` where there is none. */
  async run(data: Float32Array): Promise<Record<string, Tensor>[]> {
    const { inputName, batch, dims } = this.#plan;
    const input: Tensor = { type: 'float32', dims: [data.length / sizeOf([...dims]), ...dims], data };
    const values = batch === null ? await this.#first.run({ [inputName]: input }) : await runChunks(this.#first, inputName, input, batch);
    if (this.#then.length === 0) return [values];
    const outputs: Record<string, Tensor>[] = [];
    for (const session of this.#then) outputs.push(await session.run(Object.fromEntries(session.inputs.map((name) => [name, values[name]!]))));
    return outputs;
  }

  async release(): Promise<void> {
    await Promise.all([this.#first, ...this.#then].map((session) => session.release()));
  }
}

/** Runs a session that insists on `batch` inputs over any number of them; the last run is filled up with zeros. */
export async function runChunks(session: Session, name: string, input: Tensor, batch: number): Promise<Record<string, Tensor>> {
  const count = input.dims[0]!;
  const size = input.data.length / count;
  const source = input.data as Float32Array;
  const parts: Record<string, Float32Array[]> = {};
  const shapes: Record<string, number[]> = {};
  for (let start = 0; start < count; start += batch) {
    const data = new Float32Array(batch * size);
    const end = Math.min(start + batch, count);
    data.set(source.subarray(start * size, end * size));
    const values = await session.run({ [name]: { type: 'float32', dims: [batch, ...input.dims.slice(1)], data } });
    for (const [output, tensor] of Object.entries(values)) {
      const each = tensor.data.length / batch;
      (parts[output] ??= []).push(Float32Array.from((tensor.data as Float32Array).subarray(0, (end - start) * each)));
      shapes[output] = tensor.dims.slice(1);
    }
  }
  return Object.fromEntries(Object.entries(parts).map(([output, chunks]) => {
    const data = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let offset = 0;
    for (const chunk of chunks) {
      data.set(chunk, offset);
      offset += chunk.length;
    }
    return [output, { type: 'float32', dims: [count, ...shapes[output]!], data } satisfies Tensor];
  }));
}
