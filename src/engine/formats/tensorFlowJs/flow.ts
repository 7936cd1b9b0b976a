export * from '../layers/flow.ts';
