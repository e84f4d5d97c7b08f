import type { CertificatesActivities } from '../contract/certificates.ts';
import { engineCall, unlessGone } from '../docker/engine.ts';
import { removeJob } from '../docker/job-container.ts';
import { findServiceContainers } from '../docker/service-containers.ts';
import { reportProgress } from '../progress.ts';
import type { Setting } from '../setting.ts';
import { obtainStep } from './certbot-job.ts';
import { checkClients, reloadForCertificates } from './clients.ts';
import { checkGround } from './ground.ts';
import { checkPair, installPair, putBackPair, sweepPairs } from './install.ts';
import { lookAtCertificates } from './look.ts';
import { obtainCertificate } from './obtain.ts';
import { configuredPair } from './place.ts';
import { sweepTokens, tryChallenge } from './webroot.ts';

/** The activities on the served certificates. */
export function createCertificatesActivities(setting: Setting): CertificatesActivities {
  const graceSeconds = Math.ceil(setting.stack.compose.services.proxy.stopGraceMs / 1000);
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

    async stopProxy() {
      const stopped: string[] = [];
      for (const { id, name } of await findServiceContainers(setting, 'proxy')) {
        reportProgress(`Stopping ${name}`);
        await engineCall(`Stopping ${name}`, () =>
          unlessGone(() => setting.docker.getContainer(id).stop({ t: graceSeconds })),
        );
        stopped.push(name);
      }
      return { stopped };
    },

    async startProxy() {
      const started: string[] = [];
      for (const { id, name } of await findServiceContainers(setting, 'proxy')) {
        reportProgress(`Starting ${name}`);
        await engineCall(`Starting ${name}`, () => unlessGone(() => setting.docker.getContainer(id).start()));
        started.push(name);
      }
      return { started };
    },

    async sweepCertificates() {
      const swept = [sweepTokens, sweepPairs].map((sweep) => sweep(setting).catch(() => []));
      return { removed: (await Promise.all(swept)).flat() };
    },
  };
}
