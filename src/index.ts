/** What programs may import: see README.md, "Programs". */
export { type Action, type Decision, type FailingRule, type NextOptions, next, type SchedulerDetail } from './cluster/next.ts'
