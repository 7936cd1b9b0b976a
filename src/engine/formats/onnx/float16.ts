import type { GraphProto, ModelProto, TensorProto } from '../../graph/onnx_pb.ts';
import { bfloat16ToFloat32, decodeTensor, encodeTensor, fromBytes, sizeOf, toFloat32 } from '../../graph/tensor.ts';

const float16 = 10;
const float32 = 1;
/** ONNX's number of bfloat16, the upper half of a float32, which no processor's engine computes with: only files hold it. */
export const bfloat16 = 16;

/**
 * Turns a graph's 16-bit floats into 32-bit ones in place: weights, constants, declared types and casts. Processors compute in
 * 32 bits anyway (ONNX Runtime casts around each operator), and training needs them. Throws where a tensor's values do not fit
 * its shape.
 */
export function convertFloat16(model: ModelProto): void {
  if (model.graph) convertGraph(model.graph);
}

function convertGraph(graph: GraphProto): void {
  graph.initializer.forEach(convertTensor);
  for (const value of [...graph.input, ...graph.output, ...graph.valueInfo]) {
    const tensor = value.type?.tensorType;
    if (tensor && isHalf(tensor.elemType)) tensor.elemType = float32;
  }
  for (const node of graph.node) {
    for (const attribute of node.attribute) {
      if (attribute.t) convertTensor(attribute.t);
      if (attribute.g) convertGraph(attribute.g);
      const namesType = attribute.name === 'to' || attribute.name === 'dtype';
      if (namesType && isHalf(Number(attribute.i))) attribute.i = BigInt(float32);
    }
  }
}

const isHalf = (type: number): boolean => type === float16 || type === bfloat16;

function convertTensor(tensor: TensorProto): void {
  if (!isHalf(tensor.dataType)) return;
  const dims = tensor.dims.map(Number);
  const data = tensor.dataType === bfloat16 ? bfloat16Values(tensor) : toFloat32(decodeTensor(tensor));
  tensor.rawData = encodeTensor('', { type: 'float32', dims, data }).rawData;
  tensor.int32Data = [];
  tensor.dataType = float32;
}

/** Like 16-bit floats, these stand in `raw_data` or, a number each, in `int32_data`. */
function bfloat16Values(tensor: TensorProto): Float32Array {
  const bits = tensor.rawData.length > 0 && tensor.rawData.length % 2 === 0 ? (fromBytes('uint16', tensor.rawData) as Uint16Array) : Uint16Array.from(tensor.int32Data);
  const wanted = sizeOf(tensor.dims.map(Number));
  if (bits.length !== wanted) throw new Error(`tensor ${tensor.name} has ${bits.length} values, its shape [${tensor.dims.join(', ')}] wants ${wanted}`);
  return bfloat16ToFloat32(bits);
}
