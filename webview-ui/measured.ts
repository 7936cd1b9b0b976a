/** What a result may lack: a model without classes has no labels, so that nothing is known of their change. */

/** Label instability, or its change; null for a model without classes. */
export const labelInstability = <Measure>(result: { labelInstability?: Measure | null }): Measure | null => result.labelInstability ?? null;
