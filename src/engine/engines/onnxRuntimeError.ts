import { UserError } from '../job.ts';
import { describeNode } from '../graph/modelGraph.ts';
import type { NodeProto } from '../graph/onnx_pb.ts';

/**
 * A sentence of this program for an error of ONNX Runtime, with the operator and the node where they are known; the
 * original is its `cause`. The patterns are those of ONNX Runtime 1.30's messages.
 */
export function explain(error: unknown, nodes: readonly NodeProto[]): Error {
  const message = (error instanceof Error ? error.message : String(error)).replace(/^.*ERROR_MESSAGE: /s, '');
  const sentence = operatorMessage(message, nodes) ?? `ONNX Runtime: ${firstLine(message)}`;
  return new UserError(sentence, { cause: error });
}

function operatorMessage(message: string, nodes: readonly NodeProto[]): string | undefined {
  const registered = /Fatal error: (?:(.*):)?(\w+)\(-?\d+\) is not a registered function\/op/.exec(message);
  if (registered) return unsupported(nodes, registered[2]!, registered[1] ?? '');

  const invalid = /In Node, \("([^"]*)", (\w+), "([^"]*)", -?\d+\).*Error (.*)/s.exec(message);
  if (invalid) {
    const [, name, operator, domain, reason] = invalid as unknown as [string, string, string, string, string];
    if (/^No (Op registered|opset import)/.test(reason)) return unsupported(nodes, operator, domain, name);
    return `${place(nodes, operator, domain, name)}: ${firstLine(reason)}`;
  }

  // WebAssembly says it in fewer words.
  const missing = /No Op registered for (\w+) with domain_version/.exec(message);
  if (missing) return unsupported(nodes, missing[1]!);

  const unimplemented = /Could not find an implementation for (\w+)\(\d+\) node with name '([^']*)'/.exec(message);
  if (unimplemented) return unsupported(nodes, unimplemented[1]!, undefined, unimplemented[2]);

  const type = /Type 'tensor\((\w+)\)' of input parameter \(.*\) of operator \((\w+)\) in node \((.*)\) is invalid/.exec(message);
  if (type) return `unsupported element type: ${type[1]!} of ${place(nodes, type[2]!, undefined, type[3])}`;

  const shape = /Node \((.*)\) Op \((\w+)\) (.*)/s.exec(message);
  if (shape) return `${place(nodes, shape[2]!, undefined, shape[1])}: ${firstLine(shape[3]!.replace(/^\[\w+\] */, ''))}`;

  const running = /Non-zero status code returned while running (\w+) node\. Name:'([^']*)' Status Message: (.*)/s.exec(message);
  // What ONNX Runtime's own assertions print before their reason, a source file and a signature, tells a user nothing.
  if (running) return `${place(nodes, running[1]!, undefined, running[2])}: ${firstLine(running[3]!.replace(/^\/.*? was false\. /s, ''))}`;
  return undefined;
}

function unsupported(nodes: readonly NodeProto[], operator: string, domain?: string, name?: string): string {
  const node = find(nodes, operator, domain, name);
  const space = domain ?? node?.domain ?? '';
  return `unsupported operator: ${operator}${space ? ` of domain ${space}` : ''}${at(node, name)}`;
}

function place(nodes: readonly NodeProto[], operator: string, domain?: string, name?: string): string {
  const node = find(nodes, operator, domain, name);
  return node ? describeNode(node) : `${operator}${at(undefined, name)}`;
}

function at(node: NodeProto | undefined, name: string | undefined): string {
  const where = (node?.name ?? '') || (node?.output[0] ?? '') || (name ?? '');
  return where ? ` at node ${where}` : '';
}

/** A node without a name is the first of its operator: ONNX Runtime stops at the first that it cannot use. */
function find(nodes: readonly NodeProto[], operator: string, domain?: string, name?: string): NodeProto | undefined {
  const fits = (node: NodeProto): boolean => node.opType === operator && (domain === undefined || node.domain === domain);
  return (name ? nodes.find((node) => fits(node) && node.name === name) : undefined) ?? (name ? undefined : nodes.find(fits));
}

function firstLine(message: string): string {
  return message.trim().split('\n')[0]!.trim();
}
