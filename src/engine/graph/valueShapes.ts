import { create } from '@bufbuild/protobuf';
import type { Engine, SessionOptions } from '../engines/engine.ts';
import { copyMessage } from './copyMessage.ts';
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, ValueInfoProtoSchema, type ModelProto } from './onnx_pb.ts';
import type { Tensor } from './tensor.ts';

/**
 * Shapes of values of a model when it is run on `feeds`. Only the shapes leave the engine, so that memory does not grow with
 * the network, other than where all values become outputs.
 */
export async function valueShapes(model: ModelProto, values: Iterable<string>, feeds: Record<string, Tensor>, engine: Engine, options: SessionOptions): Promise<Map<string, number[]>> {
  const wanted = [...new Set(values)];
  const nameOf = (value: string): string => `${value}/measured-shape`;
  const nodes = wanted.map((value) => create(NodeProtoSchema, { opType: 'Shape', input: [value], output: [nameOf(value)] }));
  const graph = copyMessage(GraphProtoSchema, model.graph!, {
    node: [...model.graph!.node, ...nodes],
    output: wanted.map((value) => create(ValueInfoProtoSchema, { name: nameOf(value) })),
  });
  const session = await engine.load(copyMessage(ModelProtoSchema, model, { graph }), options);
  try {
    const shapes = await session.run(feeds);
    return new Map(wanted.map((value) => [value, Array.from(shapes[nameOf(value)]!.data as BigInt64Array, Number)]));
  } finally {
    await session.release();
  }
}
