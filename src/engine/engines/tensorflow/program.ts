import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../../job.ts';
import { attributesOf, describeNode } from '../../graph/modelGraph.ts';
import type { GraphProto, ModelProto, NodeProto } from '../../graph/onnx_pb.ts';
import { decodeTensor } from '../../graph/tensor.ts';
import { upgradeModel } from '../../graph/upgrade.ts';
import { Attributes, type Operator } from './operator.ts';
import { operators } from './operators.ts';
import { upload } from './tensors.ts';

interface Instruction {
  node: NodeProto;
  operator: Operator;
  attributes: Attributes;
}

/** Values by their name in the graph. */
export type Values = Record<string, tf.Tensor>;

/**
 * An ONNX graph as instructions for TensorFlow.js, with its fixed values where the backend computes; operator sets before 18 are
 * brought to the forms of 18 first.
 * Throws a `UserError` that names the operator and the node where one is not supported.
 */
export class Program {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly #graph: GraphProto;
  readonly #instructions: Instruction[];
  readonly #constants: ReadonlyMap<string, tf.Tensor>;

  constructor(model: ModelProto) {
    const { graph } = upgradeModel(model);
    if (!graph) throw new Error('the model has no graph');
    this.#graph = graph;
    this.#instructions = this.#graph.node.map((node) => {
      const operator = node.domain === '' || node.domain === 'ai.onnx' ? operators[node.opType] : undefined;
      if (!operator) throw new UserError(`unsupported operator: ${node.domain ? `${node.domain}.` : ''}${node.opType} at node ${node.name || node.output[0] || ''} (TensorFlow engine)`);
      return { node, operator, attributes: new Attributes(attributesOf(node)) };
    });
    const fixed = new Set(this.#graph.initializer.map((tensor) => tensor.name));
    this.inputs = this.#graph.input.map((input) => input.name).filter((name) => !fixed.has(name));
    this.outputs = this.#graph.output.map((output) => output.name);
    this.#constants = new Map(this.#graph.initializer.map((tensor) => [tensor.name, tf.keep(upload(decodeTensor(tensor)))]));
  }

  /** A fixed value of the graph; it belongs to the program. */
  constant(name: string): tf.Tensor | undefined {
    return this.#constants.get(name);
  }

  /**
   * Computes the wanted values (the graph's outputs). `given` holds the inputs, and whatever shall stand in the place of fixed
   * values. Intermediate values are freed after their last use; call it inside `tf.tidy` where it may throw.
   * The results are new tensors that belong to the caller.
   */
  run(given: Values, wanted: readonly string[] = this.outputs): Values {
    const instructions = this.#needed(wanted);
    const uses = new Map<string, number>();
    for (const { node } of instructions) for (const name of node.input) uses.set(name, (uses.get(name) ?? 0) + 1);
    for (const name of wanted) uses.set(name, (uses.get(name) ?? 0) + 1);
    const own = new Map<string, tf.Tensor>();
    const find = (name: string): tf.Tensor | undefined => (name === '' ? undefined : own.get(name) ?? given[name] ?? this.#constants.get(name));

    for (const { node, operator, attributes } of instructions) {
      const inputs = node.input.map((name) => {
        const tensor = find(name);
        if (!tensor && name !== '') throw new UserError(`missing value ${name}: ${describeNode(node)} (TensorFlow engine)`);
        return tensor;
      });
      const results = tf.tidy(() => [operator(inputs, attributes, node)].flat().map((result) => (inputs.includes(result) ? tf.clone(result) : result)));
      node.output.forEach((name, index) => {
        const result = results[index];
        if (!result || name === '') return;
        if (uses.has(name)) own.set(name, result);
        else result.dispose();
      });
      for (const name of node.input) {
        const left = (uses.get(name) ?? 0) - 1;
        uses.set(name, left);
        if (left === 0) {
          own.get(name)?.dispose();
          own.delete(name);
        }
      }
    }
    return Object.fromEntries(wanted.map((name) => {
      const result = find(name);
      if (!result) throw new UserError(`missing value ${name}: the graph does not compute it (TensorFlow engine)`);
      return [name, own.has(name) ? result : tf.clone(result)];
    }));
  }

  /** Frees the fixed values. */
  dispose(): void {
    for (const tensor of this.#constants.values()) tensor.dispose();
  }

  /** The instructions that lead to the wanted values. */
  #needed(wanted: readonly string[]): Instruction[] {
    const names = new Set(wanted);
    const needed: Instruction[] = [];
    for (const instruction of [...this.#instructions].reverse()) {
      if (!instruction.node.output.some((name) => names.has(name))) continue;
      needed.push(instruction);
      for (const name of instruction.node.input) names.add(name);
    }
    return needed.reverse();
  }
}
