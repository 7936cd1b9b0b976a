import { availableParallelism } from 'node:os';
import { toBinary } from '@bufbuild/protobuf';
import type * as OnnxRuntime from 'onnxruntime-node';
import { ModelProtoSchema, type ModelProto, type NodeProto } from '../graph/onnx_pb.ts';
import type { ElementType, Tensor } from '../graph/tensor.ts';
import { UserError } from '../job.ts';
import { GraphBuilder } from '../graph/graphBuilder.ts';
import type { Device } from '../results.ts';
import type { Engine, Session, SessionOptions } from './engine.ts';
import { findGpu, type Gpu } from './gpu.ts';
import { explain } from './onnxRuntimeError.ts';

/** A session that can write its outputs into arrays that the caller holds already. */
export interface OnnxRuntimeSession extends Session {
  /**
   * As `Session.run`; an output named in `into` is written there, without a new array, and the tensor given back is that one.
   * Its type and shape must be those of the output. `only` leaves out the outputs that are not named.
   */
  run(feeds: Record<string, Tensor>, into?: Record<string, Tensor>, only?: readonly string[]): Promise<Record<string, Tensor>>;
}

/** ONNX Runtime as an engine whose sessions can do more. */
export interface OnnxRuntimeEngine extends Engine {
  load(model: ModelProto, options?: SessionOptions): Promise<OnnxRuntimeSession>;
}

type Runtime = Pick<typeof OnnxRuntime, 'InferenceSession' | 'Tensor' | 'env'> & Partial<Pick<typeof OnnxRuntime, 'listSupportedBackends'>>;

interface Loaded {
  runtime: Runtime;
  binding: 'native' | 'web';
}

let loading: Promise<Loaded> | undefined;
let loaded: Loaded | undefined;

/**
 * ONNX Runtime on the processor: the native library of onnxruntime-node, or WebAssembly of onnxruntime-web on platforms for
 * which no library is shipped. `MODEL_STABILITY_ONNXRUNTIME=web` in the environment chooses WebAssembly.
 */
export const onnxRuntime = engineOn('cpu');

/** ONNX Runtime on a GPU, by the first of its providers that works here; on the processor where none does, and its description says why. */
export const onnxRuntimeOnGpu = engineOn('gpu');

let findingGpu: Promise<Gpu> | undefined;
let gpu: Gpu | undefined;

function engineOn(device: Device): OnnxRuntimeEngine {
  return {
    name: 'onnxruntime',
    device,

    get description(): string {
      if (!loaded) return 'ONNX Runtime, CPU';
      const { versions } = loaded.runtime.env;
      const version = loaded.binding === 'native' ? (versions.node ?? versions.common) : (versions.web ?? versions.common);
      const processor = loaded.binding === 'native' ? 'CPU' : 'WebAssembly';
      if (device === 'cpu' || !gpu) return `ONNX Runtime ${version}, ${processor}`;
      return gpu.provider ? `ONNX Runtime ${version}, ${gpu.provider.title}` : `ONNX Runtime ${version}, ${processor} (no GPU: ${gpu.reason})`;
    },

    async load(model: ModelProto, options: SessionOptions = {}): Promise<OnnxRuntimeSession> {
      // Only the nodes are kept, for messages; the weights' memory is the library's from here on.
      const nodes = model.graph?.node ?? [];
      const threads = options.threads === undefined || options.threads === 0 ? availableParallelism() : options.threads;
      const { runtime, binding } = await (loading ??= loadRuntime(threads));
      if (device === 'gpu') gpu = await (findingGpu ??= findGpu(runtime, smallestModel()));
      const provider = device === 'gpu' ? gpu?.provider?.name : undefined;
      try {
        const session = await runtime.InferenceSession.create(toBinary(ModelProtoSchema, model), {
          // What a GPU's provider does not know runs on the processor.
          executionProviders: [...(provider === undefined ? [] : [provider]), binding === 'native' ? 'cpu' : 'wasm'],
          graphOptimizationLevel: 'all',
          intraOpNumThreads: threads,
          enableMemPattern: options.sparing !== true,
          // What goes wrong is thrown as well; printing it too would break the one line of the command line's errors.
          logSeverityLevel: 4,
          // Threads that wait by spinning take the processors from the threads that prepare pictures.
          extra: {
            session: {
              intra_op: { allow_spinning: '0' },
              // Of two roundings in a row it would leave out the first, which a quantised model's own runtime does.
              disable_double_qdq_remover: '1',
            },
            ...(padsBeforeMaximum(nodes) ? { optimization: { disable_specified_optimizers: 'Pad_Fusion' } } : {}),
          },
        });
        return wrap(session, { runtime, binding }, nodes);
      } catch (error) {
        throw explain(error, nodes);
      }
    },
  };
}

