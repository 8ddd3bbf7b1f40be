// The verdicts of @cloud-copilot/iam-simulate: a case a line in, a verdict a line out.
//
// Its engine is called rather than its front, which knows no session policies and refuses requests
// by tables of actions and keys that are not the matter here. Named by IAM_SIMULATE, the folder of
// the installed package.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { createRequire } from 'node:module'

const home = process.env.IAM_SIMULATE
const load = (path) => import(pathToFileURL(`${home}/dist/esm/${path}`))
const { authorize } = await load('core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load('request/request.js')
const { RequestContextImpl } = await load('requestContext.js')
const { DiscoveryContextKeyConstraints } = await load('context_keys/discoveryContextKeyConstraints.js')
const { loadPolicy } = createRequire(`${home}/dist/esm/index.js`)('@cloud-copilot/iam-policy')

const named = (policies, kind) => policies.map((policy, i) => loadPolicy(policy, { name: `${kind} ${i}` }))
const levels = (of, kind) =>
  (of ?? []).map((level) => ({ orgIdentifier: level.orgIdentifier, policies: named(level.policies, kind) }))

function verdict(question) {
  const { request } = question
  const principal = request.principal === '*' ? { type: 'Anonymous' } : request.principal
  return authorize({
    request: new AwsRequestImpl(principal, request.resource, request.action, new RequestContextImpl(request.context)),
    sessionPolicy: question.sessionPolicy ? loadPolicy(question.sessionPolicy, { name: 'session' }) : undefined,
    identityPolicies: named(question.identityPolicies ?? [], 'identity'),
    serviceControlPolicies: levels(question.serviceControlPolicies, 'scp'),
    resourceControlPolicies: levels(question.resourceControlPolicies, 'rcp'),
    resourcePolicy: question.resourcePolicy ? loadPolicy(question.resourcePolicy, { name: 'resource' }) : undefined,
    permissionBoundaries: question.permissionBoundaries
      ? named(question.permissionBoundaries, 'boundary')
      : undefined,
    vpcEndpointPolicies: undefined,
    simulationParameters: {
      simulationMode: 'Strict',
      discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([])
    },
    serviceSettings: {}
  }).result
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(verdict(JSON.parse(line)))
  } catch (error) {
    console.log(`error: ${String(error).replaceAll('\n', ' ')}`)
  }
}
