/**
 * The packages that are not bundled but loaded at run time, and which of their files a VSIX for one platform holds. They lie in
 * `dist/node_modules`, where Node finds them from the bundles in `dist`.
 */

/** A platform for which a VSIX is made, as VS Code names it. */
export type Target = 'linux-x64' | 'linux-arm64' | 'darwin-x64' | 'darwin-arm64' | 'win32-x64' | 'win32-arm64';

export const TARGETS: readonly Target[] = ['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64', 'win32-arm64', 'win32-x64'];

/** One package and the files of it that are shipped beside its package.json and licence, by their path inside it. */
export interface RuntimePackage {
  name: string;
  files: RegExp;
}

/** ONNX Runtime has no library for these; WebAssembly serves them. */
const WITHOUT_ONNX_LIBRARY: readonly Target[] = ['darwin-x64'];

function onnxRuntime(target: Target): RuntimePackage[] {
  const common = { name: 'onnxruntime-common', files: /^dist\/(cjs|esm)\/.*\.(js|json)$/ };
  if (WITHOUT_ONNX_LIBRARY.includes(target)) {
    return [common, { name: 'onnxruntime-web', files: /^dist\/(ort\.node\.min\.m?js|ort-wasm-simd-threaded\.(mjs|wasm))$/ }];
  }
  // macOS has the same library under two names; the binding asks for the one without the full version.
  const library = target.startsWith('darwin') ? String.raw`(libonnxruntime\.1\.dylib|[^/]*\.node)` : '[^/]*';
  return [common, { name: 'onnxruntime-node', files: new RegExp(`^(dist/[^/]*\\.js|bin/napi-v6/${target.replace('-', '/')}/${library})$`) }];
}

function sharp(target: Target): RuntimePackage[] {
  const packages = [
    { name: 'sharp', files: /^dist\/[^/]*\.[cm]js$/ },
    { name: '@img/colour', files: /^[^/]*\.cjs$/ },
    { name: 'detect-libc', files: /^lib\/[^/]*\.js$/ },
    { name: 'semver', files: /^(index|(classes|functions|internal|ranges)\/[^/]*)\.js$/ },
    { name: `@img/sharp-${target}`, files: /^(index\.cjs|lib\/[^/]*)$/ },
  ];
  // On Windows the library is inside the binding's package.
  if (!target.startsWith('win32')) packages.push({ name: `@img/sharp-libvips-${target}`, files: /^(versions\.json|README\.md|lib\/[^/]*)$/ });
  return target.startsWith('linux') ? [...packages, ...wasmSharp()] : packages;
}

/** sharp as WebAssembly, for Electron on Linux: see `src/engine/pictures/sharpForElectron.ts`. */
function wasmSharp(): RuntimePackage[] {
  return [
    { name: '@img/sharp-wasm32', files: /^(versions\.json|index\.cjs|lib\/[^/]*)$/ },
    { name: '@emnapi/runtime', files: /^(index\.js|dist\/emnapi\.cjs(\.min)?\.js)$/ },
    { name: 'tslib', files: /^tslib\.js$/ },
  ];
}

/** TensorFlow.js on WebAssembly, the second engine. */
function tensorFlow(): RuntimePackage[] {
  return [
    { name: '@tensorflow/tfjs-core', files: /^dist\/tf-core\.node\.js$/ },
    { name: '@tensorflow/tfjs-backend-cpu', files: /^dist\/tf-backend-cpu\.node\.js$/ },
    { name: '@tensorflow/tfjs-backend-wasm', files: /^dist\/(tf-backend-wasm\.node\.js|[^/]*\.wasm)$/ },
    // The gradients of the operations come with it in Node.js.
    { name: '@tensorflow/tfjs-layers', files: /^dist\/tf-layers\.node\.js$/ },
    { name: 'long', files: /^src\/long\.js$/ },
    { name: 'seedrandom', files: /^(index|seedrandom|lib\/[^/]*)\.js$/ },
  ];
}

/** All packages that a platform needs at run time. */
export function runtimePackages(target: Target): RuntimePackage[] {
  return [...onnxRuntime(target), ...sharp(target), ...tensorFlow()];
}
