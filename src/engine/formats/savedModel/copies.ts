import { fromBinary } from '@bufbuild/protobuf';
import { dataInputs, nodeOf } from '../tensorFlowGraph/graphDef.ts';
import { TrackableObjectGraphSchema, type MetaGraphDef, type SignatureDef } from './tensorflow_pb.ts';

/**
 * Keras' export stores each variable twice. A program that runs the graph restores it as the graph says, Python's loader as the tree of
 * Python objects says, which names the other copy: both are the same argument of the signature's function. Returns the key of
 * that other copy by the key of the graph's; none where both say the same. `variables` are the graph's keys by the node's name,
 * `objects` the content of the bundle's object graph.
 */
export function variableCopies({ graphDef, objectGraphDef }: MetaGraphDef, signature: SignatureDef, variables: ReadonlyMap<string, string>, objects: Uint8Array): Map<string, string> {
  const { nodes } = fromBinary(TrackableObjectGraphSchema, objects);
  const calls = new Map(graphDef?.node.map((node) => [node.name, node]));
  const copies = new Map<string, string>();
  for (const { name } of Object.values(signature.outputs)) {
    const call = calls.get(nodeOf(name));
    const called = call?.attr['f']?.value;
    const bound = called?.case === 'func' ? objectGraphDef?.concreteFunctions[called.value.name]?.boundInputs ?? [] : [];
    if (!call || bound.length === 0) continue;
    // What a function captures stands behind its arguments.
    const captured = dataInputs({ inputs: call.input }).slice(-bound.length);
    for (const [index, object] of bound.entries()) {
      const key = variables.get(nodeOf(captured[index] ?? ''));
      const other = nodes[object]?.attributes.find((attribute) => attribute.name === 'VARIABLE_VALUE')?.checkpointKey;
      if (key !== undefined && other !== undefined && other !== key) copies.set(key, other);
    }
  }
  return copies;
}
