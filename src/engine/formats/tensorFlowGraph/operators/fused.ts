import type { Flow } from '../../layers/flow.ts';
import type { NodeCall } from '../nodeCall.ts';
import { activation } from './activation.ts';

/**
 * An operator that the converter joined with those after it, named in `fused_ops`: a bias, then an activation. Inputs from the
 * third on are theirs. `make` adds the operator itself with its bias, if any, and calls its last node as it is told.
 */
export function fused(call: NodeCall, make: (bias: string[], name: string) => Flow): Flow {
  const steps = call.texts('fused_ops');
  let next = 2;
  const bias = steps[0] === 'BiasAdd' ? [call.plain(next++)] : [];
  const rest = steps.slice(bias.length);
  if (rest.length === 0) return make(bias, call.name);
  const [last, ...others] = rest;
  const made = make(bias, `${call.name}/linear`);
  if (others.length === 0 && last === 'Prelu') return sloped(call, made, next);
  const flow = others.length === 0 ? activation(call, last!, made, call.name) : null;
  if (!flow) throw call.error(`it is joined with ${steps.join(' and ')}, which cannot be opened`);
  return flow;
}

/** A PRelu behind a fused operator: a slope for each channel. */
function sloped(call: NodeCall, made: Flow, slopes: number): Flow {
  const channels = made.shape.at(-1)!;
  const { shape } = call.stored(slopes) ?? { shape: [] };
  if (shape.reduce((product, dim) => product * dim, 1) !== channels || shape.at(-1) !== channels) throw call.error('its slopes do not go along the channels');
  const dims = made.channelsFirst ? [channels, ...new Array<number>(made.shape.length - 2).fill(1)] : [channels];
  return { ...made, name: call.op('PRelu', [made.name, call.fixed(slopes, { dims })], {}, call.name) };
}
