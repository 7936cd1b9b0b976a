import { create } from '@bufbuild/protobuf';
import { isPermutation, placeAfter, type BatchPlace, type Measured } from './batchPlace.ts';
import { copyMessage } from './copyMessage.ts';
import { attributesOf, type ModelGraph } from './modelGraph.ts';
import { dependsOnInput } from './head.ts';
import {
  AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorShapeProtoSchema, TensorShapeProto_DimensionSchema, TypeProtoSchema,
  TypeProto_TensorSchema, ValueInfoProtoSchema, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto,
} from './onnx_pb.ts';
import { decodeTensor, encodeTensor } from './tensor.ts';

/**
 * Exporters often fix the batch at one picture. This gives a copy of the model that takes any number: the first dimension of
 * inputs, outputs and inner values is opened, and a Reshape to [1, …] keeps its first dimension as it comes. The caller checks
 * that the copy answers two pictures as the original answers each. Returns the model itself where its batch is open already.
 */
export function openBatch(graph: ModelGraph): ModelProto {
  const batch = graph.inputs[0]?.shape[0] ?? -1;
  if (batch === -1) return graph.model;
  const initializers: TensorProto[] = [...graph.graph.initializer];
  const nodes = graph.nodes.map((node) => {
    if (node.opType !== 'Reshape' || !dependsOnInput(graph, node.input[0] ?? '')) return node;
    const shape = graph.constant(node.input[1] ?? '');
    if (shape?.type !== 'int64' || Number(shape.data[0]) !== batch || attributesOf(node)['allowzero'] === 1) return node;
    const opened = decodeTensor(encodeTensor('', shape));
    // 0 copies the dimension of the input, which is the batch.
    (opened.data as BigInt64Array)[0] = 0n;
    const name = `${node.output[0] ?? ''}/open-batch-shape`;
    initializers.push(encodeTensor(name, opened));
    return copyMessage(NodeProtoSchema, node, { input: [node.input[0]!, name] });
  });
  return withOpenValues(graph, nodes, initializers);
}

/**
 * The same for models that lay their values out anew along the way (windows, heads of attention, a class token): it is followed
 * through the graph in which dimension the batch lies, and the fixed sizes that hold it are opened. Null where that cannot be
 * followed. The caller checks the copy's answers.
 */
export function openMeasuredBatch(measured: Measured): ModelProto | null {
  const { graph, shapes } = measured;
  const places = new Map<string, BatchPlace>(graph.inputs.map((input) => [input.name, { axis: 0, before: 1 }]));
  const added: Added = { nodes: [], initializers: [...graph.graph.initializer] };
  for (const node of graph.nodes) {
    const inputs = node.input.map((input) => places.get(input));
    const place = placeAfter(measured, node, inputs);
    if (place === null) return null;
    if (!place) {
      added.nodes.push(node);
      continue;
    }
    node.output.forEach((output) => output !== '' && places.set(output, place));
    if (isPermutation(measured, node, inputs)) {
      permuted(measured, node, added);
      continue;
    }
    const input = openedInputs(measured, node, inputs, place, shapes.get(node.output[0]!)!, added);
    if (input === null) return null;
    added.nodes.push(input === node.input ? node : copyMessage(NodeProtoSchema, node, { input }));
  }
  return withOpenValues(graph, added.nodes, added.initializers);
}

interface Added {
  nodes: NodeProto[];
  initializers: TensorProto[];
}

