import type { CertificatesActivities } from '../contract/certificates.ts';
import { removeJob } from '../docker/job-container.ts';
import { startRole, stopRole } from '../docker/stop-start.ts';
import { currentOwner } from '../owner.ts';
import type { Setting } from '../setting.ts';
import { obtainStep } from './certbot-job.ts';
import { checkClients, reloadForCertificates } from './clients.ts';
import { checkGround } from './ground.ts';
import { checkPair, installPair, putBackPair, sweepPairs } from './install.ts';
import { lookAtCertificates } from './look.ts';
import { obtainCertificate } from './obtain.ts';
import { configuredPair } from './place.ts';
import { obtainWithoutProxy } from './standalone.ts';
import { startStoppedProxy } from './stopped-proxy.ts';
import { sweepTokens, tryChallenge } from './webroot.ts';

/** The activities on the served certificates. */
export function createCertificatesActivities(setting: Setting): CertificatesActivities {
  return {
    lookAtCertificates: () => lookAtCertificates(setting),
    checkGround: (request) => checkGround(setting, request),
    tryChallenge: () => tryChallenge(setting),
    obtainCertificate: (request) => obtainCertificate(setting, request),
    stopObtaining: ({ certificateFile }) =>
      removeJob(setting, obtainStep(configuredPair(setting, certificateFile))),
    checkPair: (request) => checkPair(setting, request),
    installPair: (request) => installPair(setting, request),
    putBackPair: (request) => putBackPair(setting, request),
    reloadForCertificates: ({ expected }) => reloadForCertificates(setting, expected),
    checkClients: (question) => checkClients(setting, question),

    obtainWithoutProxy: (request) => obtainWithoutProxy(setting, request),
    bringProxyBack: async () => ({
      started: await startStoppedProxy(setting, currentOwner(setting.stack.stack).runId),
    }),
    stopProxy: async () => ({ stopped: await stopRole(setting, 'proxy') }),
    startProxy: async () => ({ started: await startRole(setting, 'proxy') }),

    async sweepCertificates() {
      const started = (await startStoppedProxy(setting)).map((name) => `the stop of ${name} (started again)`);
      const swept = [sweepTokens, sweepPairs].map((sweep) => sweep(setting).catch(() => []));
      return { removed: [...started, ...(await Promise.all(swept)).flat()] };
    },
  };
}
