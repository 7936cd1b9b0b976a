import type { InputLayout } from '../preprocessing.ts';
import type { Preprocessing, ResizeMode } from '../results.ts';

type Scaling = Pick<Preprocessing, 'range' | 'mean' | 'std'>;

/** The ways in which the field's frameworks scale colour pictures; mean and std in the order red, green, blue. */
const colourScalings: readonly Scaling[] = [
  { range: '0-1', mean: null, std: null },
  // torchvision's and timm's default: mean and deviation of ImageNet's training pictures.
  { range: '0-1', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  { range: '-1-1', mean: null, std: null },
  { range: '0-255', mean: null, std: null },
  // Caffe's, and that of Keras' VGG and ResNet: ImageNet's mean is subtracted, nothing is divided.
  { range: '0-255', mean: [123.68, 116.779, 103.939], std: null },
];

/** Grey ones; the second has mean and deviation of the MNIST digits, as PyTorch's examples do. */
const grayScalings: readonly Scaling[] = [
  { range: '0-1', mean: null, std: null },
  { range: '0-1', mean: [0.1307], std: [0.3081] },
  { range: '-1-1', mean: null, std: null },
  { range: '0-255', mean: null, std: null },
];

/** The share is torchvision's: a resize to 256 pixels and a cut to 224. */
const resizeModes: readonly ResizeMode[] = ['stretch', 'crop', 'crop:0.875', 'pad'];

/** Every usual scaling and order of channels with the present way of resizing; the present preprocessing comes first. */
export function scalingCandidates(present: Preprocessing, { channels }: Pick<InputLayout, 'channels'>): Preprocessing[] {
  const orders: readonly Preprocessing['channels'][] = channels === 1 ? ['gray'] : ['rgb', 'bgr'];
  const usual = orders.flatMap((order) => (channels === 1 ? grayScalings : colourScalings).map((scaling): Preprocessing => ({
    resize: present.resize, interpolation: present.interpolation, ...scaling, channels: order, from: 'option',
  })));
  return [present, ...usual.filter((candidate) => !samePreprocessing(candidate, present))];
}

/** The other ways of resizing for some scalings. */
export function resizeCandidates(best: readonly Preprocessing[]): Preprocessing[] {
  return best.flatMap((each) => resizeModes.filter((mode) => mode !== each.resize).map((resize): Preprocessing => ({ ...each, resize, from: 'option' })));
}

/** Whether two give the model the same values; where they came from does not count. */
export function samePreprocessing(a: Preprocessing, b: Preprocessing): boolean {
  return preprocessingKey(a) === preprocessingKey(b);
}

function preprocessingKey({ resize, interpolation, range, mean, std, channels }: Preprocessing): string {
  // A mean of 0 and a deviation of 1 do what none does.
  const values = [mean?.some((value) => value !== 0) ? mean : null, std?.some((value) => value !== 1) ? std : null];
  return JSON.stringify([resize, interpolation, range, ...values, channels]);
}

/** `range 0-1, mean 0.485 0.456 0.406, std 0.229 0.224 0.225, rgb, stretch`. */
export function describePreprocessing({ range, mean, std, channels, resize }: Preprocessing): string {
  return [`range ${range}`, ...(mean ? [`mean ${mean.join(' ')}`] : []), ...(std ? [`std ${std.join(' ')}`] : []), channels, resize].join(', ');
}
