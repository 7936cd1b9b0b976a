export * from '../layers/transpose.ts';
