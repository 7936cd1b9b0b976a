import type { Job } from '../engine/job.ts';
import type { Progress } from '../engine/results.ts';

/** A job whose progress is drawn on stderr, if that is a terminal or was asked for, and that Ctrl+C cancels. */
export function terminalJob(showProgress: boolean): { job: Job; end(): void } {
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  // Once: a second Ctrl+C ends the program at once, whatever it does.
  process.once('SIGINT', cancel);
  process.once('SIGTERM', cancel);
  const terminal = process.stderr.isTTY;
  let drawn = 0;
  let step = '';
  const job: Job = {
    signal: abort.signal,
    progress: (progress) => {
      if (!showProgress) return;
      const now = performance.now();
      const last = progress.total > 0 && progress.done >= progress.total;
      if (progress.step === step && !last && now - drawn < (terminal ? 100 : 2000)) return;
      if (terminal && progress.step !== step && step !== '') process.stderr.write('\n');
      drawn = now;
      step = progress.step;
      process.stderr.write(terminal ? `\r\x1b[2K${line(progress, process.stderr.columns)}` : `${line(progress, 100)}\n`);
    },
    log: (text) => {
      if (showProgress) process.stderr.write(terminal && step !== '' ? `\r\x1b[2K${text}\n` : `${text}\n`);
    },
  };
  return {
    job,
    end: () => {
      process.off('SIGINT', cancel);
      process.off('SIGTERM', cancel);
      if (showProgress && terminal && step !== '') process.stderr.write('\n');
    },
  };
}

/** `evaluating ━━━━━━──── 312/720 pictures  84.1/s  5 s left`, not longer than `columns`. */
export function line(progress: Progress, columns: number): string {
  const { step, done, total, unit, perSecond, secondsLeft } = progress;
  const counts = total > 0 ? `${done}/${total} ${unit}` : '';
  const speed = perSecond === undefined ? '' : `  ${perSecond.toPrecision(3)}/s`;
  const left = secondsLeft === undefined ? '' : `  ${duration(secondsLeft)} left`;
  const width = Math.min(24, columns - step.length - counts.length - speed.length - left.length - 4);
  const filled = total > 0 ? Math.round((width * done) / total) : 0;
  const bar = total > 0 && width >= 6 ? `${'━'.repeat(filled)}${'─'.repeat(width - filled)} ` : '';
  return `${step} ${bar}${counts}${speed}${left}`.slice(0, Math.max(20, columns - 1));
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.ceil(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`;
}
