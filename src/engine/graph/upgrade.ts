import { create } from '@bufbuild/protobuf';
import { copyMessage } from './copyMessage.ts';
import { writtenOpset } from './graphBuilder.ts';
import { AttributeProtoSchema, GraphProtoSchema, ModelProtoSchema, NodeProtoSchema, OperatorSetIdProtoSchema, type GraphProto, type ModelProto, type NodeProto } from './onnx_pb.ts';
import { UpgradeContext } from './upgrade/context.ts';
import { rules } from './upgrade/rules.ts';

/**
 * The same model in the forms of operator set 18, so that gradients and the second engine need to know one form of each
 * operator. Models of operator set 9 and later are understood; newer ones than 18 keep their version, because what this
 * program reads of an operator has the same form there. Dropout becomes Identity in all. The given model is not changed, and
 * the values of its weights are shared. Follows the operators' changelog of the ONNX standard (onnx/docs/Changelog.md).
 */
export function upgradeModel(model: ModelProto): ModelProto {
  const entry = model.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
  if (!entry || !model.graph) return model;
  const from = Number(entry.version);
  const taken = new Set<string>();
  collectNames(model.graph, taken);
  const older = from < writtenOpset;
  return copyMessage(ModelProtoSchema, model, {
    irVersion: older && model.irVersion < 8n ? 8n : model.irVersion,
    opsetImport: model.opsetImport.map((item) => (item === entry && older ? create(OperatorSetIdProtoSchema, { domain: item.domain, version: BigInt(writtenOpset) }) : item)),
    graph: upgradeGraph(model.graph, from, taken),
  });
}

function upgradeGraph(graph: GraphProto, from: number, taken: Set<string>): GraphProto {
  const initializers = new Set(graph.initializer.map((tensor) => tensor.name));
  const context = new UpgradeContext(graph, from, taken);
  for (const given of graph.node) {
    const node = upgradeInner(given, from, taken);
    const rule = (node.domain || 'ai.onnx') === 'ai.onnx' ? rules[node.opType] : undefined;
    if (!rule || !rule(context, node)) context.keep(node);
  }
  return copyMessage(GraphProtoSchema, graph, {
    node: context.nodes,
    initializer: [...graph.initializer, ...context.initializers],
    // Old models list their weights among the inputs; in newer files that would say that a caller may replace them.
    input: from < writtenOpset ? graph.input.filter((input) => !initializers.has(input.name)) : graph.input,
  });
}

/** Upgrades the graphs inside a node (If, Loop). */
function upgradeInner(node: NodeProto, from: number, taken: Set<string>): NodeProto {
  if (!node.attribute.some((attribute) => attribute.g)) return node;
  const attribute = node.attribute.map((item) => (item.g ? copyMessage(AttributeProtoSchema, item, { g: upgradeGraph(item.g, from, taken) }) : item));
  return copyMessage(NodeProtoSchema, node, { attribute });
}

function collectNames(graph: GraphProto, names: Set<string>): void {
  for (const item of [...graph.initializer, ...graph.input]) names.add(item.name);
  for (const node of graph.node) {
    for (const output of node.output) names.add(output);
    for (const attribute of node.attribute) if (attribute.g) collectNames(attribute.g, names);
  }
}
