import { CancelledError, UserError } from './engine/job.ts';
import type { WireError } from './protocol.ts';

/** Any thrown value in the form in which errors cross a boundary. */
export function toWireError(error: unknown): WireError {
  if (error instanceof CancelledError) return { message: error.message, kind: 'cancelled' };
  if (error instanceof UserError) return { message: error.message, kind: 'user' };
  if (error instanceof Error) return { message: error.message, kind: 'fault', stack: error.stack };
  return { message: String(error), kind: 'fault' };
}

/** The error that `toWireError` took apart, of its own class again. */
export function fromWireError(wire: WireError): Error {
  if (wire.kind === 'cancelled') return new CancelledError();
  if (wire.kind === 'user') return new UserError(wire.message);
  const error = new Error(wire.message);
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
