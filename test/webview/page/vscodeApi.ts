/**
 * VS Code's end of a webview, for tests in a plain browser: `acquireVsCodeApi`, messages to and from a host that lives in the
 * test's process, and a record of what the content policy refused.
 */
interface TestWindow {
  /** Set by the test; answers a request, pictures as base64. */
  hostMessage(request: unknown): Promise<unknown>;
  /** What the content policy refused, as "directive address". */
  violations: string[];
  /** Blob addresses made and not revoked. */
  liveUrls: Set<string>;
  acquireVsCodeApi(): unknown;
}

const page = window as unknown as TestWindow;
page.violations = [];
page.liveUrls = new Set();
const createObjectURL = URL.createObjectURL.bind(URL);
const revokeObjectURL = URL.revokeObjectURL.bind(URL);
URL.createObjectURL = (blob: Blob) => {
  const url = createObjectURL(blob);
  page.liveUrls.add(url);
  return url;
};
URL.revokeObjectURL = (url) => {
  page.liveUrls.delete(url);
  revokeObjectURL(url);
};
document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => page.violations.push(`${effectiveDirective} ${blockedURI}`));

/** Bytes cross from the test's process as base64; the webview gets them as the extension sends them. */
function withBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as Record<string, unknown>).map(([name, inner]) => [name, name === 'base64' ? inner : withBytes(inner)] as const);
  const base64 = entries.find(([name]) => name === 'base64')?.[1];
  if (typeof base64 === 'string') return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries);
}

const BYTES = ['pairPictures', 'framePicture'];
const stored = 'webview-state';
page.acquireVsCodeApi = () => ({
  postMessage(request: { id: number; method: string }) {
    void page.hostMessage(structuredClone(request)).then((reply) => {
      window.postMessage(BYTES.includes(request.method) ? withBytes(reply) : reply, '*');
    });
  },
  getState: () => JSON.parse(sessionStorage.getItem(stored) ?? 'null') as unknown,
  setState: (state: unknown) => sessionStorage.setItem(stored, JSON.stringify(state)),
});
