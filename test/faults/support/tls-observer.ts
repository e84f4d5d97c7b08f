import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Sandbox } from '../../../scripts/sandbox/sandbox.ts';
import { handshake } from '../../../scripts/sandbox/handshake.ts';
import { onDisk, type OnDisk } from '../../e2e/support/certificate-ground.ts';

const intervalMs = 25;

export interface TlsReport {
  handshakes: number;
  /** Fingerprints in the order in which customers began to get them. */
  served: string[];
  /** The same of what nginx would read. */
  onDisk: string[];
  /** What should never be: a handshake that failed, a certificate with another one's key. */
  wrong: string[];
  longestGapMs: number;
}

export interface TlsObserver {
  stop(): Promise<TlsReport>;
}

/** Somebody who connects all the time, checks the certificate, and looks at the files beside it. */
export function observeTls(sandbox: Sandbox): TlsObserver {
  const report: TlsReport = { handshakes: 0, served: [], onDisk: [], wrong: [], longestGapMs: 0 };
  const until = { ended: false };
  const connecting = async (): Promise<void> => {
    let lastMs = Date.now();
    while (!until.ended) {
      const seen = await handshake(sandbox);
      report.handshakes += 1;
      if ('refused' in seen) {
        report.wrong.push(`handshake: ${seen.refused}`);
      } else {
        report.longestGapMs = Math.max(report.longestGapMs, Date.now() - lastMs);
        lastMs = Date.now();
        if (report.served.at(-1) !== seen.fingerprint) report.served.push(seen.fingerprint);
      }
      await pause(intervalMs);
    }
  };
  const looking = async (): Promise<void> => {
    while (!until.ended) {
      const { fingerprint, isPair } = await atOneMoment(sandbox);
      if (!isPair) report.wrong.push(`${fingerprint} lies beside another one's key`);
      if (report.onDisk.at(-1) !== fingerprint) report.onDisk.push(fingerprint);
      await pause(intervalMs);
    }
  };
  const done = Promise.all([connecting(), looking()]);
  return {
    async stop() {
      until.ended = true;
      await done;
      return report;
    },
  };
}

/** Two files cannot be read at once: a look during which the switch moved says nothing, and is made again. */
async function atOneMoment(sandbox: Sandbox): Promise<OnDisk> {
  const current = async (): Promise<string | undefined> =>
    readlink(join(sandbox.folders.ssl, 'cert.pem.current')).catch(() => undefined);
  for (;;) {
    const before = await current();
    const seen = await onDisk(sandbox);
    if ((await current()) === before) return seen;
  }
}
