/** A small valid model that the fuzzer damages. */
export interface FuzzedModel {
  /** Name of the format, and what is special about this model where a format has several. */
  name: string;
  /** The file that is opened; one that ends in .gz is unpacked first. */
  file: string;
  /** Other files of the model, relative to the folder of `file`. */
  beside?: readonly string[];
  /** Cases in `npm test`; default 300. */
  cases?: number;
}

/** Sorted by name; paths are relative to test/fixtures. To fuzz another format's reader, add its line here. */
export const fuzzedModels: readonly FuzzedModel[] = [
  { name: 'keras, archive', file: 'keras/transfer.keras' },
  { name: 'keras, HDF5', file: 'keras/transfer.h5' },
  { name: 'keras, HDF5 of Keras 2', file: 'keras/keras2-operations.h5' },
  { name: 'keras, HDF5 in compressed chunks', file: 'keras/compressed.h5' },
  { name: 'onnx', file: 'onnx/plain-opset9.onnx' },
  { name: 'onnx, attention', file: 'onnx/families/vit-timm-dynamo-fixed.onnx.gz' },
  { name: 'onnx, batch of one', file: 'onnx/fixed-batch.onnx' },
  { name: 'onnx, external data', file: 'onnx/mobilenet-default.onnx', beside: ['mobilenet-default.onnx.data'] },
  { name: 'onnx, quantised', file: 'onnx/quantized/qdq.onnx.gz' },
  { name: 'tensorflow-savedmodel', file: 'savedModels/module/saved_model.pb.gz', beside: ['variables/variables.index.gz', 'variables/variables.data-00000-of-00001.gz'] },
  { name: 'tensorflow-savedmodel, version 1', file: 'savedModels/version1/saved_model.pb.gz', beside: ['variables/variables.index.gz', 'variables/variables.data-00000-of-00001.gz'] },
  { name: 'tensorflowjs-graph', file: 'graphModels/plain/model.json', beside: ['group1-shard1of2.bin', 'group1-shard2of2.bin'] },
  { name: 'tensorflowjs-graph, branches', file: 'graphModels/branches/model.json', beside: ['group1-shard1of2.bin', 'group1-shard2of2.bin'] },
  { name: 'tensorflowjs-layers', file: 'tfjs/residual/model.json', beside: ['group1-shard1of3.bin', 'group1-shard2of3.bin', 'group1-shard3of3.bin'] },
  { name: 'tensorflowjs-layers, nested', file: 'tfjs/nested/model.json', beside: ['group1-shard1of2.bin', 'group1-shard2of2.bin'] },
  { name: 'tflite', file: 'tflite/poolings.tflite' },
  { name: 'tflite, of integers', file: 'tflite/joins-int8.tflite' },
  { name: 'tflite, of open size', file: 'openSizes/float.tflite' },
];
