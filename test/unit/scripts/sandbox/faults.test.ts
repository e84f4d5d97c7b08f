import { expect, it } from 'vitest';
import { parseFault } from '../../../../scripts/sandbox/faults.ts';

it.each([
  ['errorRate=0.2', { errorRate: 0.2 }],
  ['slowStage=llm_processing:800', { slowStage: { stage: 'llm_processing', ms: 800 } }],
  ['erringTenant=firm-birch', { erringTenant: 'firm-birch' }],
  ['clio=token-expired', { clio: 'token-expired' }],
  ['heldConnections=90', { heldConnections: 90 }],
  ['hang', { hang: true }],
  ['crash=true', { crash: true }],
])('%s is understood', (text, fault) => {
  expect(parseFault(text)).toEqual(fault);
});

it.each([
  'errorRate=2',
  'errorRate=',
  'errorRate=many',
  'slowStage=thinking:5',
  'slowStage=llm_processing',
  'clio=up',
  'fire',
])('%s is refused with its name', (text) => {
  expect(() => parseFault(text)).toThrow(text);
});
