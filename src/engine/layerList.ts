import { dependsOnInput } from './graph/head.ts';
import { staticShapes } from './graph/staticShapes.ts';
import { sizeOf } from './graph/tensor.ts';
import { isLayer } from './graph/weights.ts';
import type { OpenModel } from './openModel.ts';
import type { LayerInfo } from './results.ts';
import { weightsInto } from './training/trainedPart.ts';

/** A graph with more nodes is shown without a list of them: nobody reads it, and it would fill the memory of a screen. */
const mostLayers = 20_000;

/** The nodes of a model that depend on its input, in the order in which they run; undefined where there are too many. */
export function layerList({ graph, head, featureLayer }: Pick<OpenModel, 'graph' | 'head' | 'featureLayer'>): LayerInfo[] | undefined {
  const nodes = graph.nodes.filter((node) => dependsOnInput(graph, node.output[0] ?? ''));
  if (nodes.length > mostLayers) return undefined;
  const shapes = staticShapes(graph);
  const inHead = new Set(typeof head === 'string' ? [] : head.nodes);
  const weights = new Map(nodes.map((node) => [node, weightsInto(graph, node)]));
  const withWeights = nodes.filter((node) => isLayer(node) && weights.get(node)!.length > 0);
  const places = new Map(withWeights.map((node, index) => [node, withWeights.length - index]));
  return nodes.map((node) => {
    const output = node.output[0]!;
    return {
      name: node.name || output,
      operator: node.domain ? `${node.domain}.${node.opType}` : node.opType,
      output,
      shape: shapes.get(output)?.slice() ?? null,
      parameters: weights.get(node)!.reduce((sum, name) => sum + sizeOf(graph.constantShape(name) ?? [0]), 0),
      fromEnd: places.get(node) ?? null,
      inHead: inHead.has(node),
      isFeatureLayer: output === featureLayer,
    };
  });
}
