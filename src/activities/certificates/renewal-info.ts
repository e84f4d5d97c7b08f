import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'undici';
import * as v from 'valibot';
import type { CertificatesLook } from '../contract/certificates.ts';
import type { Setting } from '../setting.ts';
import { fingerprintOf } from './facts.ts';
import { leafOf } from './fitness.ts';

const timeoutMs = 3_000;
const directorySchema = v.object({ renewalInfo: v.optional(v.string()) });
const windowSchema = v.object({ suggestedWindow: v.object({ start: v.string(), end: v.string() }) });

type Suggested = CertificatesLook['suggested'][number];

/**
 * When the authority suggests to renew (ACME Renewal Information). Undefined where it does not say, or is not reached:
 * a certificate is renewed by its dates then.
 */
export async function suggestedWindow(
  { stack }: Pick<Setting, 'stack'>,
  certificatePem: string | undefined,
): Promise<Suggested | undefined> {
  const leaf = certificatePem === undefined ? undefined : leafOf(certificatePem);
  const id = leaf === undefined ? undefined : renewalId(leaf);
  if (leaf === undefined || id === undefined) return undefined;
  const { acmeServer, acmeCaFile } = stack.certificates;
  try {
    const ca = acmeCaFile === undefined ? undefined : await readFile(acmeCaFile, 'utf8');
    const agent = new Agent({ connect: { timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) } });
    try {
      const { renewalInfo } = v.parse(directorySchema, await getJson(agent, acmeServer));
      if (renewalInfo === undefined) return undefined;
      const { suggestedWindow: window } = v.parse(windowSchema, await getJson(agent, `${renewalInfo}/${id}`));
      return {
        fingerprint: fingerprintOf(leaf),
        start: new Date(window.start).toISOString(),
        end: new Date(window.end).toISOString(),
      };
    } finally {
      await agent.destroy();
    }
  } catch {
    return undefined;
  }
}

/** The certificate's name at the authority: its issuer's key and its serial, each in base64url. */
export function renewalId(certificate: X509Certificate): string | undefined {
  const issuerKey = authorityKeyId(certificate.raw);
  if (issuerKey === undefined) return undefined;
  const hex =
    certificate.serialNumber.length % 2 === 0 ? certificate.serialNumber : `0${certificate.serialNumber}`;
  const serial = Buffer.from(hex, 'hex');
  // In DER a number whose first bit is set has a zero before it.
  const der = (serial[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), serial]) : serial;
  return `${issuerKey.toString('base64url')}.${der.toString('base64url')}`;
}

/** The key identifier within the extension 2.5.29.35, which Node does not read. */
function authorityKeyId(der: Buffer): Buffer | undefined {
  const at = der.indexOf(Buffer.of(0x06, 0x03, 0x55, 0x1d, 0x23));
  if (at < 0) return undefined;
  // OCTET STRING, SEQUENCE, then [0] with the identifier; all shorter than 128 bytes in practice.
  const [octets, , sequence, , tag, length = 0] = der.subarray(at + 5, at + 11);
  if (octets !== 0x04 || sequence !== 0x30 || tag !== 0x80 || length > 0x7f) return undefined;
  return der.subarray(at + 11, at + 11 + length);
}

async function getJson(dispatcher: Agent, url: string): Promise<unknown> {
  const { statusCode, body } = await request(url, {
    dispatcher,
    headersTimeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${url} answered ${statusCode}`);
  return JSON.parse(text);
}
