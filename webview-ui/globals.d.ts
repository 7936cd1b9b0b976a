/**
 * `src/engine/job.ts`, whose types the protocol names, waits by Node's `setImmediate`. Only types are imported from there, but the
 * compiler reads the whole file, so the function is made known here. No page has it: nothing in this folder may call it.
 */
declare function setImmediate(task: () => void): unknown;
