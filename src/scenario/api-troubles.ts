/**
 * What is wrong with the API server's answers now: several faults side by side. The first that refuses a request decides.
 */
import type { Request, Status } from '../cluster/apiserver/request.ts'
import type { ControlPlane } from './stage.ts'

/** Refuses requests, or lets them pass. */
export type Refusing = (actor: string, request: Request) => Status | undefined

/** The troubles of one API server. */
export class ApiTroubles {
  private readonly list: Refusing[] = []
  private readonly controlPlane: ControlPlane

  constructor(controlPlane: ControlPlane) {
    this.controlPlane = controlPlane
  }

  /** A trouble begins; returns how it ends. */
  begin(refusing: Refusing): () => void {
    this.list.push(refusing)
    this.controlPlane.apiTrouble = (actor, request) => {
      for (const one of this.list) {
        const status = one(actor, request)
        if (status !== undefined) return status
      }
      return undefined
    }
    return () => {
      this.list.splice(this.list.indexOf(refusing), 1)
      if (this.list.length === 0) this.controlPlane.apiTrouble = undefined
    }
  }
}
