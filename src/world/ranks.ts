/**
 * Who goes first when several things happen in one instant. What an event plans for the same instant keeps its rank.
 * Source: cases/README.md 4.
 */

/** Ranks of processes, for `engine.process(name, rank)`. */
export const ranks = {
  faults: 0,
  steps: 1,
  /** What ends at machines and back-ends: processes, pulls, mounts, attaches. */
  machines: 2,
  kubelets: 3,
  nodeMonitor: 4,
  cloudNodeMonitor: 5,
  noExecute: 6,
  attachDetach: 7,
  podGarbage: 8,
  volumeResync: 9,
  scheduler: 10,
  observers: 15,
} as const
