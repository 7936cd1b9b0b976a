import { compareView } from './compare.ts';
import { distancesView } from './distances.ts';
import { galleryView } from './gallery.ts';
import { overviewView } from './overview.ts';
import { sequenceView } from './sequence.ts';
import { sweepView } from './sweep.ts';
import { trainingView } from './training.ts';
import type { View } from './view.ts';

/** Every view, in the order of a reader's questions, which is that of the tabs. */
export const views: readonly View[] = [overviewView, galleryView, distancesView, compareView, sweepView, trainingView, sequenceView];