/**
 * Whether a Pad stands before a MaxPool. ONNX Runtime 1.30 folds its zeros into the pooling's own padding, where they count as −∞,
 * which is wrong where all values of a window are negative (as in ResNet V2). Other models keep this fusion, since it saves a
 * pass over the picture before a convolution.
 */
function padsBeforeMaximum(nodes: readonly NodeProto[]): boolean {
  const padded = new Set<string>();
  for (const { opType, input, output } of nodes) {
    if (opType === 'Pad' || (opType === 'Identity' && padded.has(input[0]!))) padded.add(output[0]!);
    if (opType === 'MaxPool' && padded.has(input[0]!)) return true;
  }
  return false;
}

/** A model that any provider can run. */
function smallestModel(): Uint8Array {
  const builder = new GraphBuilder();
  builder.output(builder.op('Relu', [builder.input('in', 'float32', [1])]), 'float32', [1]);
  return toBinary(ModelProtoSchema, builder.build());
}

async function loadRuntime(threads: number): Promise<Loaded> {
  const native = process.env['MODEL_STABILITY_ONNXRUNTIME'] === 'web' ? 'not wanted' : await loadNative();
  if (typeof native === 'object') return (loaded = { runtime: native, binding: 'native' });
  let web: Runtime;
  try {
    web = await import('onnxruntime-web');
  } catch (error) {
    throw new UserError(`ONNX Runtime cannot be loaded: ${native}`, { cause: error });
  }
  // WebAssembly starts its threads once for the process: the first session decides.
  web.env.wasm.numThreads = threads;
  web.env.logLevel = 'fatal';
  return (loaded = { runtime: web, binding: 'web' });
}

/** The native library, or why it cannot be used. */
async function loadNative(): Promise<Runtime | string> {
  try {
    const runtime = await import('onnxruntime-node');
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function wrap(session: OnnxRuntime.InferenceSession, { runtime, binding }: Loaded, nodes: readonly NodeProto[]): OnnxRuntimeSession {
  let released = false;
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,

    async run(feeds, into = {}, only = session.outputNames) {
      if (released) throw new Error('the session was released');
      const values = Object.fromEntries(session.inputNames.map((name) => [name, toRuntime(runtime, name, feeds[name])]));
      // WebAssembly has a memory of its own and does not write into arrays outside of it: there the results are copied.
      const fetches = Object.fromEntries(only.map((name) => [name, into[name] && binding === 'native' ? toRuntime(runtime, name, into[name]) : null]));
      let results: OnnxRuntime.InferenceSession.OnnxValueMapType;
      try {
        results = await session.run(values, fetches, { logSeverityLevel: 4 });
      } catch (error) {
        throw explain(error, nodes);
      }
      return Object.fromEntries(only.map((name) => [name, into[name] ? settled(into[name], name, results[name]!, binding) : fromRuntime(name, results[name]!)]));
    },

    async release() {
      if (released) return;
      released = true;
      await session.release();
    },
  };
}

function settled(into: Tensor, name: string, value: OnnxRuntime.OnnxValue, binding: Loaded['binding']): Tensor {
  if (binding === 'web') (into.data as Float32Array).set(fromRuntime(name, value).data as Float32Array);
  return into;
}

function toRuntime(runtime: Runtime, name: string, tensor: Tensor | undefined): OnnxRuntime.Tensor {
  if (!tensor) throw new Error(`input ${name} is missing`);
  return new runtime.Tensor(tensor.type, tensor.data as Float32Array, tensor.dims);
}

function fromRuntime(name: string, value: OnnxRuntime.OnnxValue): Tensor {
  if (!('data' in value) || value.type === 'string') throw new UserError(`value ${name} is not a tensor of numbers`);
  const data = value.data as Tensor['data'];
  return {
    type: value.type as ElementType,
    dims: [...value.dims],
    // Where JavaScript has a Float16Array, ONNX Runtime hands float16 out in it; here the bit patterns are wanted.
    data: value.type === 'float16' ? new Uint16Array(data.buffer, data.byteOffset, data.length) : data,
  };
}
