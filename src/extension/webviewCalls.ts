import type * as vscode from 'vscode';
import type { HostMethods, PanelState, WebviewEvent, WebviewReply, WebviewRequest } from '../protocol.ts';
import { toWireError } from '../wireError.ts';

/** Answers every call of a webview exactly once, ok or error. */
export function answerCalls(webview: vscode.Webview, methods: HostMethods): vscode.Disposable {
  return webview.onDidReceiveMessage(async (request: WebviewRequest) => {
    await webview.postMessage(await answer(methods, request));
  });
}

async function answer(methods: HostMethods, request: WebviewRequest): Promise<WebviewReply> {
  const { id, method, params } = request;
  try {
    if (!Object.hasOwn(methods, method)) throw new Error(`unknown method: ${method}`);
    const table = methods as unknown as Record<string, (params: unknown) => Promise<unknown>>;
    return { id, ok: true, result: await table[method]!(params) };
  } catch (error) {
    return { id, ok: false, error: toWireError(error) };
  }
}

/** Tells a webview the host's truth; a hidden one misses it and asks when it is shown again. */
export async function pushState(webview: vscode.Webview, state: PanelState): Promise<void> {
  const event: WebviewEvent = { event: 'state', state };
  await webview.postMessage(event);
}
