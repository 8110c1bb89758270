import { describe, expect, it } from 'vitest'
import { templateHash } from '../../src/cluster/controllers/deployment/template-hash.ts'

const template = (image: string) => ({
  metadata: { labels: { app: 'api' } },
  spec: {
    containers: [
      {
        name: 'app',
        image,
        ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
        resources: { requests: { cpu: '500m', memory: '512Mi' } },
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        imagePullPolicy: 'IfNotPresent',
      },
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  },
})

describe('the hash of a pod template', () => {
  it('is the one that the real controller of 1.36 gave', () => {
    expect(templateHash(template('registry.k8s.io/nginx-slim:0.8'), undefined, 36)).toBe('7796b78fb4')
    expect(templateHash(template('registry.k8s.io/nginx-slim:0.9'), undefined, 36)).toBe('d5f6b8dd5')
  })

  it('differs between releases and after a collision', () => {
    const hashes = [33, 34, 35, 36, 37].map((minor) => templateHash(template('a'), undefined, minor))
    expect(new Set([...hashes, templateHash(template('a'), 1, 36)]).size).toBe(6)
  })
})
