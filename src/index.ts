/** What programs may import: see README.md, "Programs". Nothing here touches a file. */
export type { Action, Decision, FailingRule, NextOptions, SchedulerDetail } from './cluster/next.ts'
export { next } from './next.ts'
export type { Recording } from './observe/recording.ts'
export { type ReadOptions, readManifests, readScenario, type ScenarioReading } from './scenario/read.ts'
export type { Scenario } from './scenario/scenario.ts'
export { type SimulateOptions, Simulation, simulate, start } from './simulate.ts'
export { type Mistake, printMistake } from './text/mistake.ts'
