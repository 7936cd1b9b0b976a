/** Which pictures look alike to the eye but not to the model, along a sequence? */
import { html } from 'lit';
import { sequenceIcon } from '../icons.ts';
import { isWhole, message } from '../messages.ts';
import '../sequence/sequenceRun.ts';
import type { SequenceState } from '../sequence/sequenceRun.ts';
import { strings } from '../strings.ts';
import type { View } from './view.ts';

export const sequenceView: View = {
  name: 'sequence',
  title: strings.views.sequence,
  icon: sequenceIcon,
  isAvailable: ({ result }) => result?.kind === 'sequence',
  fills: false,
  styles: [],
  render({ state, kept, keep, ask, call }) {
    const { result, run } = state;
    if (result?.kind !== 'sequence' || !isWhole(result) || run === null) return message(state, call);
    return html`<model-stability-sequence .host=${ask} .run=${run} .result=${result} .view=${kept.sequence}
      @sequence-state=${(event: CustomEvent<SequenceState>) => keep({ sequence: event.detail })}></model-stability-sequence>`;
  },
};
