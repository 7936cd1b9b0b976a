import { constantTensor } from '../../graph/modelGraph.ts';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../../graph/onnx_pb.ts';

/** Initializers and the tensors of Constant nodes, by the name of the value they fix; of the outer graph alone. */
export function namedTensors(model: ModelProto): Map<string, TensorProto> {
  const tensors = new Map(model.graph!.initializer.map((tensor) => [tensor.name, tensor]));
  for (const node of model.graph!.node) {
    const tensor = constantTensor(node);
    if (tensor) tensors.set(node.output[0]!, tensor);
  }
  return tensors;
}

/** Every tensor of a graph, those in attributes and in inner graphs (If, Loop) included. */
export function allTensors(graph: GraphProto): TensorProto[] {
  return [...graph.initializer, ...tensorsOf(graph.node)];
}

/** Every tensor in the attributes of nodes, and in their inner graphs. */
export function tensorsOf(nodes: readonly NodeProto[]): TensorProto[] {
  const attributes = nodes.flatMap((node) => node.attribute);
  return [
    ...attributes.flatMap((attribute) => [...(attribute.t ? [attribute.t] : []), ...attribute.tensors]),
    ...attributes.flatMap((attribute) => [...(attribute.g ? [attribute.g] : []), ...attribute.graphs]).flatMap(allTensors),
  ];
}
