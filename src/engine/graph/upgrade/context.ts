import { create } from '@bufbuild/protobuf';
import { UserError } from '../../job.ts';
import { attributesOf, constantTensor, describeNode } from '../modelGraph.ts';
import { AttributeProtoSchema, NodeProtoSchema, type AttributeProto, type GraphProto, type NodeProto, type TensorProto } from '../onnx_pb.ts';
import { decodeTensor, encodeTensor, type Tensor } from '../tensor.ts';

/** Replaces a node of an old form by adding others, and returns true; returns false to keep it as it is. */
export type UpgradeRule = (context: UpgradeContext, node: NodeProto) => boolean;

/** An attribute that a rule writes: a whole number or a word. */
export type Attribute = number | string;

/** What a rule works with: the graph that is being upgraded, and the nodes and constants that take its nodes' place. */
export class UpgradeContext {
  /** Operator set that the model was written for. */
  readonly from: number;
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #taken: Set<string>;
  readonly #tensors = new Map<string, TensorProto>();
  readonly #ranks = new Map<string, number>();
  readonly #readers = new Set<string>();

  constructor(graph: GraphProto, from: number, taken: Set<string>) {
    this.from = from;
    this.#taken = taken;
    for (const tensor of graph.initializer) this.#tensors.set(tensor.name, tensor);
    for (const info of [...graph.input, ...graph.output, ...graph.valueInfo]) {
      const shape = info.type?.tensorType?.shape;
      if (shape) this.#ranks.set(info.name, shape.dim.length);
    }
    for (const node of graph.node) {
      const constant = constantTensor(node);
      if (constant) this.#tensors.set(node.output[0]!, constant);
      // These two give matrices, whatever they are given.
      if (node.opType === 'Gemm' || node.opType === 'Flatten') this.#ranks.set(node.output[0]!, 2);
      for (const input of node.input) this.#readers.add(input);
    }
    for (const output of graph.output) this.#readers.add(output.name);
  }

  keep(node: NodeProto): void {
    this.nodes.push(node);
  }

  /** Adds a node in the place of another: with its name and outputs unless others are given. Attributes of undefined are left out. */
  replace(node: NodeProto, opType: string, input: string[], attributes: Record<string, Attribute | undefined>, output: string[] = [...node.output]): true {
    this.nodes.push(create(NodeProtoSchema, {
      opType, name: node.name, input, output, docString: node.docString,
      attribute: Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [attributeMessage(name, value)])),
    }));
    return true;
  }

  /** Adds the node with other inputs and without some of its attributes; attributes given anew replace the old ones. */
  change(node: NodeProto, input: string[], drop: readonly string[], attributes: Record<string, Attribute> = {}): true {
    const kept = node.attribute.filter(({ name }) => !drop.includes(name) && !(name in attributes));
    const added = Object.entries(attributes).map(([name, value]) => attributeMessage(name, value));
    this.nodes.push(create(NodeProtoSchema, {
      opType: node.opType, domain: node.domain, name: node.name, docString: node.docString,
      input: trimmed(input), output: [...node.output], attribute: [...kept, ...added],
    }));
    return true;
  }

  /** Adds a node of its own and returns its output. */
  add(node: NodeProto, opType: string, input: string[], attributes: Record<string, Attribute | undefined> = {}): string {
    const output = this.#unique(`${node.output[0] ?? node.name}/${opType.toLowerCase()}`);
    this.replace(node, opType, input, attributes, [output]);
    this.nodes.at(-1)!.name = output;
    return output;
  }

  ints(node: NodeProto, what: string, values: readonly number[]): string {
    return this.#constant(node, what, { type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });
  }

  floats(node: NodeProto, what: string, values: readonly number[]): string {
    return this.#constant(node, what, { type: 'float32', dims: [values.length], data: Float32Array.from(values) });
  }

  float(node: NodeProto, what: string, value: number): string {
    return this.#constant(node, what, { type: 'float32', dims: [], data: Float32Array.of(value) });
  }

  /** Values of a fixed input; undefined where it is computed. */
  constant(value: string): number[] | undefined {
    const proto = this.#tensors.get(value);
    return proto && Array.from(decodeTensor(proto).data as ArrayLike<number | bigint>, Number);
  }

  /** Number of dimensions of a value where the file tells it. */
  rank(value: string): number | undefined {
    return this.#ranks.get(value);
  }

  /** Whether anything in this graph reads a value. */
  isRead(value: string): boolean {
    return value !== '' && this.#readers.has(value);
  }

  /** Throws the error for a form of an operator that has no successor. */
  fail(node: NodeProto, what: string): never {
    throw new UserError(`unsupported operator: ${describeNode(node)} ${what}`);
  }

  #constant(node: NodeProto, what: string, tensor: Tensor): string {
    const name = this.#unique(`${node.output[0] ?? node.name}/${what}`);
    this.initializers.push(encodeTensor(name, tensor));
    return name;
  }

  #unique(prefix: string): string {
    let name = prefix;
    for (let count = 1; this.#taken.has(name); count++) name = `${prefix}_${count}`;
    this.#taken.add(name);
    return name;
  }
}

/** A node's attributes that are lists of whole numbers. */
export function listOf(node: NodeProto, name: string): number[] | undefined {
  const value = attributesOf(node)[name];
  return Array.isArray(value) ? value.map(Number) : undefined;
}

export function numberOf(node: NodeProto, name: string): number | undefined {
  const value = attributesOf(node)[name];
  return typeof value === 'number' ? value : undefined;
}

export function textOf(node: NodeProto, name: string): string | undefined {
  const value = attributesOf(node)[name];
  return typeof value === 'string' ? value : undefined;
}

/** Inputs without absent ones at the end. */
function trimmed(inputs: string[]): string[] {
  return inputs.slice(0, inputs.findLastIndex((input) => input !== '') + 1);
}

function attributeMessage(name: string, value: Attribute): AttributeProto {
  return typeof value === 'number'
    ? create(AttributeProtoSchema, { name, type: 2, i: BigInt(value) })
    : create(AttributeProtoSchema, { name, type: 3, s: new TextEncoder().encode(value) });
}
