import type * as vscode from 'vscode';
import type { HostMethods, WebviewEvent, WebviewEvents, WebviewReply, WebviewRequest } from '../protocol.ts';
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

/** What the host tells a webview; a hidden one misses it and asks when it is shown again. */
export function eventsOf(webview: vscode.Webview): WebviewEvents {
  const tell = (event: WebviewEvent) => void webview.postMessage(event);
  return { state: (state) => tell({ event: 'state', state }) };
}
