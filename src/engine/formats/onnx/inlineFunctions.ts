import { UserError } from '../../job.ts';
import { copyMessage } from '../../graph/copyMessage.ts';
import { describeNode } from '../../graph/modelGraph.ts';
import { AttributeProtoSchema, GraphProtoSchema, NodeProtoSchema, TensorProtoSchema, ValueInfoProtoSchema, type AttributeProto, type FunctionProto, type GraphProto, type ModelProto, type NodeProto } from '../../graph/onnx_pb.ts';

/** Nodes of a model at most once its functions stand in it; real ones have a few thousand. */
const mostNodes = 200_000;
/** Functions inside of functions at most. */
const deepest = 100;

/**
 * Puts the nodes of a model's own functions (ONNX IR 8; PyTorch's newer exporter writes some operators so) in the place of the
 * nodes that call them, in place, so that layers inside of them are found, cut and trained like any other. The file keeps them.
 * Throws a `UserError` where a function calls itself or the model would grow without bounds.
 */
export function inlineFunctions(path: string, model: ModelProto): void {
  if (model.functions.length === 0) return;
  const inliner = new Inliner(path, model.functions);
  model.graph!.node = inliner.expand(model.graph!.node, []);
  for (const { opsetImport } of model.functions) {
    for (const entry of opsetImport) {
      const known = model.opsetImport.find(({ domain }) => plain(domain) === plain(entry.domain));
      if (!known) model.opsetImport.push(entry);
      else if (known.version !== entry.version && plain(entry.domain) === '') throw new UserError(`${path} has functions written for operator set ${entry.version} in a model of ${known.version}`);
    }
  }
  model.functions = [];
}

const plain = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);
const keyOf = (domain: string, name: string, overload: string): string => JSON.stringify([plain(domain), name, overload]);

class Inliner {
  readonly #path: string;
  readonly #functions: ReadonlyMap<string, FunctionProto>;
  #nodes = 0;
  #calls = 0;

  constructor(path: string, functions: readonly FunctionProto[]) {
    this.#path = path;
    this.#functions = new Map(functions.map((each) => [keyOf(each.domain, each.name, each.overload), each]));
  }

  /** Nodes with all calls replaced; `open` are the functions that are being replaced around them. */
  expand(nodes: readonly NodeProto[], open: readonly FunctionProto[]): NodeProto[] {
    return nodes.flatMap((given) => {
      const node = this.#expandInner(given, open);
      const called = this.#functions.get(keyOf(node.domain, node.opType, node.overload));
      if (++this.#nodes > mostNodes) throw new UserError(`${this.#path} has functions that grow to more than ${mostNodes} nodes`);
      if (!called) return [node];
      if (open.length > deepest) throw new UserError(`${this.#path} has functions that call each other more than ${deepest} deep`);
      if (open.includes(called)) throw new UserError(`${this.#path} is damaged: the function ${called.name} calls itself`);
      return this.expand(this.#body(called, node), [...open, called]);
    });
  }

  #expandInner(node: NodeProto, open: readonly FunctionProto[]): NodeProto {
    if (!node.attribute.some((attribute) => attribute.g)) return node;
    const attribute = node.attribute.map((item) => (item.g ? copyMessage(AttributeProtoSchema, item, { g: copyMessage(GraphProtoSchema, item.g, { node: this.expand(item.g.node, open) }) }) : item));
    return copyMessage(NodeProtoSchema, node, { attribute });
  }

  /** A function's nodes with the values and attributes of a call. */
  #body(called: FunctionProto, call: NodeProto): NodeProto[] {
    if (call.input.length > called.input.length || call.output.length > called.output.length) throw new UserError(`${this.#path} is damaged: ${describeNode(call)} has more inputs or outputs than its function`);
    const inside = `${call.name || (call.output[0] ?? call.opType)}/${++this.#calls}`;
    const names = new Map<string, string>();
    called.input.forEach((name, index) => names.set(name, call.input[index] ?? ''));
    called.output.forEach((name, index) => call.output[index] && names.set(name, call.output[index]));
    const rename = (name: string): string => (name === '' ? '' : names.get(name) ?? `${inside}/${name}`);
    const attributes = new Map([...called.attributeProto, ...call.attribute].map((attribute) => [attribute.name, attribute]));
    const nodes = called.node.map((node) => renamed(node, rename, inside, attributes));
    // An output that is one of the inputs has no node of its own.
    return [...nodes, ...called.output.flatMap((name, index) => {
      const [from, to] = [called.input.indexOf(name), call.output[index] ?? ''];
      return from < 0 || to === '' ? [] : [copyMessage(NodeProtoSchema, call, { opType: 'Identity', domain: '', input: [call.input[from] ?? ''], output: [to], attribute: [] })];
    })];
  }
}

function renamed(node: NodeProto, rename: (name: string) => string, inside: string, attributes: ReadonlyMap<string, AttributeProto>): NodeProto {
  return copyMessage(NodeProtoSchema, node, {
    name: `${inside}/${node.name || node.opType}`,
    input: node.input.map(rename),
    output: node.output.map(rename),
    attribute: node.attribute.flatMap((attribute) => {
      if (attribute.refAttrName === '') return [attribute.g ? copyMessage(AttributeProtoSchema, attribute, { g: renamedGraph(attribute.g, rename, inside, attributes) }) : attribute];
      // An attribute that the call leaves out is left out here too.
      const given = attributes.get(attribute.refAttrName);
      return given ? [copyMessage(AttributeProtoSchema, given, { name: attribute.name })] : [];
    }),
  });
}

function renamedGraph(graph: GraphProto, rename: (name: string) => string, inside: string, attributes: ReadonlyMap<string, AttributeProto>): GraphProto {
  return copyMessage(GraphProtoSchema, graph, {
    node: graph.node.map((node) => renamed(node, rename, inside, attributes)),
    initializer: graph.initializer.map((tensor) => copyMessage(TensorProtoSchema, tensor, { name: rename(tensor.name) })),
    input: graph.input.map((value) => copyMessage(ValueInfoProtoSchema, value, { name: rename(value.name) })),
    output: graph.output.map((value) => copyMessage(ValueInfoProtoSchema, value, { name: rename(value.name) })),
  });
}
