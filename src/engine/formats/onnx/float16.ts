import type { GraphProto, ModelProto, TensorProto } from '../../graph/onnx_pb.ts';
import { decodeTensor, encodeTensor, toFloat32 } from '../../graph/tensor.ts';

const float16 = 10;
const float32 = 1;

/**
 * Turns a graph's 16-bit floats into 32-bit ones in place: weights, constants, declared types and casts. Processors compute in
 * 32 bits anyway (ONNX Runtime casts around each operator), and training needs them.
 */
export function convertFloat16(model: ModelProto): void {
  if (model.graph) convertGraph(model.graph);
}

function convertGraph(graph: GraphProto): void {
  graph.initializer.forEach(convertTensor);
  for (const value of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    const tensor = value.type?.tensorType;
    if (tensor?.elemType === float16) tensor.elemType = float32;
  }
  for (const node of graph.node) {
    for (const attribute of node.attribute) {
      if (attribute.t) convertTensor(attribute.t);
      if (attribute.g) convertGraph(attribute.g);
      const namesType = attribute.name === 'to' || attribute.name === 'dtype';
      if (namesType && attribute.i === BigInt(float16)) attribute.i = BigInt(float32);
    }
  }
}

function convertTensor(tensor: TensorProto): void {
  if (tensor.dataType !== float16) return;
  const decoded = decodeTensor(tensor);
  tensor.rawData = encodeTensor('', { type: 'float32', dims: decoded.dims, data: toFloat32(decoded) }).rawData;
  tensor.int32Data = [];
  tensor.dataType = float32;
}
