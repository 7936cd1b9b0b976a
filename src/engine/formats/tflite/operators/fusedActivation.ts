import type { Flow } from '../../layers/flow.ts';
import { isQuantized } from '../quantization.ts';
import type { OperatorCall } from './operator.ts';

/** The activations that an operator may end with, by their number in the schema (ActivationFunctionType). */
const bounds: Record<number, readonly [number, number] | undefined> = { 1: [0, Infinity], 2: [-1, 1], 3: [0, 6] };
const names: Record<number, string | undefined> = { 5: 'SIGN_BIT' };

/** What an operator computes, then the activation of that number. `make` calls its last node as it is told. */
export function activated(call: OperatorCall, activation: number, make: (name: string) => Flow): Flow {
  if (activation === 0) return make(call.name);
  if (activation !== 4 && !bounds[activation]) throw call.error(`unknown activation: ${names[activation] ?? activation}`);
  if (isQuantized(call.output()) && bounds[activation]) {
    call.bounds = bounds[activation];
    return make(call.name);
  }
  const flow = make(`${call.name}/linear`);
  if (activation === 4) return { ...flow, name: call.op('Tanh', [flow.name], {}, call.name) };
  return { ...flow, name: bounded(call, flow.name, bounds[activation]!, call.name) };
}

/** A value between two bounds, of which the greater may be infinite. */
export function bounded(call: OperatorCall, value: string, [low, high]: readonly [number, number], name: string): string {
  if (low === 0 && high === Infinity) return call.op('Relu', [value], {}, name);
  return call.op('Clip', [value, call.graph.builder.float(low), call.graph.builder.float(high)], {}, name);
}
