import type { Configs } from './configs.ts';
import type { GateProblems } from './gateProblems.ts';
import type { ModelOptions } from './modelOptions.ts';
import type { ModelSessions } from './modelSessions.ts';
import type { ViewServices } from './modelView.ts';
import type { Panel } from './panel.ts';
import type { RunsView } from './runsView.ts';
import type { WorkerPlace } from './startWorker.ts';

/** What the commands work with. */
export interface CommandServices extends ViewServices {
  sessions: ModelSessions;
  panel: Panel;
  configs: Configs;
  options: ModelOptions;
  gates: GateProblems;
  runs: RunsView;
  place: WorkerPlace;
}
