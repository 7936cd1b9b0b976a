import { create } from '@bufbuild/protobuf';
import { copyMessage } from './copyMessage.ts';
import {
  AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, ValueInfoProtoSchema,
  type AttributeProto, type ModelProto, type NodeProto, type TensorProto, type ValueInfoProto,
} from './onnx_pb.ts';
import { elementTypeCode, encodeTensor, sizeOf, toBytes, type ElementType, type Tensor } from './tensor.ts';

/** An attribute: a whole number is written as int, `{ float }` as float; arrays likewise. */
export type Attribute = number | string | number[] | string[] | { float: number } | { floats: number[] } | { tensor: Tensor };

/** Operator set in which this program writes nodes of its own; newer ones read them unchanged. */
export const writtenOpset = 18;

const text = new TextEncoder();

/**
 * Collects nodes, constants, inputs and outputs of an ONNX graph and gives values unique names.
 * Nodes are added in the order in which they can run.
 */
export class GraphBuilder {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #taken = new Set<string>();
  readonly #constants = new Map<string, string>();
  readonly #opset: number;
  #counter = 0;

  /** `opset` is the version that the added nodes are written for. */
  constructor(opset: number = writtenOpset) {
    this.#opset = opset;
  }

  /** A name that nothing in this graph has yet. */
  unique(prefix: string): string {
    let name = prefix;
    while (this.#taken.has(name) || name === '') name = `${prefix}_${++this.#counter}`;
    this.#taken.add(name);
    return name;
  }

  /** Keeps a name from being given to a new value. */
  reserve(name: string): void {
    this.#taken.add(name);
  }

  /** Declares an input. A dimension is a number, or the name of an open one. */
  input(name: string, type: ElementType, dims: (number | string)[]): string {
    this.#taken.add(name);
    this.#inputs.push(valueInfo(name, type, dims));
    return name;
  }

  /** Declares an output; without a type the runtime infers it. */
  output(name: string, type?: ElementType, dims?: (number | string)[]): void {
    this.#outputs.push(type && dims ? valueInfo(name, type, dims) : create(ValueInfoProtoSchema, { name }));
  }

  /** Adds a named weight. */
  weight(name: string, tensor: Tensor): string {
    this.#taken.add(name);
    this.#initializers.push(encodeTensor(name, tensor));
    return name;
  }

  /** Adds a message as it stands; its name must not be taken. */
  copyInitializer(tensor: TensorProto): string {
    this.#taken.add(tensor.name);
    this.#initializers.push(tensor);
    return tensor.name;
  }

  /** A constant; equal constants are stored once. */
  constant(tensor: Tensor, prefix = 'constant'): string {
    const key = `${tensor.type}[${tensor.dims.join()}]${Buffer.from(toBytes(tensor.data)).toString('base64')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.weight(this.unique(prefix), tensor);
    this.#constants.set(key, name);
    return name;
  }

  /** A float constant; a scalar unless `dims` is given. */
  float(values: number | ArrayLike<number>, dims?: number[]): string {
    const data = typeof values === 'number' ? Float32Array.of(values) : Float32Array.from(values);
    return this.constant({ type: 'float32', dims: dims ?? (typeof values === 'number' ? [] : [data.length]), data });
  }

  /** A vector of int64, as shapes, axes and indices want it. */
  ints(values: number[]): string {
    return this.constant({ type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });
  }

  /**
   * Adds a node and returns the names of its outputs. An absent optional input is ''.
   * `outputs` is their number (1) or their names, `description` the node's `doc_string`.
   */
  node(opType: string, inputs: string[], attributes: Record<string, Attribute | undefined> = {}, options: { name?: string; outputs?: number | string[]; description?: string } = {}): string[] {
    const outputs = Array.isArray(options.outputs)
      ? options.outputs
      : Array.from({ length: options.outputs ?? 1 }, (_, index) => this.unique(options.name !== undefined ? (index === 0 ? options.name : `${options.name}_${index}`) : opType.toLowerCase()));
    for (const output of outputs) this.#taken.add(output);
    this.#nodes.push(create(NodeProtoSchema, {
      opType, name: options.name ?? '', docString: options.description ?? '', input: inputs, output: outputs,
      attribute: Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [attributeOf(name, value)])),
    }));
    return outputs;
  }

  /** Adds a node with one output and returns that output's name. */
  op(opType: string, inputs: string[], attributes: Record<string, Attribute | undefined> = {}, name?: string): string {
    return this.node(opType, inputs, attributes, name === undefined ? {} : { name })[0]!;
  }

  /** Adds a copy of a node, its values renamed. */
  copyNode(node: NodeProto, rename: (value: string) => string = (value) => value): NodeProto {
    const copy = copyMessage(NodeProtoSchema, node, { input: node.input.map(rename), output: node.output.map(rename) });
    for (const output of copy.output) this.#taken.add(output);
    this.#nodes.push(copy);
    return copy;
  }

  /** The model so far. `domains` are further operator sets that copied nodes need. */
  build(domains: ModelProto['opsetImport'] = []): ModelProto {
    return create(ModelProtoSchema, {
      // IR 8 goes with operator set 15 to 18; ONNX Runtime wants no more than it knows.
      irVersion: 8n,
      producerName: 'model-stability',
      opsetImport: [{ domain: '', version: BigInt(this.#opset) }, ...domains.filter((entry) => entry.domain !== '' && entry.domain !== 'ai.onnx')],
      graph: create(GraphProtoSchema, {
        name: 'graph', node: this.#nodes, initializer: this.#initializers, input: this.#inputs, output: this.#outputs,
      }),
    });
  }
}

function valueInfo(name: string, type: ElementType, dims: (number | string)[]): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      tensorType: {
        elemType: elementTypeCode[type],
        shape: { dim: dims.map((dim) => ({ value: typeof dim === 'number' ? { case: 'dimValue' as const, value: BigInt(dim) } : { case: 'dimParam' as const, value: dim } })) },
      },
    },
  });
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  const base = { name };
  if (typeof value === 'number') return create(AttributeProtoSchema, { ...base, type: 2, i: BigInt(value) });
  if (typeof value === 'string') return create(AttributeProtoSchema, { ...base, type: 3, s: text.encode(value) });
  if (Array.isArray(value)) {
    return value.length > 0 && typeof value[0] === 'string'
      ? create(AttributeProtoSchema, { ...base, type: 8, strings: value.map((item) => text.encode(String(item))) })
      : create(AttributeProtoSchema, { ...base, type: 7, ints: value.map((item) => BigInt(item)) });
  }
  if ('float' in value) return create(AttributeProtoSchema, { ...base, type: 1, f: value.float });
  if ('floats' in value) return create(AttributeProtoSchema, { ...base, type: 6, floats: value.floats });
  if (sizeOf(value.tensor.dims) !== value.tensor.data.length) throw new Error(`attribute ${name}: the values do not fit the shape`);
  return create(AttributeProtoSchema, { ...base, type: 4, t: encodeTensor('', value.tensor) });
}
