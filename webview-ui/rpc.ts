/**
 * The webview's end of the request/reply channel over `postMessage`: each call gets exactly one answer, and an error arrives
 * as a `HostError`. States pushed by the host go to one listener.
 */
import type { HostMethods, PanelState, WebviewEvent, WebviewReply, WebviewRequest, WireError } from '../src/protocol.ts';

/** An error that the host answered with; `kind` tells a sentence for the user from a fault. */
export class HostError extends Error {
  override name = 'HostError';
  readonly kind: WireError['kind'];
  constructor(error: WireError) {
    super(error.message);
    this.kind = error.kind;
  }
}

/** Calls a method of the host; resolves or rejects exactly once. */
export type CallHost = <Method extends keyof HostMethods>(method: Method, ...params: Parameters<HostMethods[Method]>) => Promise<Awaited<ReturnType<HostMethods[Method]>>>;

/** What the channel needs of `acquireVsCodeApi()`. */
export interface MessagePoster {
  postMessage(message: unknown): void;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Opens the channel; `onState` is called with each state that the host pushes. */
export function connectHost(poster: MessagePoster, onState: (state: PanelState) => void, source: EventTarget = window): CallHost {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  source.addEventListener('message', (event) => {
    const message = (event as MessageEvent<unknown>).data as WebviewReply | WebviewEvent | null;
    if (typeof message !== 'object' || message === null) return;
    if ('event' in message) {
      onState(message.state);
    } else if ('id' in message && 'ok' in message) {
      const call = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.ok) call?.resolve(message.result);
      else call?.reject(new HostError(message.error));
    }
  });

  return (method, ...params) => new Promise((resolve, reject) => {
    const request: WebviewRequest = { id: ++lastId, method, params: params[0] };
    waiting.set(request.id, { resolve, reject });
    poster.postMessage(request);
  });
}
