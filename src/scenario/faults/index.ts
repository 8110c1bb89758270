/** All faults, in the order of contract 5. */
import type { FaultDefinition } from '../fault.ts'
import { apiError } from './api-error.ts'
import { apiOutage } from './api-outage.ts'
import { apiSlow } from './api-slow.ts'
import { attachFail } from './attach-fail.ts'
import { containerCrash } from './container-crash.ts'
import { containerHang } from './container-hang.ts'
import { crash } from './crash.ts'
import { detachFail } from './detach-fail.ts'
import { diskPressure } from './disk-pressure.ts'
import { dnsOutage } from './dns-outage.ts'
import { ignoreSigterm } from './ignore-sigterm.ts'
import { imageMissing } from './image-missing.ts'
import { instanceStop } from './instance-stop.ts'
import { instanceTerminate } from './instance-terminate.ts'
import { kubeletStop } from './kubelet-stop.ts'
import { leaderLoss } from './leader-loss.ts'
import { memoryPressure } from './memory-pressure.ts'
import { mountFail } from './mount-fail.ts'
import { nodeFreeze } from './node-freeze.ts'
import { nodePartition } from './node-partition.ts'
import { nodePowerLoss } from './node-power-loss.ts'
import { nodeReboot } from './node-reboot.ts'
import { nodeShutdown } from './node-shutdown.ts'
import { oomKill } from './oom-kill.ts'
import { pause } from './pause.ts'
import { pidPressure } from './pid-pressure.ts'
import { probeError } from './probe-error.ts'
import { probeFail } from './probe-fail.ts'
import { provisionFail } from './provision-fail.ts'
import { provisionerOutage } from './provisioner-outage.ts'
import { registryOutage } from './registry-outage.ts'
import { registrySlow } from './registry-slow.ts'
import { runtimeDown } from './runtime-down.ts'
import { sandboxFail } from './sandbox-fail.ts'
import { slowStart } from './slow-start.ts'
import { spotReclaim } from './spot-reclaim.ts'
import { storageSlow } from './storage-slow.ts'
import { unmountFail } from './unmount-fail.ts'
import { watchBreak } from './watch-break.ts'
import { watchLag } from './watch-lag.ts'

/** All faults that a scenario may name. */
export const faults: readonly FaultDefinition[] = [
  nodePowerLoss,
  nodeReboot,
  nodeFreeze,
  nodePartition,
  kubeletStop,
  runtimeDown,
  sandboxFail,
  nodeShutdown,
  spotReclaim,
  instanceTerminate,
  instanceStop,
  diskPressure,
  memoryPressure,
  pidPressure,
  containerCrash,
  oomKill,
  containerHang,
  probeFail,
  probeError,
  slowStart,
  ignoreSigterm,
  registryOutage,
  registrySlow,
  imageMissing,
  provisionerOutage,
  provisionFail,
  attachFail,
  detachFail,
  mountFail,
  unmountFail,
  storageSlow,
  crash,
  pause,
  watchLag,
  watchBreak,
  leaderLoss,
  apiOutage,
  apiSlow,
  apiError,
  dnsOutage,
]

/** A fault by its name. */
export const faultNamed = (name: string): FaultDefinition | undefined => faults.find((fault) => fault.name === name)