/** Inputs of a node whose fixed sizes no longer say how many pictures there are; its own where they say nothing of it. */
function openedInputs({ graph, shapes, batch }: Measured, node: NodeProto, inputs: readonly (BatchPlace | undefined)[], place: BatchPlace, shape: readonly number[], added: Added): string[] | null {
  const name = node.output[0]!;
  if (node.opType === 'Reshape' || node.opType === 'Expand') {
    // −1 is what is left; to stretch to 1 keeps what comes.
    const open = node.opType === 'Reshape' ? -1 : 1;
    return [node.input[0]!, integers(added, `${name}/open-batch-shape`, shape.map((size, axis) => (axis === place.axis ? open : size)))];
  }
  if (node.opType !== 'Concat' || !inputs.includes(undefined)) return node.input;
  const whole = node.input[inputs.findIndex((input) => input !== undefined)]!;
  return batch !== 1 || place.before !== 1 ? null : node.input.map((input, index) => (inputs[index] ? input : repeated(added, `${name}/open-batch/${index}`, input, shapes.get(input) ?? graph.constantShape(input) ?? [], whole, place.axis)));
}

/** PyTorch's newer exporter writes some transpositions of one picture as a Gather over all its values in a row. */
function permuted({ graph, shapes }: Measured, node: NodeProto, added: Added): void {
  const name = node.output[0]!;
  const [values, indices] = node.input as [string, string];
  const apart = integers(added, `${name}/open-batch-shape`, [-1, shapes.get(values)![0]!]);
  const rest = integers(added, `${name}/open-batch-indices-shape`, (shapes.get(indices) ?? graph.constantShape(indices)!).slice(1));
  added.nodes.push(
    create(NodeProtoSchema, { opType: 'Reshape', input: [values, apart], output: [`${name}/open-batch-values`] }),
    create(NodeProtoSchema, { opType: 'Reshape', input: [indices, rest], output: [`${name}/open-batch-indices`] }),
    copyMessage(NodeProtoSchema, node, { input: [`${name}/open-batch-values`, `${name}/open-batch-indices`], attribute: [create(AttributeProtoSchema, { name: 'axis', type: 2, i: 1n })] }),
  );
}

function integers(added: Added, name: string, values: readonly number[]): string {
  added.initializers.push(encodeTensor(name, { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) }));
  return name;
}

/** A fixed value (a class token) as often as there are entries in dimension `axis` of another. */
function repeated(added: Added, name: string, value: string, shape: readonly number[], whole: string, axis: number): string {
  const concat = create(AttributeProtoSchema, { name: 'axis', type: 2, i: 0n });
  const node = (opType: string, input: string[], output: string, attribute = [] as NodeProto['attribute']): void => void added.nodes.push(create(NodeProtoSchema, { opType, input, output: [output], attribute }));
  node('Shape', [whole], `${name}/shape`);
  node('Gather', [`${name}/shape`, integers(added, `${name}/axis`, [axis])], `${name}/batch`);
  node('Concat', [integers(added, `${name}/ahead`, shape.slice(0, axis)), `${name}/batch`, integers(added, `${name}/behind`, shape.slice(axis + 1))], `${name}/sizes`, [concat]);
  node('Expand', [value, `${name}/sizes`], name);
  return name;
}

function withOpenValues(graph: ModelGraph, node: NodeProto[], initializer: TensorProto[]): ModelProto {
  return copyMessage(ModelProtoSchema, graph.model, {
    graph: copyMessage(GraphProtoSchema, graph.graph, {
      node,
      initializer,
      input: graph.graph.input.map((value) => (graph.constantShape(value.name) ? value : opened(value))),
      output: graph.graph.output.map(opened),
      // Inferred anew by the runtime.
      valueInfo: [],
    }),
  });
}

function opened(value: ValueInfoProto): ValueInfoProto {
  const tensor = value.type?.tensorType;
  const dim = tensor?.shape?.dim;
  if (!tensor || !dim || dim.length === 0) return value;
  const first = copyMessage(TensorShapeProto_DimensionSchema, dim[0]!, { value: { case: 'dimParam', value: 'batch' } });
  const shape = copyMessage(TensorShapeProtoSchema, tensor.shape!, { dim: [first, ...dim.slice(1)] });
  const tensorType = copyMessage(TypeProto_TensorSchema, tensor, { shape });
  return copyMessage(ValueInfoProtoSchema, value, { type: copyMessage(TypeProtoSchema, value.type!, { tensorType }) });
}
