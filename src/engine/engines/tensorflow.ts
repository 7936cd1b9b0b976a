import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../job.ts';
import { elementType, type ElementType, type Tensor } from '../graph/tensor.ts';
import type { Engine, Session } from './engine.ts';
import { chooseBackend, startBackend } from './tensorflow/backend.ts';
import { Program, type Values } from './tensorflow/program.ts';
import { download, upload } from './tensorflow/tensors.ts';

let description: string | undefined;

/**
 * The second engine: TensorFlow.js, which shares no code with ONNX Runtime and keeps it honest. It interprets the graph with
 * TensorFlow's own kernels. The environment chooses how it computes, see `chooseBackend`; it picks its number of threads itself.
 * Values are 32-bit: float64 is rounded, integers beyond 32 bits are clamped.
 */
export const tensorflow: Engine = {
  name: 'tensorflow',

  get description() {
    description ??= chooseBackend().description;
    return description;
  },

  async load(model): Promise<Session> {
    await startBackend();
    const program = new Program(model);
    const types = new Map<string, ElementType>();
    for (const { name, type } of model.graph?.output ?? []) {
      // An output without a type has the one that was computed.
      if (type?.tensorType && type.tensorType.elemType !== 0) types.set(name, elementType(type.tensorType.elemType));
    }
    return {
      inputs: program.inputs,
      outputs: program.outputs,
      async run(feeds) {
        const results = tf.tidy(() => program.run(uploadInputs(feeds, program.inputs)));
        try {
          const entries = Object.entries(results).map(async ([name, tensor]) => [name, await download(tensor, types.get(name))] as const);
          return Object.fromEntries(await Promise.all(entries));
        } finally {
          tf.dispose(results);
        }
      },
      release() {
        program.dispose();
        return Promise.resolve();
      },
    };
  },
};

/** Puts the inputs of a graph where the backend computes; throws where one is missing. */
export function uploadInputs(feeds: Record<string, Tensor>, names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => {
    const tensor = feeds[name];
    if (!tensor) throw new UserError(`missing input: ${name}`);
    return [name, upload(tensor)];
  }));
}
