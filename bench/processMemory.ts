import { existsSync, readFileSync } from 'node:fs';

/** Memory of a process in MB; not numbers where there is no `/proc` to read them from. */
export interface ProcessMemory {
  /** All that is in memory, with libraries that other processes have too. */
  resident: number;
  /** The same, each shared page divided by the number of processes that share it. */
  proportional: number;
}

export function processMemory(pid: number): ProcessMemory {
  const field = (file: string, name: string): number => {
    const path = `/proc/${pid}/${file}`;
    return existsSync(path) ? Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(path, 'utf8'))?.[1]) * 1024 / 1e6 : NaN;
  };
  return { resident: field('status', 'VmRSS'), proportional: field('smaps_rollup', 'Pss') };
}
