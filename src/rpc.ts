import { ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import type { WireError } from './protocol.ts';
import { fromWireError, toWireError } from './wireError.ts';

/** A thrown value as an answer to a JSON-RPC call. */
export function toResponseError(error: unknown): ResponseError<WireError> {
  const wire = toWireError(error);
  return new ResponseError(ErrorCodes.InternalError, wire.message, wire);
}

/** What a JSON-RPC call was rejected with; an answer that carries no `WireError` is a fault of the connection. */
export function fromResponseError(error: unknown): Error {
  if (error instanceof ResponseError) {
    const wire = error.data as WireError | undefined;
    if (wire) return fromWireError(wire);
  }
  return error instanceof Error ? error : new Error(String(error));
}
