import { shown, type Arrangement } from '../../operators/call.ts';
import { activated } from './fusedActivation.ts';
import { flowOf, imageOf, windowOf } from '../../operators/image.ts';
import type { OperatorCall, OperatorKind } from './operator.ts';

/** Weights of four axes in ONNX's order: as they lie in the file, or moved by a node where they are computed. */
function weightsOf(call: OperatorCall, input: number, transposition: number[]): string {
  const arrangement: Arrangement = { transposition };
  if (call.stored(input)) return call.fixed(input, arrangement);
  return call.op('Transpose', [call.graph.plain(call.input(input))], { perm: transposition }, `${call.name}/weights`);
}

function sizeOfWeights(call: OperatorCall, input: number): [number, number, number, number] {
  const { name, shape } = call.tensor(input);
  if (shape.length !== 4 || shape.some((dim) => dim < 1)) throw call.error(`its weights ${name} have the shape ${shown(shape)}, it wants 4 axes`);
  return shape as [number, number, number, number];
}

/** The bias as a list of inputs, none where the operator has none. */
export function biasOf(call: OperatorCall, input: number, size: number): string[] {
  if (!call.has(input)) return [];
  const { name, shape } = call.tensor(input);
  if (shape.reduce((product, dim) => product * dim, 1) !== size) throw call.error(`its bias ${name} has the shape ${shown(shape)}, it wants ${shown([size])}`);
  return [call.stored(input) ? call.fixed(input, shape.length === 1 ? {} : { dims: [size] }) : call.input(input).name];
}

/** Dense and depthwise convolutions differ in where their weights keep the channels and in their options' order. */
function convolution(name: string, depthwise: boolean): OperatorKind {
  return {
    name,
    build: (call) => {
      const image = imageOf(call, call.input(0));
      const [first, height, width, last] = sizeOfWeights(call, 1);
      const outputs = depthwise ? last : first;
      const groups = depthwise ? image.channels : image.channels / last;
      if (depthwise ? first !== 1 || outputs % groups !== 0 : !Number.isInteger(groups) || outputs % groups !== 0) {
        throw call.error(`its weights ${call.tensor(1).name} of ${shown([first, height, width, last])} do not fit ${image.channels} channels`);
      }
      const dilations = depthwise ? [call.option(6, 1), call.option(5, 1)] : [call.option(5, 1), call.option(4, 1)];
      const window = windowOf(call, image.spatial, { kernel: [height, width], strides: [call.option(2), call.option(1)], dilations, padding: call.small(0) });
      const weights = weightsOf(call, 1, depthwise ? [3, 0, 1, 2] : [0, 3, 1, 2]);
      return activated(call, call.small(depthwise ? 4 : 3), (result) => {
        // A convolution of single places is a matrix product to the interpreter, which takes each place's range.
        const single = !depthwise && groups === 1 && height * width === 1 && window.spatial.join() === image.spatial.join();
        const input = call.layerInput(image.name, [0, 1], single ? [1] : [1, 2, 3]);
        const made = call.op('Conv', [input, weights, ...biasOf(call, 2, outputs)], { ...window.attributes, group: groups === 1 ? undefined : groups }, result);
        return flowOf({ ...image, name: made, channels: outputs, spatial: window.spatial });
      });
    },
  };
}

const transposed: OperatorKind = {
  name: 'TRANSPOSE_CONV',
  build: (call) => {
    const size = call.integers(0).slice(1);
    const image = imageOf(call, call.input(2));
    const [outputs, height, width, inputs] = sizeOfWeights(call, 1);
    if (size.length !== 3 || size[2] !== outputs || inputs !== image.channels) throw call.error(`its weights ${call.tensor(1).name} do not fit its input and the shape ${shown(size)}`);
    const strides = [call.option(2), call.option(1)] as const;
    const kernel = [height, width] as const;
    const spatial = size.slice(0, 2) as [number, number];
    // The padding is that of the convolution that leads from the output's size to the input's.
    const forward = windowOf(call, spatial, { kernel, strides, dilations: [1, 1], padding: call.small(0) });
    if (forward.spatial.some((dim, axis) => dim !== image.spatial[axis])) throw call.error(`its output of ${spatial.join(' × ')} does not fit its input of ${image.spatial.join(' × ')}`);
    const pads = (forward.attributes['pads'] as number[] | undefined) ?? [0, 0, 0, 0];
    const rest = spatial.map((dim, axis) => dim - ((image.spatial[axis]! - 1) * strides[axis]! + kernel[axis]! - pads[axis]! - pads[axis + 2]!));
    const weights = weightsOf(call, 1, [3, 0, 1, 2]);
    return activated(call, call.small(3), (result) => {
      const input = call.layerInput(image.name, [2, 1], [1, 2, 3]);
      const attributes = { ...forward.attributes, output_padding: rest.some((pad) => pad > 0) ? rest : undefined };
      const made = call.op('ConvTranspose', [input, weights, ...biasOf(call, 3, outputs)], attributes, result);
      return flowOf({ ...image, name: made, channels: outputs, spatial });
    });
  },
};

/** Convolutions. */
export const convolutionKinds: readonly OperatorKind[] = [convolution('CONV_2D', false), convolution('DEPTHWISE_CONV_2D', true), transposed];
