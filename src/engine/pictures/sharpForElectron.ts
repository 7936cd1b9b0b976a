/** Imported before sharp, since it chooses sharp's build for this thread. */
import Module from 'node:module';

/** Node's resolver of `require`, which its types leave out. */
interface Resolver {
  _resolveFilename(request: string, ...rest: unknown[]): string;
}

const LINUX_BINARY = /^@img\/sharp-linux(musl)?-\w+\/sharp\.node$/;

/**
 * Whether sharp must be its WebAssembly build: its Linux binaries bring a glib that clashes with Electron's, also in a child
 * process of Electron (https://github.com/electron/electron/issues/46323). `MODEL_STABILITY_SHARP=wasm` asks for it anywhere.
 */
export function needsWasmSharp(): boolean {
  if (process.env['MODEL_STABILITY_SHARP'] === 'wasm') return true;
  return process.platform === 'linux' && process.versions['electron'] !== undefined;
}

/** Makes every later `require('sharp')` of this thread load the WebAssembly build. */
function redirectSharpToWasm(): void {
  const resolver = Module as unknown as Resolver;
  const resolve = resolver._resolveFilename.bind(resolver);
  resolver._resolveFilename = (request, ...rest) => resolve(LINUX_BINARY.test(request) ? '@img/sharp-wasm32/sharp.node' : request, ...rest);
}

if (needsWasmSharp()) redirectSharpToWasm();
