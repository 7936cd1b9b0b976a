import { quantizedLayer } from './graph/head.ts';
import { describeNode } from './graph/modelGraph.ts';
import { isLayer } from './graph/weights.ts';
import { sizeOf } from './graph/tensor.ts';
import { layerList } from './layerList.ts';
import { hashModel, inputReason, openModel, type OpenModel } from './openModel.ts';
import type { InspectOptions } from './options.ts';
import type { ModelInfo } from './results.ts';

/** What a model file is, without running it. Throws a `UserError` that names the file. */
export async function inspect(options: InspectOptions): Promise<ModelInfo> {
  const model = await openModel(options);
  const { graph, head } = model;
  const operators: Record<string, number> = {};
  for (const node of graph.nodes) operators[node.opType] = (operators[node.opType] ?? 0) + 1;
  const { sha256, bytes } = await hashModel(graph);
  return {
    format: graph.format,
    path: graph.path,
    sha256,
    bytes,
    inputs: graph.inputs.map((input) => (input.name === graph.openSize?.input ? { ...input, shape: graph.openSize.declared } : input)),
    outputs: graph.outputs,
    inputSize: { width: model.input.width, height: model.input.height, from: graph.openSize?.from ?? 'file' },
    parameters: graph.parameters,
    layers: graph.nodes.filter((node) => isLayer(node) && graph.weightsOf(node).length > 0).length,
    operators: Object.fromEntries(Object.entries(operators).sort(([a], [b]) => a.localeCompare(b))),
    featureLayer: model.featureLayer,
    head: typeof head === 'string' || head.weights.length === 0 ? null : { layers: head.weights, parameters: head.weights.reduce((sum, name) => sum + sizeOf(graph.constantShape(name) ?? [0]), 0) },
    output: typeof head === 'string' || head.kind === 'embedding' ? null : head.kind,
    classes: model.classes,
    trainable: trainableReason(model) ?? true,
    preprocessing: model.preprocessing,
    classNames: model.classNames,
    ...(model.classNamesFrom === null ? {} : { classNamesFrom: model.classNamesFrom }),
    ...(options.layers ? { layerList: layerList(model) } : {}),
  };
}

/** Why a model's head cannot be trained; null where it can. */
export function trainableReason(model: OpenModel): string | null {
  const input = inputReason(model);
  if (model.format.folder && model.graph.parameters === 0) return 'its weights are constants of the graph, which cannot be exchanged: export the model to Keras or ONNX and stabilize that';
  if (model.objective === 'embedding') return input;
  if (typeof model.head === 'string') return model.head;
  if (input !== null) return input;
  const quantized = quantizedLayer(model.graph, model.head);
  if (quantized) return `its layers hold their weights as integers (${describeNode(quantized)}), which training cannot change: stabilize the model with floating-point weights that it was made from, and quantise the result`;
  if (model.head.weights.length === 0) return `nothing after the feature layer ${model.featureLayer} has weights`;
  if (model.classes === 1) return 'the model answers with one number, not with classes';
  return null;
}
