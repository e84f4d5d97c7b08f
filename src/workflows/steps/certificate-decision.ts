import type { CertificateFacts, CertificatesLook, PairLook } from '../../activities/contract/certificates.ts';
import { clockTime, spokenDuration } from './clock.ts';

/** What one pair needs, and why. */
export interface PairWork {
  kind: 'nothing' | 'reload' | 'install' | 'order';
  pair: PairLook;
  why: string;
}

export interface Rules {
  hostnames: readonly string[];
  /** A certificate is due once less than this share of its lifetime is left. */
  renewAtLifetimeLeft: number;
  force: boolean;
  nowMs: number;
}

/** What each pair needs: nothing, a reload, what certbot has already, or an order. */
export function decide(look: CertificatesLook, rules: Rules): PairWork[] {
  return look.pairs.map((pair) => decidePair(pair, look.suggested, rules));
}

function decidePair(pair: PairLook, suggested: CertificatesLook['suggested'], rules: Rules): PairWork {
  const due = dueBecause(pair, suggested, rules);
  if (due === undefined) {
    const stale = servedInstead(pair);
    return stale === undefined
      ? { kind: 'nothing', pair, why: notDue(pair, rules) }
      : { kind: 'reload', pair, why: stale };
  }
  if (!rules.force && isFresh(pair.obtained, pair, rules)) {
    return { kind: 'install', pair, why: `${due}, and certbot has a new one already` };
  }
  return { kind: 'order', pair, why: due };
}

/** Why a new certificate is needed; undefined when none is. */
function dueBecause(
  { onDisk, diskProblem }: PairLook,
  suggested: CertificatesLook['suggested'],
  rules: Rules,
): string | undefined {
  if (rules.force) return 'told to renew it though it is not due';
  if (diskProblem !== '' || onDisk === undefined)
    return `what nginx would read cannot be served: ${diskProblem || 'there is none'}`;
  const missing = rules.hostnames.filter((hostname) => !isNamed(onDisk.names, hostname));
  if (missing.length > 0) return `it is not good for ${missing.join(', ')}`;
  if (Date.parse(onDisk.validTo) <= rules.nowMs) return 'it has ended';
  if (!hasEnoughLeft(onDisk, rules))
    return `${spokenDays(leftMs(onDisk, rules.nowMs))} of ${spokenDays(lifetimeMs(onDisk))} are left`;
  const window = suggested.find(({ fingerprint }) => fingerprint === onDisk.fingerprint);
  if (window !== undefined && Date.parse(window.start) <= rules.nowMs)
    return `the authority suggests to renew it from ${clockTime(Date.parse(window.start))} on`;
  return undefined;
}

/** What customers get differs from what nginx would read: a reload was forgotten, or failed. */
export function servedInstead({ onDisk, served }: PairLook): string | undefined {
  const other = served.filter(
    ({ certificate }) => certificate !== undefined && certificate.fingerprint !== onDisk?.fingerprint,
  );
  if (other.length === 0) return undefined;
  const names = other.map(({ hostname }) => hostname).join(', ');
  return `${names} still gets another certificate than the one on the disk: nginx was not reloaded`;
}

/** Whether what certbot has is worth installing: it is not due itself, and ends later. */
function isFresh(
  obtained: CertificateFacts | undefined,
  { onDisk, diskProblem }: PairLook,
  rules: Rules,
): boolean {
  if (obtained === undefined || !hasEnoughLeft(obtained, rules)) return false;
  if (diskProblem !== '' || onDisk === undefined) return true;
  return obtained.fingerprint !== onDisk.fingerprint && obtained.validTo >= onDisk.validTo;
}

function hasEnoughLeft(certificate: CertificateFacts, { renewAtLifetimeLeft, nowMs }: Rules): boolean {
  return leftMs(certificate, nowMs) > renewAtLifetimeLeft * lifetimeMs(certificate);
}

export function leftMs({ validTo }: CertificateFacts, nowMs: number): number {
  return Date.parse(validTo) - nowMs;
}

export function lifetimeMs({ validFrom, validTo }: CertificateFacts): number {
  return Date.parse(validTo) - Date.parse(validFrom);
}

/** When it will be due by its dates. */
export function dueAtMs(certificate: CertificateFacts, renewAtLifetimeLeft: number): number {
  return Date.parse(certificate.validTo) - renewAtLifetimeLeft * lifetimeMs(certificate);
}

function notDue({ onDisk }: PairLook, { renewAtLifetimeLeft, nowMs }: Rules): string {
  if (onDisk === undefined) return '';
  return `${spokenDays(leftMs(onDisk, nowMs))} are left; due from ${clockTime(dueAtMs(onDisk, renewAtLifetimeLeft))} on`;
}

/** A name of a certificate covers itself; a wildcard covers one label. */
function isNamed(names: readonly string[], hostname: string): boolean {
  const parent = hostname.slice(hostname.indexOf('.') + 1);
  return names.some((name) => name.toLowerCase() === hostname || name.toLowerCase() === `*.${parent}`);
}

/** `41 days`, `30 h`. */
export function spokenDays(durationMs: number): string {
  const days = durationMs / 86_400_000;
  if (days >= 2) return `${Math.floor(days)} days`;
  return durationMs <= 0 ? 'none' : spokenDuration(durationMs);
}
