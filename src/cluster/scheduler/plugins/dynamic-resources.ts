/**
 * Resource claims of pods are not modelled; what is left is what this plugin says before preemption about every pod without claims.
 * Source: scheduler.md 8.3. On by default from 1.34 (gate DynamicResourceAllocation).
 *
 * Differs from Kubernetes: pods with spec.resourceClaims are placed as if they had none.
 */
import type { Plugin } from '../plugin.ts'

export const dynamicResources: Plugin<never, never> = {
  name: 'DynamicResources',
  weight: 2,
  postFilter: ({ diagnosis }) =>
    diagnosis.preFilter === undefined
      ? { kind: 'nothing', message: 'no new claims to deallocate', clears: false }
      : // Its state was never written, because an earlier plugin ended PreFilter.
        { kind: 'error', message: 'not found' },
}
