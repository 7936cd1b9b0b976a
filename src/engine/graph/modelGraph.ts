import type { OpenSize } from '../inputSize.ts';
import { elementType, isKnownType, type ElementType, type Tensor, decodeTensor, sizeOf } from './tensor.ts';
import type { AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from './onnx_pb.ts';

/** Where a weight's values lie in the model's own files, so that new values can be written back there. */
export interface WeightOrigin {
  /** Absolute path of the file that holds the bytes. */
  file: string;
  /** How the format names it: a tensor, a dataset, a path in a manifest. */
  key: string;
  /** Type of the stored values; 16-bit floats and quantised weights are float32 in the graph. */
  storedType: ElementType | 'bfloat16';
  /** Present where the stored values are integers: value = stored · scale + minimum. */
  quantization?: { scale: number; minimum: number };
  /** Axes of the stored array in the order in which the graph's weight has them; absent where they are the same. */
  transposition?: number[];
  /** Shape of the stored array. */
  shape: number[];
}

export interface Value {
  name: string;
  type: ElementType;
  /** −1 where the model leaves a dimension open. */
  shape: number[];
}

/**
 * A model in memory: an ONNX graph, whatever the file's format, whose weights know where they came from.
 * The graph's inputs do not count its weights. Readers of a format make it; everything else only reads it and derives
 * new graphs (with taps, cut, or with a gradient) from copies.
 */
export class ModelGraph {
  /** Name of the format, as `inspect` says it. */
  readonly format: string;
  /** Absolute path of the file that was opened. */
  readonly path: string;
  /** Every file that the model consists of, the opened one first. */
  readonly files: readonly string[];
  /** The graph; weights are in `raw_data` or typed fields, float, in this message itself. */
  readonly model: ModelProto;
  /** By the name of the weight in the graph. */
  readonly origins: ReadonlyMap<string, WeightOrigin>;
  readonly metadata: Readonly<Record<string, string>>;
  /** How the pictures' size was fixed where the file leaves it open; null where it does not. */
  readonly openSize: OpenSize | null;

  readonly #tensors = new Map<string, TensorProto>();
  readonly #producers = new Map<string, NodeProto>();
  readonly #consumers = new Map<string, NodeProto[]>();

  constructor(parts: Pick<ModelGraph, 'format' | 'path' | 'files' | 'model' | 'origins' | 'metadata'> & Partial<Pick<ModelGraph, 'openSize'>>) {
    this.format = parts.format;
    this.path = parts.path;
    this.files = parts.files;
    this.model = parts.model;
    this.origins = parts.origins;
    this.metadata = parts.metadata;
    this.openSize = parts.openSize ?? null;
    for (const tensor of this.graph.initializer) this.#tensors.set(tensor.name, tensor);
    for (const node of this.graph.node) {
      for (const output of node.output) this.#producers.set(output, node);
      for (const input of new Set(node.input)) {
        const list = this.#consumers.get(input);
        if (list) list.push(node);
        else this.#consumers.set(input, [node]);
      }
      const constant = constantTensor(node);
      if (constant) this.#tensors.set(node.output[0]!, constant);
    }
  }

  get graph(): GraphProto {
    if (!this.model.graph) throw new Error('the model has no graph');
    return this.model.graph;
  }

  /** Nodes in an order in which each comes after those it reads from. */
  get nodes(): readonly NodeProto[] {
    return this.graph.node;
  }

  /** Inputs that a caller must feed. */
  get inputs(): Value[] {
    return this.graph.input.filter((input) => !this.#tensors.has(input.name)).map(valueOf);
  }

  get outputs(): Value[] {
    return this.graph.output.map(valueOf);
  }

  /** Version of the operator set of a domain; 0 where the model does not import it. */
  opset(domain = ''): number {
    return Number(this.model.opsetImport.find((entry) => (entry.domain === 'ai.onnx' ? '' : entry.domain) === domain)?.version ?? 0);
  }

  /** The node that computes a value; undefined for inputs and weights. */
  producer(value: string): NodeProto | undefined {
    return this.#producers.get(value);
  }

  /** The nodes that read a value. */
  consumers(value: string): readonly NodeProto[] {
    return this.#consumers.get(value) ?? [];
  }

  /** A value that is fixed in the file: an initializer, or the output of a Constant node; undefined where it is of a type that this program does not compute with. */
  constant(value: string): Tensor | undefined {
    const proto = this.#tensors.get(value);
    return proto && isKnownType(proto.dataType) ? decodeTensor(proto) : undefined;
  }

  /** Shape of a fixed value, without decoding it. */
  constantShape(value: string): number[] | undefined {
    return this.#tensors.get(value)?.dims.map(Number);
  }

  /** Whether a fixed value is a float array that could be trained. */
  isWeight(value: string): boolean {
    return this.origins.has(value);
  }

  /** Names of the weights a node reads, in its order. */
  weightsOf(node: NodeProto): string[] {
    return node.input.filter((input) => this.isWeight(input));
  }

  /** Number of trained values in the whole model. */
  get parameters(): number {
    let total = 0;
    for (const name of this.origins.keys()) total += sizeOf(this.constantShape(name) ?? [0]);
    return total;
  }
}

/** The tensor inside a Constant node; undefined for other nodes and for constants in other forms. */
export function constantTensor(node: NodeProto): TensorProto | undefined {
  if (node.opType !== 'Constant' || node.domain) return undefined;
  return node.attribute.find((attribute) => attribute.name === 'value')?.t;
}

/** Values of a node's attributes, by name. Integers are numbers, strings are text; tensors and graphs stay messages. */
export function attributesOf(node: NodeProto): Record<string, AttributeValue | undefined> {
  return Object.fromEntries(node.attribute.map((attribute) => [attribute.name, attributeValue(attribute)]));
}

export type AttributeValue = number | string | number[] | string[] | TensorProto | GraphProto | undefined;

const utf8 = new TextDecoder();

function attributeValue(attribute: AttributeProto): AttributeValue {
  switch (attribute.type) {
    case 1: return attribute.f;
    case 2: return Number(attribute.i);
    case 3: return utf8.decode(attribute.s);
    case 4: return attribute.t;
    case 5: return attribute.g;
    case 6: return [...attribute.floats];
    case 7: return attribute.ints.map(Number);
    case 8: return attribute.strings.map((bytes) => utf8.decode(bytes));
    default: return undefined;
  }
}

/** An input or output as the program knows it: −1 where a dimension is open. */
export function valueOf(info: ValueInfoProto): Value {
  const tensor = info.type?.tensorType;
  return {
    name: info.name,
    type: tensor ? elementType(tensor.elemType) : 'float32',
    shape: tensor?.shape?.dim.map((dim) => (dim.value.case === 'dimValue' && dim.value.value > 0n ? Number(dim.value.value) : -1)) ?? [],
  };
}

/** How a node is named in messages: its type, its name and what it computes. */
export function describeNode(node: NodeProto): string {
  return `${node.domain ? `${node.domain}.` : ''}${node.opType} ${node.name || `(${node.output[0] ?? ''})`}`;
}
