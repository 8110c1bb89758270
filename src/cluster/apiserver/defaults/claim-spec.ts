/** Defaults of a claim, alone or as the template of one. Source: SetDefaults_PersistentVolumeClaim(Spec). */
import { resourceDefaults } from './resources.ts'
import { type Fields, inField, withAbsent } from './share.ts'

/** Defaults of a claim's spec. */
export const claimSpecDefaults = (spec: Fields): Fields =>
  inField(withAbsent(spec, { resources: {}, volumeMode: 'Filesystem' }), 'resources', resourceDefaults)

/** Defaults of a claim; in a StatefulSet's template with kind and apiVersion, as they are stored there. */
export const claimDefaults = (claim: Fields): Fields =>
  inField(inField(withAbsent(claim, { metadata: {}, spec: {}, status: {} }), 'spec', claimSpecDefaults), 'status', (status) =>
    withAbsent(status, { phase: 'Pending' }),
  )
