import { copyMessage } from './copyMessage.ts';
import { attributesOf, type ModelGraph } from './modelGraph.ts';
import { dependsOnInput } from './head.ts';
import {
  GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, TensorShapeProtoSchema, TensorShapeProto_DimensionSchema, TypeProtoSchema,
  TypeProto_TensorSchema, ValueInfoProtoSchema, type ModelProto, type TensorProto, type ValueInfoProto,
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
  return copyMessage(ModelProtoSchema, graph.model, {
    graph: copyMessage(GraphProtoSchema, graph.graph, {
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
  const first = copyMessage(TensorShapeProto_DimensionSchema, dim[0]!, { value: { case: 'dimParam', value: 'batch' } });
  const shape = copyMessage(TensorShapeProtoSchema, tensor.shape!, { dim: [first, ...dim.slice(1)] });
  const tensorType = copyMessage(TypeProto_TensorSchema, tensor, { shape });
  return copyMessage(ValueInfoProtoSchema, value, { type: copyMessage(TypeProtoSchema, value.type!, { tensorType }) });
}
