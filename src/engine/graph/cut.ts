import { create } from '@bufbuild/protobuf';
import { copyMessage } from './copyMessage.ts';
import {
  AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, ValueInfoProtoSchema,
  type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto,
} from './onnx_pb.ts';
import type { ModelGraph } from './modelGraph.ts';
import { dependsOnInput, isShapeValue, nodesBefore, readBy, valuesAfter } from './head.ts';
import { encodeTensor } from './tensor.ts';

/** A network in two parts: what training leaves alone, run once a picture, and what follows. */
export interface Cut {
  /** Values at the cut: outputs of the fixed part and inputs of the trained one. */
  values: string[];
  /** From the model's input to the values at the cut. */
  fixed: ModelProto;
  /** From the values at the cut to the outputs asked for. */
  trained: ModelProto;
}

/**
 * Cuts a model where its trained weights begin: every value that depends on none of them and is needed by what does becomes an
 * output of the fixed part. `outputs` are the values that the trained part gives; one that lies before the cut passes through.
 */
export function cutGraph(graph: ModelGraph, weights: Iterable<string>, outputs: readonly string[]): Cut {
  const trainedValues = valuesAfter(graph.nodes, weights);
  const isFixed = (value: string): boolean => dependsOnInput(graph, value) && !trainedValues.has(value) && !isShapeValue(graph, value);
  const cut = new Set<string>();
  const seen = new Set<string>();
  const visit = (value: string): void => {
    if (seen.has(value)) return;
    seen.add(value);
    const producer = graph.producer(value);
    if (isFixed(value)) cut.add(value);
    else if (producer) readBy(producer).forEach(visit);
  };
  outputs.forEach(visit);
  const values = [...cut];
  const inputs = new Set(graph.inputs.map((input) => input.name));
  return {
    values: values.map((value) => (inputs.has(value) ? handedName(value) : value)),
    fixed: subgraph(graph, [], values),
    trained: withHandedInputs(subgraph(graph, values, outputs), values.filter((value) => inputs.has(value))),
  };
}

/**
 * Where the very first layer is trained, the picture itself lies at the cut. A graph may not give its own input as an output,
 * so that it is handed over under another name.
 */
function handedName(input: string): string {
  return `${input}/handed`;
}

/** The trained part with inputs under the names that the fixed part gives them. */
function withHandedInputs(model: ModelProto, names: readonly string[]): ModelProto {
  if (names.length === 0) return model;
  const graph = model.graph!;
  return copyMessage(ModelProtoSchema, model, {
    graph: copyMessage(GraphProtoSchema, graph, {
      node: [...names.map((name) => identity(handedName(name), name)), ...graph.node],
      input: graph.input.map((input) => (names.includes(input.name) ? copyMessage(ValueInfoProtoSchema, input, { name: handedName(input.name) }) : input)),
    }),
  });
}

/**
 * The part of a model that computes `outputs` from `inputs` (from the model's own inputs where that is empty), with the weights
 * it needs. An input keeps its declared type, or is float32 of unknown shape; an output that is an input passes through.
 */
export function subgraph(graph: ModelGraph, inputs: readonly string[], outputs: readonly string[]): ModelProto {
  const stop = new Set(inputs);
  const nodes = nodesBefore(graph.nodes, outputs, stop);
  const read = new Set(nodes.flatMap(readBy));
  const initializers = graph.graph.initializer.filter((tensor) => read.has(tensor.name) || outputs.includes(tensor.name));
  const declared = new Map([...graph.graph.valueInfo, ...graph.graph.output, ...graph.graph.input].map((value) => [value.name, value]));
  const own = graph.inputs.map((input) => input.name).filter((name) => !stop.has(name));
  const nameOf = (output: string): string => (stop.has(output) ? passedName(output) : own.includes(output) ? handedName(output) : output);
  const copies = outputs.filter((output) => nameOf(output) !== output).map((output) => identity(output, nameOf(output)));
  return copyMessage(ModelProtoSchema, graph.model, {
    metadataProps: [],
    graph: create(GraphProtoSchema, {
      name: graph.graph.name,
      node: [...nodes, ...copies],
      initializer: initializers,
      input: [...own.filter((name) => read.has(name) || outputs.includes(name)).map((name) => declared.get(name)!), ...inputs.map((name) => openBatchOf(name, graph.inputs.find((input) => input.name === name)?.shape))],
      output: outputs.map((name) => create(ValueInfoProtoSchema, { name: nameOf(name) })),
    }),
  });
}

/** Name of an output that only hands on an input of a part. */
export function passedName(value: string): string {
  return `${value}/passed`;
}

function identity(from: string, to: string): NodeProto {
  return create(NodeProtoSchema, { opType: 'Identity', input: [from], output: [to] });
}

/**
 * An input of a part: floats of any shape, or of that of a picture, any number of them. ONNX Runtime does not load a part that
 * computes sizes from the shape of a picture where it does not know how many dimensions that has.
 */
function openBatchOf(name: string, picture?: readonly number[]): ValueInfoProto {
  const dim = picture?.map((size, axis) => (axis === 0 || size < 1 ? {} : { value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return create(ValueInfoProtoSchema, { name, type: { tensorType: { elemType: 1, ...(dim && { shape: { dim } }) } } });
}

/** A copy of a model whose named weights have other values (float32, same shape). The messages of all others are shared. */
export function withWeights(model: ModelProto, changed: ReadonlyMap<string, Float32Array>): ModelProto {
  const graph = model.graph!;
  const replace = (name: string, tensor: TensorProto): TensorProto => {
    const values = changed.get(name);
    return values ? encodeTensor(tensor.name, { type: 'float32', dims: tensor.dims.map(Number), data: values }) : tensor;
  };
  return copyMessage(ModelProtoSchema, model, {
    graph: copyMessage(GraphProtoSchema, graph, {
      initializer: graph.initializer.map((tensor) => replace(tensor.name, tensor)),
      node: graph.node.map((node) => {
        const name = node.output[0] ?? '';
        if (node.opType !== 'Constant' || !changed.has(name)) return node;
        return copyMessage(NodeProtoSchema, node, {
          attribute: node.attribute.map((attribute) => (attribute.t ? copyMessage(AttributeProtoSchema, attribute, { t: replace(name, attribute.t) }) : attribute)),
        });
      }),
    }),
  });
}
