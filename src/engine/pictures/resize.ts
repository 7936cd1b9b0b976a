import type { Interpolation, ResizeMode } from '../results.ts';
import type { Picture, Size } from './picture.ts';
import { resample } from './resample.ts';

/** Every way of resizing as a text; a share is above 0 and at most 1. */
export const resizeModePattern = /^(stretch|pad|crop(:(0?\.\d*[1-9]\d*|1))?)$/;

/** Whether a text is a way of resizing. */
export function isResizeMode(text: string): text is ResizeMode {
  return resizeModePattern.test(text);
}

/**
 * Brings a picture to a model's input size. `stretch` changes its proportions; `crop` fills the input and cuts off what
 * stands out, evenly on both sides, `crop:SHARE` also what lies around that share of it; `pad` shows the whole picture in the middle of black bars. A picture that has the size
 * already is given back as it is, unless a share of it is asked for.
 */
export function resizePicture(picture: Picture, size: Size, mode: ResizeMode, interpolation: Interpolation): Picture {
  const { width, height } = size;
  const share = mode.startsWith('crop:') ? Number(mode.slice('crop:'.length)) : 1;
  if (share === 1 && picture.width === width && picture.height === height) return picture;
  if (mode === 'pad') return pad(picture, size, interpolation);
  const whole = { left: 0, top: 0, right: picture.width, bottom: picture.height };
  if (mode === 'stretch') return resample(picture, width, height, interpolation, whole);
  const scale = Math.max(width / picture.width, height / picture.height) / share;
  const left = (picture.width - width / scale) / 2;
  const top = (picture.height - height / scale) / 2;
  const box = { left, top, right: picture.width - left, bottom: picture.height - top };
  return resample(picture, width, height, interpolation, box);
}

function pad(picture: Picture, { width, height }: Size, interpolation: Interpolation): Picture {
  const scale = Math.min(width / picture.width, height / picture.height);
  const innerWidth = Math.min(width, Math.max(1, Math.round(picture.width * scale)));
  const innerHeight = Math.min(height, Math.max(1, Math.round(picture.height * scale)));
  const inner = resizePicture(picture, { width: innerWidth, height: innerHeight }, 'stretch', interpolation);
  const data = new Uint8Array(width * height * 3);
  const left = Math.floor((width - innerWidth) / 2);
  const top = Math.floor((height - innerHeight) / 2);
  for (let y = 0; y < innerHeight; y++) {
    data.set(inner.data.subarray(y * innerWidth * 3, (y + 1) * innerWidth * 3), ((top + y) * width + left) * 3);
  }
  return { width, height, data };
}
