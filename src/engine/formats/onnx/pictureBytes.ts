import { create } from '@bufbuild/protobuf';
import { AttributeProtoSchema, NodeProtoSchema, type GraphProto, type ModelProto, type NodeProto, type ValueInfoProto } from '../../graph/onnx_pb.ts';
import { encodeTensor } from '../../graph/tensor.ts';

/** ONNX's numbers of the two types. */
const float32 = 1;
const uint8 = 2;

/** Rounding came with this operator set, and so did bounds of Clip that are inputs. */
const leastOperatorSet = 11;

/**
 * Lets a picture input of bytes take floats, in place: they are rounded to whole numbers from 0 to 255 first. Pictures reach a
 * network as floats, whose distortions are made before; the file keeps its bytes.
 */
export function takeFloats(model: ModelProto): void {
  const version = Number(model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 0);
  if (version < leastOperatorSet) return;
  const graph = model.graph!;
  const fixed = new Set([...graph.initializer, ...graph.output].map(({ name }) => name));
  for (const input of graph.input) if (isBytes(input) && !fixed.has(input.name)) takeFloatsAt(graph, input);
}

function isBytes({ type }: ValueInfoProto): boolean {
  return type?.tensorType?.elemType === uint8 && type.tensorType.shape?.dim.length === 4;
}

function takeFloatsAt(graph: GraphProto, input: ValueInfoProto): void {
  const { name } = input;
  const bytes = `${name}/uint8`;
  const bounds = [0, 255].map((value) => encodeTensor(`${name}/${value}`, { type: 'float32', dims: [], data: Float32Array.of(value) }));
  readInstead(graph.node, name, bytes);
  const node = (opType: string, inputs: string[], output: string): NodeProto => create(NodeProtoSchema, { opType, name: output, input: inputs, output: [output] });
  const cast = node('Cast', [`${name}/bytes`], bytes);
  cast.attribute = [create(AttributeProtoSchema, { name: 'to', type: 2, i: BigInt(uint8) })];
  graph.initializer.push(...bounds);
  graph.node.unshift(node('Round', [name], `${name}/whole`), node('Clip', [`${name}/whole`, ...bounds.map((bound) => bound.name)], `${name}/bytes`), cast);
  input.type!.tensorType!.elemType = float32;
}

/** Nodes, and those inside of branches, read another value. */
function readInstead(nodes: readonly NodeProto[], name: string, other: string): void {
  for (const node of nodes) {
    node.input = node.input.map((value) => (value === name ? other : value));
    for (const { g, graphs } of node.attribute) for (const inner of g ? [g, ...graphs] : graphs) readInstead(inner.node, name, other);
  }
}
