import { Buffer } from 'node:buffer';
import { kernelsWasm } from './kernelsWasm.ts';

/** What kernels.as exports; addresses and counts are whole numbers. */
interface Kernels {
  memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  scaleRows(source: number, rows: number, sourceWidth: number, out: number, width: number, start: number, count: number, weights: number, stride: number): void;
  scaleColumns(source: number, offset: number, rowBytes: number, out: number, height: number, start: number, count: number, weights: number, stride: number): void;
  absoluteDifference(a: number, b: number, count: number): number;
  lookUp(source: number, pixels: number, red: number, green: number, blue: number, outRed: number, outGreen: number, outBlue: number, step: number): void;
  addNoise(source: number, noise: number, out: number, count: number): void;
  normalBlock(state: number, out: number, count: number, sigma: number, edge: number, scale: number, undecidedAt: number, undecidedBits: number): number;
}

/** What is needed of the runtime's WebAssembly, which Node's types leave out. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: { Module: new (bytes: Uint8Array) => object; Instance: new (module: object, imports: object) => { exports: Kernels } };
};

/** The inner loops over pixels, in WebAssembly with vector instructions: a thread has one of them, with a memory of its own. */
export const kernels = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(kernelsWasm, 'base64')), {
  // AssemblyScript's way to stop; nothing here can.
  env: { abort: () => undefined },
}).exports;

/** Where a call's arrays begin: what lies below belongs to the module. */
const base = 1024;
/** Vectors of 16 bytes are read and written a little past an array's end. */
const vector = 16;
const page = 65536;

/**
 * Addresses of arrays of so many bytes, one behind the other, for one call: the next call lays out anew from the beginning.
 * The memory grows where it must and stays, so that callers work on large pictures in parts.
 */
export function layOut(...lengths: number[]): number[] {
  let end = base;
  const addresses = lengths.map((length) => {
    const address = end;
    end = Math.ceil((end + length) / vector) * vector + vector;
    return address;
  });
  const missing = end - kernels.memory.buffer.byteLength;
  if (missing > 0) kernels.memory.grow(Math.ceil(missing / page));
  return addresses;
}

/** Copies an array's bytes into the memory. */
export function write(address: number, values: Uint8Array | Int32Array | Uint32Array | Float32Array | Float64Array): void {
  new Uint8Array(kernels.memory.buffer, address, values.byteLength).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** Copies bytes out of the memory into an array. */
export function read(address: number, values: Uint8Array | Int32Array | Uint32Array | Float32Array): void {
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength).set(new Uint8Array(kernels.memory.buffer, address, values.byteLength));
}
