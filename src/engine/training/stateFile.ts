import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../formats/atomicWrite.ts';
import { GraphProtoSchema, ModelProtoSchema } from '../graph/onnx_pb.ts';
import { decodeTensor, encodeTensor, type Tensor } from '../graph/tensor.ts';
import type { TrainingState } from './trainingStep.ts';

/**
 * Keeps a training's state, and notes as JSON, in a file: an ONNX model without nodes, whose initializers are the weights and
 * the optimiser's state, so that any ONNX viewer can look into it.
 */
export async function writeStates(path: string, states: Record<string, TrainingState>, notes: unknown): Promise<void> {
  const initializer = Object.entries(states).flatMap(([state, { weights, optimizer, steps }]) => [
    ...Object.entries(weights).map(([name, tensor]) => encodeTensor(key(state, 'weights', name), tensor)),
    ...Object.entries(optimizer).map(([name, tensor]) => encodeTensor(key(state, 'optimizer', name), tensor)),
    encodeTensor(key(state, 'steps', ''), { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(steps)) }),
  ]);
  const model = create(ModelProtoSchema, {
    irVersion: 8n, producerName: 'model-stability', graph: create(GraphProtoSchema, { name: 'checkpoint', initializer }),
    metadataProps: [{ key: 'notes', value: JSON.stringify(notes) }],
  });
  await writeFileAtomic(path, toBinary(ModelProtoSchema, model));
}

/** What `writeStates` kept; null where there is no such file. */
export async function readStates(path: string): Promise<{ states: Record<string, TrainingState>; notes: unknown } | null> {
  const bytes = await readFile(path).catch(() => null);
  if (!bytes) return null;
  const model = fromBinary(ModelProtoSchema, bytes);
  const states: Record<string, TrainingState> = {};
  for (const proto of model.graph?.initializer ?? []) {
    const [state, part, name] = JSON.parse(proto.name) as [string, string, string];
    const target = (states[state] ??= { weights: {}, optimizer: {}, steps: 0 });
    const tensor: Tensor = decodeTensor(proto);
    if (part === 'steps') target.steps = Number(tensor.data[0]);
    else target[part === 'weights' ? 'weights' : 'optimizer'][name] = tensor;
  }
  return { states, notes: JSON.parse(model.metadataProps.find((entry) => entry.key === 'notes')?.value ?? 'null') as unknown };
}

function key(state: string, part: string, name: string): string {
  return JSON.stringify([state, part, name]);
}
