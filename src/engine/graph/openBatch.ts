import { create } from '@bufbuild/protobuf';
import { attributesOf, type ModelGraph } from './modelGraph.ts';
import { dependsOnInput } from './head.ts';
import { GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto } from './onnx_pb.ts';
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
    return create(NodeProtoSchema, { ...node, input: [node.input[0]!, name] }) satisfies NodeProto;
  });
  return create(ModelProtoSchema, {
    ...graph.model,
    graph: create(GraphProtoSchema, {
      ...graph.graph,
      node: nodes,
      initializer: initializers,
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
  const first = { ...dim[0]!, value: { case: 'dimParam' as const, value: 'batch' } };
  return { ...value, type: { ...value.type!, tensorType: { ...tensor, shape: { ...tensor.shape!, dim: [first, ...dim.slice(1)] } } } };
}
